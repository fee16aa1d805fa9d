import numpy as np
import pytest

from tests.marking.watermark import clips
from wan_sdk.bench import marks_quality
from wan_sdk.marking.watermark import embed, mask

PAYLOAD = 0x4C1F00000000ABCD


def dense_texture(frames: int = 5) -> np.ndarray:
    picture = 120 + 45 * clips.noise_texture(3, 288, 480, 2.0)
    return np.stack([np.clip(np.roll(picture, 3 * t, 1), 0, 255).astype(np.uint8) for t in range(frames)])


def lines_on_black(frames: int = 5) -> np.ndarray:
    clip = np.zeros((frames, 288, 480, 3), np.uint8)
    for t in range(frames):
        clip[t, 20 * t % 40 :: 40] = 255
        clip[t, :, 7 * t % 60 :: 60] = 255
    return clip


def test_more_contrast_than_seven_grey_levels_gives_no_more_strength():
    stripes = np.where(np.arange(480) % 2, 1, -1)[None] * np.ones((288, 1), int)
    per_contrast = {
        c: mask.amplitude((128 + c * stripes.repeat(2, 1)[:, :480]).astype(np.uint8), mask.Levels())
        for c in (0, 3, 7, 40)
    }
    middle = {c: float(a[60:80, 100:120].mean()) for c, a in per_contrast.items()}
    assert middle[0] == pytest.approx(mask.FLAT, abs=0.01)
    assert middle[0] < middle[3] < middle[7]
    assert middle[40] == pytest.approx(mask.FLAT + 7 * mask.SLOPE, abs=0.01)


@pytest.mark.parametrize("make", [dense_texture, lines_on_black, clips.panning_texture, clips.flat_cartoon])
def test_the_mark_keeps_its_bounds_of_quality(make):
    clip = make()
    marked = embed(clip, PAYLOAD).pixels
    assert marks_quality.psnr(clip, marked) >= 43
    assert marks_quality.ssim(clip, marked) >= 0.990


def test_levels_are_lowered_where_black_would_grow_lighter():
    grey = np.zeros((288, 480), np.uint8)
    assert mask.levels_for([grey]).flat < mask.levels_for([grey + 40]).flat * 1.2


@pytest.mark.parametrize("make", [dense_texture, clips.panning_texture, clips.flat_cartoon])
def test_what_a_change_costs_is_foretold(make):
    clip = make(frames=2)
    marked = embed(clip, PAYLOAD).pixels
    change = np.float32(mask.luma(marked[0])) - mask.luma(clip[0])
    told = mask.dissimilarity(mask.luma(clip[0]), 2 * change)
    louder = np.clip(clip[:1] + 2 * change[..., None], 0, 255).astype(np.uint8)
    assert told == pytest.approx(1 - marks_quality.ssim(clip[:1], louder), rel=0.1)
