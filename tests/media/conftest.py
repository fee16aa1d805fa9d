"""Real clips and pictures, made by real codecs once for all tests of this room."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wan_sdk.media.encode import encode_mp4
from wan_sdk.media.frames import Frames


def moving_clip(count: int = 24, width: int = 96, height: int = 64, fps: float = 12, seed: int = 0) -> Frames:
    """A smooth picture that slides, so that codecs behave as on real film."""
    rng = np.random.default_rng(seed)
    phase = rng.uniform(0, 6.28, 3)
    rows, columns = np.mgrid[0:height, 0:width]
    pixels = np.stack(
        [
            np.stack([127 + 100 * np.sin((columns + 2 * t) / 13 + rows / 17 + p) for p in phase], axis=-1)
            for t in range(count)
        ]
    )
    return Frames(pixels.astype(np.uint8), fps)


@pytest.fixture(scope="session")
def clip() -> Frames:
    return moving_clip()


@pytest.fixture(scope="session")
def clip_file(clip: Frames, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    encode_mp4(clip, path)
    return path
