import itertools
import math
import tracemalloc

import numpy as np
import pytest

from tests.marking.watermark import clips
from wan_sdk.errors import UsageError
from wan_sdk.marking.watermark import PUBLIC_KEY, already_marked, detect, detect_keys, embed, front, key_id

PAYLOAD = 0x4C1F00000000ABCD
KEY = bytes(range(32))


@pytest.fixture(scope="module")
def clean():
    return clips.panning_texture(frames=13)


@pytest.fixture(scope="module")
def marked(clean):
    return embed(clean, PAYLOAD).pixels


def overlaid(marked):
    wide = clips.flat_cartoon(frames=len(marked))
    wide[:, 100:244, 130:370] = clips.resized(marked, 144, 240)
    return wide


@pytest.mark.parametrize("crf", ["23", "28"])
def test_survives_h264(marked, crf):
    found = detect(clips.through(marked, crf=crf), fps=16)
    assert (found.verdict, found.payload) == ("MARKED", PAYLOAD)
    assert found.log10_p < -12


@pytest.mark.parametrize(
    ("treated", "scale", "turn", "flip"),
    [
        (lambda m: clips.resized(m, 144, 240), 1, 0, False),
        (lambda m: clips.resized(m, 432, 720), 1, 0, False),
        (lambda m: m[:, :, ::-1], 1, 0, True),
        (lambda m: np.rot90(m, 1, (1, 2)), 1, 90, False),
        (lambda m: m[:, 40:244, 60:400], 204 / 288, 0, False),
        (overlaid, 2, 0, False),
        (lambda m: clips.rotated(m, 1.2), 1, 1.2, False),
    ],
    ids=["half", "enlarged", "mirrored", "quarter", "crop", "inset", "rotated"],
)
def test_survives_and_says_how_it_is_seen(marked, treated, scale, turn, flip):
    found = detect(treated(marked))
    assert found.payload == PAYLOAD
    assert found.geometry.scale == pytest.approx(scale, rel=0.01)
    assert found.geometry.rotation_deg == pytest.approx(turn, abs=0.2)
    assert found.geometry.flip == flip


def test_a_squeezed_picture_is_read_by_the_fast_search():
    wide = embed(clips.panning_texture(frames=9, height=240, width=416), PAYLOAD).pixels
    found = detect(clips.resized(wide, 240, 240), effort="fast")
    assert found.payload == PAYLOAD
    assert found.geometry.aspect == pytest.approx(240 / 416, rel=0.02)


def test_one_picture_is_enough(marked):
    assert detect(marked[6]).payload == PAYLOAD


def test_an_unmarked_clip_is_silent_after_a_full_search(clean):
    found = detect(clean)
    assert (found.present, found.verdict, found.payload) == (False, "NONE", None)
    assert found.log10_p > -3
    assert found.hypotheses > 1e8
    assert "does not mean" in found.reason


@pytest.mark.parametrize("key", [KEY])
def test_a_wrong_key_is_silent(marked, key):
    found = detect(marked, key=key, effort="fast")
    assert (found.verdict, found.payload) == ("NONE", None)
    assert found.log10_p > -3


def test_splices_are_found_to_eight_frames():
    marked = embed(clips.panning_texture(frames=32), PAYLOAD).pixels
    spliced = marked.copy()
    spliced[8:24] = clips.panning_texture(seed=50, frames=16)
    found = detect(clips.through(spliced, crf="28"), fps=16)
    assert [s.marked for s in found.segments] == [True, False, False, True]
    assert (found.segments[0].start_s, found.segments[-1].end_s) == (0, 2)


def test_a_short_marked_stretch_of_a_long_clip_is_found():
    film = (clips.panning_texture(seed=60 + i, frames=16, height=144, width=240) for i in range(16))
    long = np.concatenate(list(film))
    long[96:112] = embed(long[96:112], PAYLOAD).pixels
    found = detect(long, fps=16)
    assert found.payload == PAYLOAD
    assert [(s.start, s.stop) for s in found.segments if s.marked] == [(96, 104), (104, 112)]


def test_two_keys_live_in_one_clip(clean):
    both = embed(clean, PAYLOAD, private=KEY)
    assert both.psnr_db > 42
    public, private, other = detect_keys(
        clips.through(both.pixels, crf="23"), [PUBLIC_KEY, KEY, bytes(32)], effort="fast"
    )
    assert public.payload == private.payload == PAYLOAD
    assert other.verdict == "NONE"
    assert [public.key_id, private.key_id] == ["ssw1-public", key_id(KEY)]


