"""Delivery: whole or not at all, honest about every mark, private by default."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from tests.marking.conftest import PROMPT_TOKEN, claims, encode_again, film, issue, write_private
from tests.marking.test_manifest import check_rubric, crjson
from tests.marking.watermark.test_still import dense_still
from wan_sdk.errors import MediaError, SignerError, StorageError
from wan_sdk.marking import deliver as delivery
from wan_sdk.marking import signer, watermark
from wan_sdk.marking.credentials import read
from wan_sdk.marking.deliver import Delivered, deliver
from wan_sdk.marking.label import draw_label
from wan_sdk.marking.ledger import Ledger
from wan_sdk.marking.manifest import MADE_BY_MODEL, PARTLY_MADE_BY_MODEL, Ingredient, prompt_commitment
from wan_sdk.marking.signer import signatory_from_files
from wan_sdk.marking.verify import verify
from wan_sdk.media.encode import encode_mp4, write_png
from wan_sdk.media.frames import Frames
from wan_sdk.media.probe import probe
from wan_sdk.media.read import read_video
from wan_sdk.spec.marking import Marking


def small(seed: int = 5) -> Frames:
    """Few frames for tests in which the watermark is off."""
    return film(seed, count=5, width=96, height=64)


SIGNED_ONLY = Marking(watermark=None)


def test_a_delivered_clip_is_trusted_marked_and_recorded(delivered: Delivered, home: Path) -> None:
    verdict = verify(delivered.path, home=home)
    assert verdict.state == "TRUSTED"
    assert verdict.layers["watermark"]["verdict"] == "CONFIRMED"
    assert verdict.layers["watermark"]["payload"] == delivered.payload
    assert verdict.layers["ledger"] == {"found": True, "route": "file", "content_id": delivered.content_id}
    record = Ledger(home).get(delivered.content_id)
    assert (record.sha256, record.payload) == (delivered.sha256, delivered.payload)


def test_it_plays_as_it_was_made(delivered: Delivered) -> None:
    info = probe(delivered.path)
    assert (info.codec, info.width, info.height, info.frames, info.fps) == ("h264", 448, 256, 17, 12)
    seen = read_video(delivered.path).pixels.astype(int)
    assert np.abs(seen - film(1).pixels.astype(int)).mean() < 8


def test_the_hash_of_the_clean_frames_does_not_depend_on_marks(
    delivered: Delivered, tmp_path: Path, home: Path
) -> None:
    again = deliver(film(1), tmp_path / "a.mp4", marking=SIGNED_ONLY, claims=claims(), home=home)
    assert again.frames_sha256 == delivered.frames_sha256
    assert again.content_id != delivered.content_id


def test_stages_are_told_in_order_and_measured(tmp_path: Path, home: Path) -> None:
    heard: list[tuple[str, str, float]] = []
    done = deliver(
        film(2),
        tmp_path / "a.mp4",
        marking=Marking(),
        claims=claims(),
        home=home,
        listen=lambda stage, phase, seconds=0.0: heard.append((stage, phase, seconds)),
    )
    told = [(stage, phase) for stage, phase, _ in heard]
    assert told == [(s, p) for s in ("mark", "encode", "mark", "sign") for p in ("started", "done")]
    assert set(done.seconds) == {"mark", "encode", "sign"}
    assert all(seconds > 0 for _, phase, seconds in heard if phase == "done")


def test_a_delivered_picture_is_marked_as_one_that_stands_still(tmp_path: Path, home: Path) -> None:
    picture = dense_still(frames=1)
    done = deliver(Frames(picture, 12), tmp_path / "a.mp4", marking=Marking(c2pa=False), claims=claims(), home=home)
    alone = watermark.embed(picture[0], int(done.payload, 16))
    assert done.watermark.psnr_db == pytest.approx(alone.psnr_db, abs=1e-6)
    chunk = watermark.Embedder(int(done.payload, 16), (480, 288))
    chunk.mark(picture)
    assert done.watermark.psnr_db > chunk.psnr_db + 0.2


# -- marks that cannot be made, or are not wanted ---------------------------------------------------


def test_a_weak_mark_is_made_stronger_once(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = watermark.detect
    answers = iter([False, True])
    monkeypatch.setattr(
        watermark,
        "detect",
        lambda *a, **k: found(*a, **k) if next(answers) else found(np.zeros((1, 64, 64, 3), np.uint8)),
    )
    done = deliver(film(3), tmp_path / "a.mp4", marking=Marking(), claims=claims(), home=home)
    assert (done.watermark.attempts, done.watermark_claimed) == (2, True)
    assert delivery.FIRST_STRENGTH < done.watermark.strength <= watermark.STRENGTHS["robust"]
    assert done.watermark.psnr_db >= 42
    assert done.warnings == ()


def test_a_mark_that_cannot_be_read_back_is_not_claimed(tmp_path: Path, home: Path, monkeypatch) -> None:
    monkeypatch.setattr(delivery, "FIRST_STRENGTH", 0.01)
    done = deliver(film(3), tmp_path / "a.mp4", marking=Marking(), claims=claims(), home=home)
    assert (done.payload, done.watermark_claimed, done.watermark.read_back) == (None, False, False)
    assert "claims none" in done.warnings[0]
    told = read(done.path, home=home)
    assert (told.state, told.soft_bindings) == ("TRUSTED", ())
    assert Ledger(home).get(done.content_id).payload is None


def test_a_blank_clip_is_signed_without_a_claim(tmp_path: Path, home: Path) -> None:
    blank = Frames(np.zeros((5, 256, 256, 3), np.uint8), 12)
    done = deliver(blank, tmp_path / "a.mp4", marking=Marking(), claims=claims(), home=home)
    assert verify(done.path, home=home).state == "TRUSTED"
    assert done.watermark_claimed == (done.payload is not None)


def test_a_watermark_alone_leaves_no_credentials(tmp_path: Path, home: Path) -> None:
    done = deliver(film(4), tmp_path / "a.mp4", marking=Marking(c2pa=False), claims=claims(), home=home)
    assert (done.signed, done.watermark_claimed) == (False, True)
    assert done.payload
    verdict = verify(done.path, home=home)
    assert (verdict.state, verdict.layers["watermark"]["verdict"]) == ("MARK_ONLY", "CONFIRMED")
    assert any("without credentials, on purpose" in reason for reason in verdict.reasons)


def test_leaving_every_mark_off_is_written_into_the_ledger(tmp_path: Path, home: Path) -> None:
    bare = Marking(c2pa=False, watermark=None, unsafe_unmarked=True)
    done = deliver(small(), tmp_path / "a.mp4", marking=bare, claims=claims(), home=home)
    assert (done.signed, done.watermark, done.unsafe_unmarked) == (False, None, True)
    event = Ledger(home).events()[-1]
    assert (event["kind"], event["content_id"]) == ("delivered unmarked on purpose", done.content_id)
    verdict = verify(done.path, effort="fast", home=home)
    assert verdict.state == "NONE"
    assert any("on purpose" in reason for reason in verdict.reasons)


def test_a_label_that_is_always_wanted_is_drawn_over_the_mark_and_claimed(tmp_path: Path, home: Path) -> None:
    done = deliver(film(10), tmp_path / "a.mp4", marking=Marking(label="always"), claims=claims(), home=home)
    changed = np.abs(read_video(done.path).pixels.astype(int) - film(10).pixels.astype(int)).mean(axis=(0, 3)) > 40
    rows, columns = np.nonzero(changed)
    assert rows.size
    assert rows.max() < 256 / 4
    assert columns.min() > (448 - 256) / 2 and columns.max() < (448 + 256) / 2, "within the central square"
    verdict = verify(done.path, home=home)
    assert (verdict.state, verdict.layers["watermark"]["verdict"]) == ("TRUSTED", "CONFIRMED")
    assert verdict.layers["label"] == {"claimed": True}
    assert read(done.path, home=home).source_types == (MADE_BY_MODEL,)
    check_rubric(crjson(done.path, home))


@pytest.mark.parametrize("background", [0, 90, 128, 255])
@pytest.mark.parametrize("size", [(288, 480), (480, 288), (256, 256), (720, 1280)])
def test_the_label_is_large_enough_and_stands_out_on_any_background(size: tuple[int, int], background: int) -> None:
    clean = np.full((1, *size, 3), background, np.uint8)
    labelled = draw_label(clean)
    assert (clean == background).all()
    letters = labelled[0, :, :, 0] > 250
    plate = (labelled[0, :, :, 0] < 80) & ~letters
    rows = np.nonzero((letters & (background < 250) | letters & np.roll(plate, 1, 1)).any(axis=1))[0]
    assert rows.max() - rows.min() + 1 >= 0.045 * min(size)
    luminance = [((value / 255 + 0.055) / 1.055) ** 2.4 for value in (255, labelled[0][plate].max())]
    assert (luminance[0] + 0.05) / (luminance[1] + 0.05) >= 4.5


# -- privacy ----------------------------------------------------------------------------------------


def test_the_prompt_is_nowhere_unless_it_is_wanted(delivered: Delivered, home: Path, capfd) -> None:
    verdict = verify(delivered.path, home=home)
    places = [delivered.path, *(path for path in home.rglob("*") if path.is_file())]
    for word in (PROMPT_TOKEN, "red ball"):
        for path in places:
            assert word.encode() not in path.read_bytes(), path
        assert word not in f"{verdict} {json.dumps(verdict.to_dict())} {delivered!r} {claims()!r} {delivered.path}"
    assert capfd.readouterr() == ("", "")


def test_the_prompt_can_be_proved_later_with_the_salt_of_the_record(delivered: Delivered, home: Path) -> None:
    salt = Ledger(home).get(delivered.content_id).prompt_salt
    committed = read(delivered.path, home=home).generation["promptCommitment"]["value"]
    assert committed == prompt_commitment(claims().prompt, salt)


def test_a_prompt_that_is_wanted_is_in_the_file_and_still_not_in_the_ledger(tmp_path: Path, home: Path) -> None:
    told = Marking(watermark=None, prompt="include")
    done = deliver(small(), tmp_path / "a.mp4", marking=told, claims=claims(), home=tmp_path / "home")
    assert PROMPT_TOKEN.encode() in done.path.read_bytes()
    with sqlite3.connect(tmp_path / "home" / "ledger.sqlite") as db:
        rows = db.execute("SELECT * FROM events").fetchall()
    db.close()
    assert PROMPT_TOKEN not in repr(rows)


# -- ingredients ------------------------------------------------------------------------------------


def test_a_cut_carries_its_takes_with_their_credentials(delivered: Delivered, tmp_path: Path, home: Path) -> None:
    other = deliver(film(6), tmp_path / "b.mp4", marking=SIGNED_ONLY, claims=claims(), home=home)
    takes = tuple(Ingredient(take.path, "video/mp4", "componentOf", take.content_id) for take in (delivered, other))
    cut = deliver(film(7), tmp_path / "cut.mp4", marking=Marking(), claims=claims("cut", ingredients=takes), home=home)
    verdict = verify(cut.path, home=home)
    assert verdict.state == "TRUSTED"
    assert [(item["title"], item["state"]) for item in verdict.ingredients] == [
        (delivered.content_id, "TRUSTED"),
        (other.content_id, "TRUSTED"),
    ]
    assert read(cut.path, home=home).source_types == (MADE_BY_MODEL,)
    check_rubric(crjson(cut.path, home))


@pytest.mark.parametrize("kind", ["i2v", "flf2v", "v2v", "continue", "derived"])
def test_every_kind_of_clip_signs_with_its_ingredients(kind, delivered, tmp_path, home) -> None:
    write_png(film(8, count=1).pixels[0], tmp_path / "picture.png")
    encode_mp4(small(), tmp_path / "filmed.mp4")
    picture = Ingredient(tmp_path / "picture.png", None, "inputTo", "picture")
    ingredients = {
        "v2v": (Ingredient(tmp_path / "filmed.mp4", None, "parentOf", "source"), picture),
        "derived": (Ingredient(delivered.path, None, "componentOf", delivered.content_id),),
    }.get(kind, (picture,))
    done = deliver(
        small(), tmp_path / "a.mp4", marking=SIGNED_ONLY, claims=claims(kind, ingredients=ingredients), home=home
    )
    told = read(done.path, home=home)
    assert told.state == "TRUSTED"
    assert len(told.ingredients) == len(ingredients)
    assert told.source_types == (PARTLY_MADE_BY_MODEL if kind == "v2v" else MADE_BY_MODEL,)
    check_rubric(crjson(done.path, home))


def test_a_cut_with_filmed_clips_says_that_only_a_part_is_made_by_a_model(delivered, tmp_path, home) -> None:
    encode_mp4(small(), tmp_path / "filmed.mp4")
    parts = tuple(Ingredient(path, None, "componentOf") for path in (delivered.path, tmp_path / "filmed.mp4"))
    done = deliver(small(), tmp_path / "a.mp4", marking=SIGNED_ONLY, claims=claims("cut", ingredients=parts), home=home)
    assert read(done.path, home=home).source_types == (PARTLY_MADE_BY_MODEL,)


def test_a_missing_ingredient_stops_before_anything_is_encoded(tmp_path: Path, home: Path) -> None:
    gone = claims("i2v", ingredients=(Ingredient(tmp_path / "gone.png", None, "inputTo"),))
    with pytest.raises(MediaError, match="cannot be read"):
        deliver(small(), tmp_path / "a.mp4", marking=SIGNED_ONLY, claims=gone, home=home)
    assert list(tmp_path.iterdir()) == []


# -- signers and time -------------------------------------------------------------------------------


def test_certificates_of_ones_own_are_trusted_by_the_machine_that_signs_with_them(tmp_path: Path) -> None:
    root = issue("Root", authority=True)
    between = issue("Issuer", root, authority=True)
    studio = issue("Harbour Studio", between)
    (tmp_path / "chain.pem").write_text(studio.pem + between.pem + root.pem)
    signatory = signatory_from_files(tmp_path / "chain.pem", write_private(tmp_path / "key.pem", studio.key_pem()))
    home = tmp_path / "home"
    done = deliver(small(), tmp_path / "a.mp4", marking=SIGNED_ONLY, claims=claims(), home=home, signatory=signatory)
    verdict = verify(done.path, home=home)
    assert (verdict.state, verdict.signer) == ("TRUSTED", "Harbour Studio")


@pytest.fixture
def hanging_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A time-stamping service that takes connections and never answers."""
    monkeypatch.setattr(signer, "PROBE_SECONDS", 0.3)
    monkeypatch.setenv("WAN_SDK_HOME", str(tmp_path / "settings"))
    monkeypatch.delenv("WAN_SDK_OFFLINE", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as server:
        (tmp_path / "settings").mkdir()
        (tmp_path / "settings" / "config.toml").write_text(f'tsa_url = "http://127.0.0.1:{server.getsockname()[1]}/"')
        yield server


def test_a_service_that_hangs_costs_a_warning_when_the_stamp_is_a_wish(hanging_service, tmp_path, home) -> None:
    wish = Marking(watermark=None, tsa="best_effort")
    done = deliver(small(), tmp_path / "a.mp4", marking=wish, claims=claims(), home=home)
    assert "gave no stamp within 0.3 s" in done.warnings[0]
    assert verify(done.path, home=home).state == "TRUSTED"


def test_a_service_that_hangs_stops_a_clip_that_needs_the_stamp(hanging_service, tmp_path, home) -> None:
    need = Marking(watermark=None, tsa="required")
    with pytest.raises(SignerError, match="gave no stamp"):
        deliver(small(), tmp_path / "a.mp4", marking=need, claims=claims(), home=home)
    assert not (tmp_path / "a.mp4").exists()


def test_a_service_that_fails_in_the_act_costs_a_warning_too(hanging_service, tmp_path, home, monkeypatch) -> None:
    """It grants the probe, and answers nonsense when the clip is signed."""
    monkeypatch.setattr(signer, "PROBE_SECONDS", 30)

    def serve() -> None:
        for answer in (b"\x30\x05\x30\x03\x02\x01\x00", b"nonsense"):
            connection, _ = hanging_service.accept()
            with connection:
                connection.recv(65536)
                head = b"HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\nConnection: close\r\n"
                connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(answer) + answer)

    threading.Thread(target=serve, daemon=True).start()
    wish = Marking(watermark=None, tsa="best_effort")
    done = deliver(small(), tmp_path / "a.mp4", marking=wish, claims=claims(), home=home)
    assert "signed without a time stamp" in done.warnings[0]
    assert verify(done.path, home=home).state == "TRUSTED"


