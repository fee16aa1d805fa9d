import json

import numpy as np
import pytest

from tests.marking.watermark import clips
from wan_sdk.bench import marks, marks_attacks, marks_clips, marks_peer, marks_quality, marks_trials


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    for name, clip in (("pan", clips.panning_texture(frames=5)), ("flat", clips.flat_cartoon(frames=5))):
        np.save(folder / f"{name}.npy", clip)
    return sorted(folder.glob("*.npy"))


def test_the_suites_have_the_rows_they_say():
    groups = [attack.group for attack in marks_attacks.ATTACKS]
    assert groups.count("main") == 71
    assert groups.count("omni") == 32
    assert len({attack.name for attack in marks_attacks.ATTACKS}) == len(groups)
    assert len(marks_attacks.suite("quick")) == 19


SLOW = {"AV1", "VP9", "H.265", "bilateral", "non-local"}


def test_every_treatment_gives_pictures_and_the_same_ones_again():
    clip = clips.panning_texture(frames=20, height=64, width=96)
    for attack in marks_attacks.ATTACKS:
        if not any(word in attack.name for word in SLOW):
            treated = attack.apply(clip, seed=3)
            assert treated.dtype == np.uint8, attack.name
            assert treated.ndim == 4, attack.name
            assert len(treated), attack.name
    noisy = next(a for a in marks_attacks.ATTACKS if a.name == "noise 20")
    assert np.array_equal(noisy.apply(clip, 3), noisy.apply(clip, 3))
    assert not np.array_equal(noisy.apply(clip, 3), noisy.apply(clip, 4))


@pytest.mark.parametrize("name", ["libx264", "libx265", "libsvtav1", "libvpx-vp9"])
def test_codecs_give_back_the_clip(name):
    clip = clips.panning_texture(frames=4, height=64, width=96)
    worn = marks_attacks.codec(clip, name, 30)
    assert worn.shape == clip.shape
    assert 22 < marks_quality.psnr(clip, worn) < 50


def test_a_run_reports_and_goes_on_where_it_was(files, tmp_path):
    results = tmp_path / "marks.jsonl"
    seen = []
    first = marks.run(files, results=results, only=["none", "mirrored"], progress=lambda *at: seen.append(at))
    assert (first["clips"], first["trials"], first["exact"], first["wrong"]) == (2, 4, 4, 0)
    assert first["quality"]["psnr"]["min"] > 42.5
    assert len(seen) == 6
    with results.open("a") as file:
        file.write('{"clip": "pan", "att')
    again = marks.run(files, results=results, only=["none", "mirrored"], progress=lambda *at: seen.append(at))
    assert len(seen) == 6
    assert again == first
    assert "| none | 2/2 |" in marks.table(first)
    json.dumps(first)


def test_several_processes_find_what_one_finds(files, tmp_path):
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    rows = {"results": one, "only": ["none", "mirrored"]}
    alone = marks.run(files, **rows)
    seen = []
    together = marks.run(files, **rows | {"results": two}, processes=2, progress=lambda *at: seen.append(at))
    assert together["rows"][0] | {"seconds": 0} == alone["rows"][0] | {"seconds": 0}
    assert together["quality"]["ssim"] == alone["quality"]["ssim"]
    assert len(seen) == len(two.read_text().splitlines()) == 6


def test_searches_that_are_missing_are_made_by_several_processes(files, tmp_path):
    material = [(file.stem, np.load(file)) for file in files]
    results = tmp_path / "n.jsonl"
    whole = marks_trials.negatives(material, 4, effort="fast", results=results)
    lines = results.read_text().splitlines()
    results.write_text("\n".join([lines[3], lines[0], lines[1][:20]]))  # stopped in the middle of a line
    again = marks_trials.negatives(material, 4, effort="fast", results=results, processes=2)
    assert again | {"mean_seconds": 0} == whole | {"mean_seconds": 0}
    kept = [line for line in results.read_text().splitlines() if line.endswith("}")]
    assert sorted(json.loads(line)["search"] for line in kept) == [0, 1, 2, 3]


def test_a_miss_is_asked_for_again_with_a_ledger(files, monkeypatch):
    monkeypatch.setattr(marks, "LEDGER_SIZE", 20_000)
    blank = marks_attacks.Attack("blank", "extra", lambda clip, _rng: clip // 255 + 128)
    line = marks._trial("pan", blank, blank.apply(np.load(files[0]), 0), 4 << 60, True)
    assert (line["exact"], line["exact_with_ledger"], line["wrong"]) == (False, False, False)


def test_quality_figures():
    clip = clips.panning_texture(frames=3)
    assert marks_quality.psnr(clip, clip) == float("inf")
    assert marks_quality.ssim(clip, clip) == pytest.approx(1)
    assert marks_quality.flicker(clip, clip) == 0
    off = np.where(clip < 255, clip + 1, clip).astype(np.uint8)
    assert marks_quality.psnr(clip, off) == pytest.approx(48.13, abs=0.02)
    assert 0.9 < marks_quality.ssim(clip, clips.resized(clips.resized(clip, 144, 240), 288, 480)) < 1


def test_trials_count_what_they_say(files, tmp_path):
    material = [(file.stem, np.load(file)) for file in files]
    tested = marks_trials.identity_tests(material, keys=20)
    assert (tested["tests"], tested["alarms"]) == (40, 0)
    long = [(name, np.concatenate([clip] * 7)[:32]) for name, clip in material]
    assert marks_trials.splices(long) == {"windows": 8, "right": 8, "share": 1.0}
    searched = marks_trials.negatives(material, 2, effort="fast", results=tmp_path / "n.jsonl")
    assert (searched["searches"], searched["alarms"]) == (2, 0)
    assert marks_trials.negatives(material, 2, effort="fast", results=tmp_path / "n.jsonl") == searched
    lines = (tmp_path / "n.jsonl").read_text().splitlines()
    assert [json.loads(line)["clip"] for line in lines] == ["flat", "pan"]
    (copied,) = marks_trials.averaging(material, (1,))
    assert copied["forgery_verdict"] in ("MARKED", "TRACE", "NONE")


def test_drawn_clips_are_of_their_kind():
    drawn = {kind: marks_clips.drawn(kind, frames=2, height=96, width=160) for kind in marks_clips.KINDS}
    assert all(clip.shape == (2, 96, 160, 3) for clip in drawn.values())
    assert np.array_equal(drawn["frozen"][0], drawn["frozen"][1])
    assert drawn["dark"].mean() < 40
    assert np.array_equal(drawn["pan"], marks_clips.drawn("pan", frames=2, height=96, width=160))


def test_the_peer_is_compared_when_it_is_there(files):
    if marks_peer.available():
        outcomes = marks_peer.run([("pan", np.load(files[0]))], ["none"])
        assert {o["method"] for o in outcomes} == set(marks_peer.METHODS)
    shown = marks_peer.table([{"method": "m", "psnr": 40, "row": "none", "bits_right": 0.9, "exact": 1, "clips": 2}])
    assert "| none | 0.900; 1/2 |" in shown
