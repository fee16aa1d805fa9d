import numpy as np
import pytest
import torch

from tests.marking.watermark import clips
from wan_sdk.marking.watermark import front, torch_front
from wan_sdk.marking.watermark.detection import gather
from wan_sdk.marking.watermark.geometry import Sheet

SHAPES = [(480, 832, 3), (333, 500), (90, 160, 3), (1100, 200, 3), (256, 256)]


@pytest.fixture(scope="module")
def cpu():
    return torch_front.device_of("cpu")


@pytest.mark.parametrize("shape", SHAPES)
def test_frames_become_the_maps_that_opencv_makes(cpu, shape, monkeypatch):
    # 64-bit products for OpenCV's 32-bit sums: they part in the sixth digit of values up to 10
    monkeypatch.setattr(torch_front, "FRAMES_AT_ONCE", 2)
    frames = np.random.default_rng(sum(shape)).integers(0, 256, (3, *shape), np.uint8)
    frames[:, : shape[0] // 2] //= 8
    frames.flags.writeable = False
    maps = list(torch_front.details(frames, cpu))
    assert len(maps) == len(frames)
    for frame, found in zip(frames, maps, strict=True):
        np.testing.assert_allclose(found, front.detail(frame), atol=2e-3)


@pytest.mark.parametrize("shape", [(256, 444), (455, 256), (64, 96)])
def test_maps_are_flattened_together_as_each_is_alone(cpu, shape):
    maps = list(np.random.default_rng(1).standard_normal((3, *shape), dtype=np.float32))
    maps[1][:40] *= 30
    for average, flat in zip(maps, torch_front.flatten(maps, cpu), strict=True):
        np.testing.assert_allclose(flat, front.flatten(average), atol=2e-3)


def test_copies_of_maps_are_those_of_opencv(cpu):
    sheets = [Sheet(m, (480, 720)) for m in np.random.default_rng(2).standard_normal((2, 96, 144), dtype=np.float32)]
    pages = torch_front.copies(torch.from_numpy(np.stack([sheet.values for sheet in sheets])), sheets[0].sizes.tolist())
    assert pages.shape == (2, 4, 96, 144)
    for sheet, of_one in zip(sheets, pages.numpy(), strict=True):
        for level, page in zip(sheet.levels, of_one, strict=True):
            height, width = level.shape
            np.testing.assert_allclose(page[:height, :width], level, atol=1e-5)
            assert np.count_nonzero(page) == level.size


def test_frames_of_other_sizes_are_brought_to_the_first():
    clip = clips.panning_texture(frames=3)
    timeline, shape, reason = gather([clip[0], clip[1][::2, ::2], clip[2][..., 0]])
    assert (timeline.frames, shape, reason) == (3, clip.shape[1:3], "")
    assert [total.shape for _, _, total in timeline.spans()] == [front.map_size(*shape)] * 3