# -- whole or not at all ----------------------------------------------------------------------------

PROGRAM = """
import os, resource, signal, sys
from pathlib import Path
from tests.marking.conftest import claims, film
from wan_sdk.errors import WanError
from wan_sdk.marking import deliver as delivery
from wan_sdk.marking.label import draw_label
from wan_sdk.marking.ledger import Ledger
from wan_sdk.spec.marking import Marking

out, home, how = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
kill = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
if how.startswith("limit="):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(how[6:]),) * 2)
record, place = Ledger.record, delivery.put_in_place
if how == "before the ledger":
    Ledger.record = kill
if how == "before it is placed":
    delivery.put_in_place = kill
if how == "after it is placed":
    delivery.put_in_place = lambda *args: (place(*args), kill())
listen = lambda stage, phase, seconds=0.0: kill() if f"{stage} {phase}" == how else None
clip = film(9, count=9) if "=" not in how else film(9, count=5, width=256, height=256)
try:
    done = delivery.deliver(clip, out / "a.mp4", marking=Marking(), claims=claims(), home=home, listen=listen)
except WanError as problem:
    print(type(problem).__name__, problem)
else:
    print("Delivered", len(done.path.read_bytes()), *done.warnings)
"""


def run(out: Path, home: Path, how: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(out), str(home), how], capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize(
    "moment",
    ["mark started", "encode done", "sign started", "before the ledger", "before it is placed", "after it is placed"],
)
def test_a_process_killed_at_any_moment_leaves_the_clip_whole_or_absent(
    moment: str, tmp_path: Path, home: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    killed = run(out, home, moment)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    visible = [path.name for path in out.iterdir() if not path.name.startswith(".")]
    if moment == "after it is placed":
        assert verify(out / "a.mp4", home=home).state == "TRUSTED"
    else:
        assert visible == []
    # Whoever works here next sweeps up what was left behind.
    for left in out.iterdir():
        os.utime(left, (0, 10_000))
    deliver(small(), out / "b.mp4", marking=SIGNED_ONLY, claims=claims(), home=home)
    assert {path.name for path in out.iterdir()} <= {"a.mp4", "b.mp4"}


def test_a_full_disk_is_said_in_words_and_leaves_nothing(tmp_path: Path) -> None:
    out, home = tmp_path / "out", tmp_path / "home"
    out.mkdir()
    whole = run(out, home, "limit=9000000")
    assert whole.stdout.startswith("Delivered"), whole.stderr
    size = int(whole.stdout.split()[1])
    (out / "a.mp4").unlink()
    for limit in (size // 3, size - 2000):  # while encoding, while signing
        full = run(out, home, f"limit={limit}")
        assert full.stdout.startswith("StorageError"), full.stdout + full.stderr
        assert "disk is full" in full.stdout or "File too large" in full.stdout
        assert list(out.iterdir()) == []


def test_another_clip_of_that_name_stays_until_the_new_one_is_whole(tmp_path: Path, home: Path, monkeypatch) -> None:
    first = deliver(small(), tmp_path / "a.mp4", marking=SIGNED_ONLY, claims=claims(), home=home)

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(delivery, "put_in_place", fail)
    with pytest.raises(StorageError, match="No space left"):
        deliver(small(6), tmp_path / "a.mp4", marking=SIGNED_ONLY, claims=claims(), home=home)
    assert verify(tmp_path / "a.mp4", home=home).layers["ledger"]["content_id"] == first.content_id
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_a_folder_that_is_not_there_is_said_in_words(tmp_path: Path, home: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        deliver(small(), tmp_path / "no" / "a.mp4", marking=SIGNED_ONLY, claims=claims(), home=home)


def test_a_ledger_that_cannot_be_used_never_costs_the_clip(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "ledger.sqlite").write_bytes(b"not a database at all" * 100)
    done = deliver(small(), tmp_path / "a.mp4", marking=SIGNED_ONLY, claims=claims(), home=home)
    assert "cannot be recovered" in done.warnings[0]
    verdict = verify(done.path, home=home)
    assert verdict.state == "TRUSTED"
    assert any("ledger could not be asked" in reason for reason in verdict.reasons)


def test_delivered_files_have_the_usual_mode(delivered: Delivered) -> None:
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(delivered.path.stat().st_mode) == 0o666 & ~mask


def test_a_stripped_copy_of_a_copy_leads_home(delivered: Delivered, tmp_path: Path, home: Path) -> None:
    once = encode_again(delivered.path, tmp_path / "once.mp4", crf=23)
    twice = encode_again(once, tmp_path / "twice.mp4", crf=26)
    assert verify(twice, home=home).layers["ledger"]["content_id"] == delivered.content_id
