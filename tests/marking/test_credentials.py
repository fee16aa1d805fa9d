"""Signing and reading back: every way found in which the library loses data or says too much is shut here."""

from __future__ import annotations

import datetime as dt
import http.server
import io
import json
import os
import shutil
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import c2pa
import pytest
from PIL import Image

from tests.marking.conftest import claims, film, flipped, issue, remux, write_private
from tests.marking.time_stamping import TimeStamper
from tests.marking.watermark.clips import panning_texture
from wan_sdk.errors import MarkingError, MediaError, SignerError
from wan_sdk.marking import authority, signing
from wan_sdk.marking.credentials import context, read, read_store
from wan_sdk.marking.manifest import Ingredient, build_manifest, new_content_id
from wan_sdk.marking.signer import local_signatory, signatory_from_files, time_stamp_url
from wan_sdk.marking.signing import sign_file, with_origin
from wan_sdk.marking.verify import verify
from wan_sdk.marking.watermark import embed
from wan_sdk.media.encode import encode_mp4
from wan_sdk.media.frames import Frames


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small clip without any mark."""
    path = tmp_path_factory.mktemp("plain") / "plain.mp4"
    encode_mp4(film(3, count=5, width=96, height=64), path)
    return path


def manifest(kind: str = "t2v", **fields: object) -> dict:
    return build_manifest(claims(kind, content_id=new_content_id(), **fields))


def sign(plain: Path, target: Path, home: Path, **fields: object) -> Path:
    sign_file(plain, target, manifest(**fields), signatory=local_signatory(home), home=home)
    return target


def test_a_signed_file_reads_back_trusted_with_everything_that_was_claimed(plain, tmp_path, home) -> None:
    told = read(sign(plain, tmp_path / "a.mp4", home, watermark="4c1f000000000001"), home=home)
    assert (told.state, told.codes) == ("TRUSTED", ())
    assert told.generation["provider"] == "Ada Films"
    assert told.soft_bindings == (("org.wansdk.ssw.1", "4c1f000000000001"),)
    assert told.signer.startswith("wan_sdk local signer")
    assert abs(told.signed_at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)
    assert not told.time_stamped


def test_a_file_is_never_signed_onto_itself(plain, tmp_path, home) -> None:
    path = Path(shutil.copy(plain, tmp_path))
    before = path.read_bytes()
    with pytest.raises(MarkingError, match="onto itself"):
        sign(path, path, home)
    assert path.read_bytes() == before


def test_a_failed_signature_leaves_nothing_and_tells_the_real_reason(plain, tmp_path, home) -> None:
    class Broken(Exception):
        pass

    def fail(_data: bytes) -> bytes:
        raise Broken("the token was pulled out")

    signatory = local_signatory(home)
    broken = type("Broken", (), {**vars(signatory), "sign": staticmethod(fail)})()
    with pytest.raises(SignerError, match="the token was pulled out") as caught:
        sign_file(plain, tmp_path / "a.mp4", manifest(), signatory=broken, home=home)
    assert isinstance(caught.value.__cause__, Broken)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_does_not_read_back_as_trusted_is_not_delivered(plain, tmp_path, home, monkeypatch) -> None:
    real = signing.read
    monkeypatch.setattr(signing, "read", lambda path, **options: replace(real(path, **options), trusted=False))
    with pytest.raises(MarkingError, match="does not read back as trusted"):
        sign(plain, tmp_path / "a.mp4", home)
    assert list(tmp_path.iterdir()) == []


def test_credentials_of_an_input_are_never_dropped_by_signing_anew(plain, tmp_path, home) -> None:
    signed = sign(plain, tmp_path / "a.mp4", home)
    with pytest.raises(MarkingError, match="ingredient"):
        sign(signed, tmp_path / "b.mp4", home)
    assert not (tmp_path / "b.mp4").exists()


def test_a_padding_box_that_was_appended_is_noticed(plain, tmp_path, home) -> None:
    path = sign(plain, tmp_path / "a.mp4", home)
    for kind in (b"free", b"skip"):
        grown = tmp_path / "grown.mp4"
        grown.write_bytes(path.read_bytes() + struct.pack(">I4s", 1008, kind) + bytes(1000))
        assert read(grown, home=home).codes == ("assertion.bmffHash.mismatch",)


def test_any_byte_of_the_content_that_changes_is_noticed(plain, tmp_path, home) -> None:
    path = sign(plain, tmp_path / "a.mp4", home)
    size, content = path.stat().st_size, path.read_bytes().index(b"moov")
    for position in range(content, size, max(1, (size - content) // 60)):
        assert read(flipped(path, tmp_path / "b.mp4", position), home=home).state == "TAMPERED", position


def test_no_byte_of_the_manifest_can_change_what_is_reported(plain, tmp_path, home) -> None:
    path = sign(plain, tmp_path / "a.mp4", home)
    data = path.read_bytes()
    start, end = data.index(b"jumbjumd"[:4]), data.index(b"moov")
    honest = read(path, home=home)
    for position in range(start, end, 29):
        told = read(flipped(path, tmp_path / "b.mp4", position), home=home)
        assert told.state != "TRUSTED" or told == honest, position


def test_no_address_in_a_file_is_ever_followed(plain, tmp_path, home) -> None:
    hits: list[str] = []

    class Trap(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hits.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Trap)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    signatory = local_signatory(home)
    signer = c2pa.Signer.from_callback(signatory.sign, c2pa.C2paSigningAlg.ES256, signatory.chain_pem)
    builder = c2pa.Builder(manifest(), context=context(signatory.anchor_pem))
    builder.set_no_embed()
    builder.set_remote_url(f"http://127.0.0.1:{server.server_port}/manifest.c2pa")
    target = tmp_path / "remote.mp4"
    with plain.open("rb") as source, target.open("w+b") as written:
        builder.sign(signer, "video/mp4", source, written)
    read(target, home=home)
    verify(target, effort="fast", network=True, home=home)
    server.shutdown()
    assert hits == []


def test_a_signer_that_nobody_knows_is_not_shown_as_trusted(plain, tmp_path, home) -> None:
    path = sign(plain, tmp_path / "a.mp4", tmp_path / "elsewhere")
    told = read(path, home=home)
    assert (told.state, told.valid, told.trusted) == ("SIGNED_UNKNOWN", True, False)
    assert told.codes == ("signingCredential.untrusted",)
    assert verify(path, home=home).exit_code == 2


def test_an_ingredient_that_was_tampered_with_before_is_named(plain, tmp_path, home) -> None:
    good = sign(plain, tmp_path / "good.mp4", home)
    bad = flipped(good, tmp_path / "bad.mp4", -50)
    picture = io.BytesIO()
    Image.new("RGB", (32, 32)).save(picture, "PNG")
    ingredients = tuple(
        with_origin(item, home)
        for item in (
            Ingredient(good, None, "componentOf", "good"),
            Ingredient(bad, None, "componentOf", "bad"),
            Ingredient(picture.getvalue(), None, "inputTo", "picture"),
        )
    )
    claimed = claims("cut", content_id=new_content_id(), ingredients=ingredients)
    cut = tmp_path / "cut.mp4"
    sign_file(plain, cut, build_manifest(claimed), signatory=local_signatory(home), ingredients=ingredients, home=home)
    told = read(cut, home=home)
    assert told.state == "TRUSTED"
    assert {item.title: item.state for item in told.ingredients} == {
        "good": "TRUSTED",
        "bad": "TAMPERED",
        "picture": "NONE",
    }
    verdict = verify(cut, home=home)
    assert any("bad" in reason and "changed before" in reason for reason in verdict.reasons)


def test_only_ingredients_whose_credentials_say_so_count_as_made_by_a_model(plain, tmp_path, home) -> None:
    signed = sign(plain, tmp_path / "a.mp4", home)
    assert with_origin(Ingredient(signed, None, "componentOf"), home).made_by_model
    assert not with_origin(Ingredient(plain, None, "componentOf"), home).made_by_model
    assert not with_origin(Ingredient(flipped(signed, tmp_path / "b.mp4", -9), None, "componentOf"), home).made_by_model


def test_the_watermark_of_an_ingredient_without_credentials_is_linked(tmp_path, home) -> None:
    clip = panning_texture(frames=9, height=288, width=480)
    encode_mp4(Frames(embed(clip, 0x4C1F00000000ABCD).pixels, 12), tmp_path / "stripped.mp4")
    Image.fromarray(embed(clip[:1], 0x77).pixels[0]).save(tmp_path / "still.png")
    encode_mp4(Frames(clip, 12), tmp_path / "foreign.mp4")
    names = ("stripped.mp4", "still.png", "foreign.mp4")
    told = [with_origin(Ingredient(tmp_path / name, None, "inputTo"), home) for name in names]
    assert [item.mark for item in told] == ["4c1f00000000abcd", "0000000000000077", ""]
    manifest = build_manifest(claims("v2v", content_id=new_content_id(), ingredients=tuple(told)))
    generation = next(item["data"] for item in manifest["assertions"] if "ingredientWatermarks" in item["data"])
    assert generation["ingredientWatermarks"] == {
        "ingredient-1": "4c1f00000000abcd",
        "ingredient-2": "0000000000000077",
    }


@pytest.mark.parametrize("content", [b"", b"hello", b"<svg/>"])
def test_what_is_no_media_cannot_be_an_ingredient(content, home) -> None:
    with pytest.raises(MediaError, match="cannot be recorded"):
        with_origin(Ingredient(content, None, "inputTo"), home)


def test_a_time_stamp_lets_a_file_outlive_its_certificate(plain, tmp_path, monkeypatch) -> None:
    """Without one it becomes a file of somebody unknown."""
    seconds = 4.0
    monkeypatch.setattr(authority, "LEAF_DAYS", (authority.BACKDATED.total_seconds() + seconds) / 86400)
    home, stamper = tmp_path / "home", TimeStamper()
    (tmp_path / "root.pem").write_text(stamper.root.pem)
    authority.trust(tmp_path / "root.pem", home=home)
    signatory = local_signatory(home)
    with stamper.serving() as url:
        for name, service in (("plain.mp4", None), ("stamped.mp4", url)):
            target = tmp_path / name
            sign_file(plain, target, manifest(), signatory=signatory, time_stamp_url=service, home=home)
    assert read(tmp_path / "stamped.mp4", home=home).time_stamped
    time.sleep(max(0.0, (signatory.expires - dt.datetime.now(dt.UTC)).total_seconds() + 1.2))
    assert read(tmp_path / "stamped.mp4", home=home).state == "TRUSTED"
    ended = read(tmp_path / "plain.mp4", home=home)
    assert ended.state == "SIGNED_UNKNOWN"
    assert "signingCredential.expired" in ended.codes
    assert any(
        "signer_expired" in reason for reason in verify(tmp_path / "plain.mp4", effort="fast", home=home).reasons
    )


def test_an_answering_service_is_used_and_a_required_stamp_is_had(tmp_path, monkeypatch, plain, home) -> None:
    monkeypatch.delenv("WAN_SDK_OFFLINE", raising=False)
    monkeypatch.setenv("WAN_SDK_HOME", str(tmp_path))
    with TimeStamper().serving() as url:
        assert time_stamp_url("required", url=url) == (url, "")


@pytest.mark.parametrize("algorithm", ["es384", "ed25519", "ps256"])
def test_certificates_of_ones_own_sign_and_are_trusted_by_their_root(plain, tmp_path, algorithm) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    key = {
        "es384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "ed25519": ed25519.Ed25519PrivateKey.generate,
        "ps256": lambda: rsa.generate_private_key(65537, 2048),
    }[algorithm]()
    root = issue("Root", authority=True)
    between = issue("Issuer", root, authority=True)
    studio = issue("Studio", between, key=key)
    (tmp_path / "chain.pem").write_text(studio.pem + between.pem + root.pem)
    signatory = signatory_from_files(tmp_path / "chain.pem", write_private(tmp_path / "key.pem", studio.key_pem()))
    told, _ = sign_file(plain, tmp_path / "a.mp4", manifest(), signatory=signatory, home=tmp_path / "home")
    assert (told.state, told.signer, signatory.algorithm) == ("TRUSTED", "Studio", algorithm)


def test_a_manifest_kept_apart_still_tells_who_signed(plain, tmp_path, home) -> None:
    told, store = sign_file(plain, tmp_path / "a.mp4", manifest(), signatory=local_signatory(home), home=home)
    assert read_store(store, home=home) == told
    assert read_store(store[:-40], home=home).state == "TAMPERED"
    assert not read_store(store, home=tmp_path / "elsewhere").trusted


def test_a_copy_without_credentials_reads_as_none(plain, tmp_path, home) -> None:
    assert read(remux(sign(plain, tmp_path / "a.mp4", home), tmp_path / "b.mp4"), home=home).state == "NONE"


def test_reading_works_after_a_fork(plain, tmp_path, home) -> None:
    path = sign(plain, tmp_path / "a.mp4", home)
    child = os.fork()
    if child == 0:
        os._exit(0 if read(path, home=home).state == "TRUSTED" else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_many_threads_sign_at_once(plain, tmp_path, home) -> None:
    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(lambda index: sign(plain, tmp_path / f"{index}.mp4", home), range(24)))
        assert set(pool.map(lambda path: read(path, home=home).state, paths)) == {"TRUSTED"}
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in paths)


def test_what_a_stranger_wrote_is_cut_to_printable_text(plain, tmp_path, home) -> None:
    nasty = manifest()
    nasty["title"] = "<script>\u202e\0"
    nasty["assertions"][2]["data"]["contentId"] = "<b>\u202egpj.exe"
    path = tmp_path / "a.mp4"
    sign_file(plain, path, nasty, signatory=local_signatory(home), home=home)
    told = read(path, home=home)
    assert told.content_id.isprintable()
    assert "\u202e" not in json.dumps(verify(path, home=home).to_dict(), ensure_ascii=False)
