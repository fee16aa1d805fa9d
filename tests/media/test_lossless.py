"""A clip kept without loss comes back bit for bit."""

import numpy as np
import pytest

from wan_sdk.errors import StorageError
from wan_sdk.media.frames import Frames
from wan_sdk.media.lossless import write_lossless_clip
from wan_sdk.media.read import read_video

NOISE = np.random.default_rng(3).integers(0, 256, (5, 96, 162, 3), dtype=np.uint8)


@pytest.mark.parametrize("fps", [12.0, 23.976, 16.0])
def test_every_pixel_and_the_speed_come_back(tmp_path, fps):
    write_lossless_clip(Frames(NOISE, fps), tmp_path / "clip.mkv")
    back = read_video(tmp_path / "clip.mkv")
    assert np.array_equal(back.pixels, NOISE)
    assert back.fps == pytest.approx(fps, rel=1e-3)


def test_a_missing_folder_is_refused_and_nothing_is_left(tmp_path):
    with pytest.raises(StorageError):
        write_lossless_clip(Frames(NOISE, 12.0), tmp_path / "none" / "clip.mkv")
    assert list(tmp_path.iterdir()) == []