def test_a_known_id_is_found_where_the_code_is_too_weak():
    picture = embed(clips.panning_texture(frames=1), PAYLOAD).pixels
    noise = 36 * np.random.default_rng(0).standard_normal(picture.shape)
    worn = np.clip(picture + noise, 0, 255).astype(np.uint8)
    others = np.random.default_rng(0).integers(1 << 62, 1 << 63, 20_000, dtype=np.uint64)
    alone = detect(worn, effort="fast")
    asked = detect(worn, effort="fast", ledger=[*others.tolist(), PAYLOAD])
    assert alone.payload is None
    assert asked.payload == PAYLOAD
    assert asked.extra == {"read_by": "ledger"}
    assert detect(worn, effort="fast", ledger=lambda: others).payload is None
    assert detect(worn, effort="fast", ledger=()).payload is None


def test_input_that_is_marked_already_is_noticed(clean, marked):
    assert already_marked(marked) == PAYLOAD
    assert already_marked(clean) is None


def test_chunks_are_one_clip(marked):
    parts = (marked[i : i + 4] for i in range(0, 13, 4))
    found, whole = detect(parts), detect(marked)
    assert found.payload == PAYLOAD
    assert found.log10_p == pytest.approx(whole.log10_p, rel=1e-6)
    assert found.frames == 13


def test_memory_is_that_of_128_maps_however_long_the_clip():
    marked = embed(clips.panning_texture(frames=32), PAYLOAD).pixels

    def peak(frames):
        tracemalloc.start()
        try:
            found = detect(itertools.islice(itertools.cycle(marked), frames), effort="fast")
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert (found.payload, found.frames) == (PAYLOAD, frames)
        return peak

    detect(marked, effort="fast")  # makes what is kept from one search to the next
    height, width = front.map_size(*marked.shape[1:3])
    one_map = 4 * height * width
    full, joined, longer = (peak(frames) for frames in (front.MOST_WINDOWS - 1, 2 * front.MOST_WINDOWS, 600))
    assert full < 1.4 * front.MOST_WINDOWS * one_map
    assert max(joined, longer) < full + one_map
    assert longer < joined + one_map


H, W = 72, 96
NOISE = np.random.default_rng(3).integers(0, 256, (3, H, W, 3), np.uint8)
ODD = {
    "nothing": np.zeros((0, H, W, 3), np.uint8),
    "no chunks": iter(()),
    "none": None,
    "text": "clip.mp4",
    "a number": 3,
    "objects": np.array([None, "x"], object),
    "1x1": np.zeros((1, 1, 1, 3), np.uint8),
    "16x16": NOISE[:, :16, :16],
    "1 line": NOISE[:, :1],
    "64x64": NOISE[:, :64, :64],
    "one frame": NOISE[0],
    "grey": NOISE[..., 0],
    "grey and alpha": NOISE[..., :2],
    "alpha": np.concatenate([NOISE, NOISE[..., :1]], -1),
    "black": np.zeros((3, H, W, 3), np.uint8),
    "white": np.full((3, H, W, 3), 255, np.uint8),
    "nan": np.full((3, H, W, 3), np.nan),
    "inf": np.where(NOISE > 100, np.inf, -np.inf),
    "some nan": np.where(NOISE > 250, np.nan, NOISE / 255),
    "odd": NOISE[:, :71, :95],
    "10 bits": NOISE.astype(np.uint16) * 4,
    "bool": NOISE > 128,
    "very wide": np.tile(NOISE[:, :16], (1, 1, 12, 1)),
    "sizes that change": [NOISE[:1], NOISE[:1, :50, :60], NOISE[0, :64]],
    "complex": NOISE.astype(complex),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_odd_input_is_answered_with_none_and_a_reason(odd):
    found = detect(odd, effort="fast", fps=float("nan"))
    assert found.verdict == "NONE"
    assert found.reason
    assert math.isfinite(found.log10_p)


def test_ten_bits_and_alpha_are_read(marked):
    assert detect(marked[:3].astype(np.uint16) * 4, effort="fast").payload == PAYLOAD
    alpha = np.full((*marked[:3].shape[:3], 1), 255, np.uint8)
    assert detect(np.concatenate([marked[:3], alpha], -1), effort="fast").payload == PAYLOAD


@pytest.mark.parametrize(
    "wrong", [{"effort": "hard"}, {"alpha": 0}, {"alpha": float("nan")}, {"key": b"short"}], ids=str
)
def test_wrong_arguments_are_refused(clean, wrong):
    with pytest.raises(UsageError):
        detect(clean[:1], **wrong)


def test_the_result_speaks_json(marked):
    import json

    said = json.loads(json.dumps(detect(marked[:3], effort="fast", fps=16).to_dict()))
    assert said["payload"] == "4c1f00000000abcd"
    assert said["geometry"]["words"] == "seen as it was marked"
