import numpy as np
import pytest
from PIL import Image

from tests.marking.watermark import clips
from wan_sdk.errors import UsageError
from wan_sdk.marking.watermark import Embedder, Marked, detect, embed, raised_strength

PAYLOAD = 0x4C1F00000000ABCD


@pytest.mark.parametrize("make", [clips.panning_texture, clips.flat_cartoon, clips.frozen_photo])
def test_the_mark_is_read_back_and_stays_above_the_floor(make):
    marked = embed(make(), PAYLOAD)
    assert marked.psnr_db >= 42.5
    found = detect(marked.pixels, fps=16)
    assert (found.verdict, found.payload) == ("MARKED", PAYLOAD)
    assert found.log10_p < -60
    assert all(segment.marked for segment in found.segments)


def test_frozen_content_does_not_flicker():
    clip = clips.frozen_photo()
    change = embed(clip, PAYLOAD).pixels.astype(int) - clip
    assert change.any()
    assert not np.diff(change, axis=0).any()


def test_psnr_is_what_it_says():
    clip = clips.panning_texture(frames=5)
    marked = embed(clip, PAYLOAD)
    error = np.mean((marked.pixels.astype(float) - clip) ** 2)
    assert marked.psnr_db == pytest.approx(10 * np.log10(255**2 / error), abs=0.01)


def test_chunks_give_the_same_pixels_as_the_whole():
    clip = clips.panning_texture()
    whole = embed(clip, PAYLOAD).pixels
    embedder = Embedder(PAYLOAD, (480, 288))
    embedder.calibrate([clip[i] for i in (0, 4, 8, 12, 16)])
    parts = [embedder.mark(clip[i : i + 5]) for i in range(0, 17, 5)]
    assert np.array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_stay_floats(dtype):
    clip = (clips.panning_texture(frames=5) / 255).astype(dtype)
    marked = embed(clip, PAYLOAD).pixels
    assert marked.dtype == dtype
    assert marked.min() >= 0
    assert marked.max() <= 1
    assert detect(marked).payload == PAYLOAD


def test_a_torch_tensor_comes_back_as_one():
    torch = pytest.importorskip("torch")
    clip = clips.panning_texture(frames=5)
    marked = embed(torch.from_numpy(clip), PAYLOAD).pixels
    assert isinstance(marked, torch.Tensor)
    assert np.array_equal(marked.numpy(), embed(clip, PAYLOAD).pixels)
    half = embed(torch.from_numpy(clip).to(torch.bfloat16) / 255, PAYLOAD).pixels
    assert half.dtype == torch.bfloat16
    assert detect(half.float()).payload == PAYLOAD


def test_a_stronger_attempt_keeps_to_the_floor():
    clip = clips.panning_texture(frames=5)
    first = embed(clip, PAYLOAD)
    second = embed(clip, PAYLOAD, strength=raised_strength(first))
    assert second.strength > first.strength
    assert 42 <= second.psnr_db < first.psnr_db
    assert raised_strength(Marked(clip, 42.0, 1.1)) is None
    assert raised_strength(Marked(clip, 43.0, 1.1)) == pytest.approx(1.1 * 10**0.05, abs=1e-3)


def test_a_picture_of_pillow_is_read():
    marked = embed(clips.panning_texture(frames=1)[0], PAYLOAD).pixels
    assert detect(Image.fromarray(marked), effort="fast").payload == PAYLOAD


def test_a_picture_is_marked_as_a_picture():
    picture = clips.panning_texture(frames=1)[0]
    marked = embed(picture, PAYLOAD).pixels
    assert marked.shape == picture.shape
    assert detect(marked).payload == PAYLOAD


@pytest.mark.parametrize(
    ("pixels", "said"),
    [
        (np.zeros((2, 64, 64), np.uint8), "shape"),
        (np.zeros((2, 64, 64, 4), np.uint8), "shape"),
        (np.zeros((2, 8, 8, 3), np.uint8), "too small"),
        (np.zeros((2, 64, 64, 3), np.int32), "int32"),
    ],
)
def test_pixels_that_cannot_be_marked_are_refused(pixels, said):
    with pytest.raises(UsageError, match=said) as refused:
        embed(pixels, PAYLOAD)
    assert refused.value.hint


@pytest.mark.parametrize("strength", [0, -1, float("nan"), 5])
def test_a_strength_out_of_range_is_refused(strength):
    with pytest.raises(UsageError, match="strength"):
        embed(clips.panning_texture(frames=1), PAYLOAD, strength=strength)
