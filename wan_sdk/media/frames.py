"""The pictures of a clip with their speed: what travels between the rooms."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, eq=False)
class Frames:
    """Hold the pictures of a clip and their speed.

    >>> clip = Frames(np.zeros((25, 96, 160, 3), np.uint8), fps=12)
    >>> clip.seconds, clip.width, clip.height
    (2.0833333333333335, 160, 96)

    Args:
      pixels: uint8 RGB array of shape [frames, height, width, 3].
      fps: Frames per second, greater than 0.
    """

    pixels: np.ndarray
    fps: float

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.pixels.shape[2])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.pixels.shape[1])

    @property
    def seconds(self) -> float:
        """Length in seconds: every frame stays for 1/fps."""
        return len(self.pixels) / self.fps

    def with_pixels(self, pixels: np.ndarray) -> Frames:
        """Return other pictures at the same speed."""
        return replace(self, pixels=pixels)
