"""From frames to one map in which the mark stands out.

Each frame is brought to 256 lines, split into bands of detail, and every band is divided by its own
local strength: so strong edges count no more than faint ones, which is where the mark is. The maps
are averaged over time. `flatten` does the same division again on the averages, per scale and
direction.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache, reduce

import cv2
import numpy as np
from scipy import fft

LINES = 256
CLIP = 2.5
MARGIN = 16
MOST_WINDOWS = 128
LONGEST = 1024
SCALES = (4.0, 14.0, 28.0, 64.0, 120.0)
DIRECTIONS = 8
SIGMAS = (1.0, 2.0, 4.0, 8.0)
FLOOR = 1e-3


def detail(frame: np.ndarray) -> np.ndarray:
    """Return the map of one frame: float32, the short side 256.

    Args:
      frame: uint8 [H, W, 3] or [H, W].
    """
    return _sum(np.clip(band / strength, -CLIP, CLIP) for _, band, strength in _details(resized(grey(frame))))


def _sum(maps: Iterable[np.ndarray]) -> np.ndarray:
    """Add maps up as they come, so that only one is in memory."""
    return reduce(np.add, maps)


def _details(level: np.ndarray) -> Iterator[tuple[float, np.ndarray, np.ndarray]]:
    """Yield (sigma of the blur that was taken away, band of detail, its local strength) from fine to coarse."""
    for step, box in blurs():
        blurred = _blurred(level, step)
        band = level - blurred
        power = cv2.sqrBoxFilter(band, cv2.CV_32F, (box, box), borderType=cv2.BORDER_REFLECT_101)
        yield step, band, cv2.max(cv2.sqrt(cv2.max(power, 0.0)), 1.0)
        level = blurred


def _blurred(level: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(level, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)


def grey(frame: np.ndarray) -> np.ndarray:
    """Return the luma of a frame: uint8 [H, W]."""
    return cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) if frame.ndim == 3 else frame


def resized(picture: np.ndarray) -> np.ndarray:
    """Return a grey picture in the size of its map: float32."""
    return _brought_to(picture.astype(np.float32), *map_size(*picture.shape))


def _brought_to(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    method = cv2.INTER_AREA if height <= picture.shape[0] else cv2.INTER_CUBIC
    return cv2.resize(picture, (width, height), interpolation=method)


def blurs() -> list[tuple[float, int]]:
    """Return, for each band of detail, the blur that takes it off and the side of the box of its local strength."""
    sigmas = (0.0, *SIGMAS)
    return [(math.sqrt(b**2 - a**2), 2 * round(3 * b) + 1) for a, b in zip(sigmas, SIGMAS, strict=False)]


def map_size(height: int, width: int) -> tuple[int, int]:
    """Return the (height, width) of the map of a picture."""
    short = min(height, width)
    lines = lambda side: min(LONGEST, max(1, round(side * LINES / short)))  # noqa: E731
    return lines(height), lines(width)


@dataclass(eq=False)
class Timeline:
    """Gather maps over time in bounded memory.

    Frames fall into windows of equal length; when 128 are full, neighbours are joined and the
    windows are twice as long from then on. So memory grows up to frame 128 and stays there.
    """

    length: int = 1
    frames: int = 0
    first: np.ndarray | None = None
    windows: list[np.ndarray] = field(default_factory=list)
    _sum: np.ndarray | None = None
    _count: int = 0

    def add(self, detail_map: np.ndarray) -> None:
        """Take the map of the next frame."""
        if self.first is None:
            self.first = detail_map
        self.frames += 1
        if self._sum is None:  # nothing is added to what is a window by itself
            self._sum = detail_map if self.length == 1 else detail_map.copy()
        else:
            self._sum = cv2.add(self._sum, detail_map, dst=self._sum)
        self._count += 1
        if self._count < self.length:
            return
        self.windows.append(self._sum)
        self._sum, self._count = None, 0
        if len(self.windows) == MOST_WINDOWS:
            self.windows = [cv2.add(self.windows.pop(0), self.windows.pop(0)) for _ in range(MOST_WINDOWS // 2)]
            self.length *= 2

    def spans(self) -> list[tuple[int, int, np.ndarray]]:
        """Return (first frame, frame after the last, sum of maps) of every window."""
        spans = [(i * self.length, (i + 1) * self.length, total) for i, total in enumerate(self.windows)]
        if self._sum is not None:
            spans.append((len(self.windows) * self.length, self.frames, self._sum))
        return spans

    def mean(self) -> np.ndarray:
        """Return the mean of all maps."""
        return _mean(self.spans())

    def groups(self, count: int) -> list[np.ndarray]:
        """Return the means of `count` stretches of about equal length, fewer for short clips."""
        return [average for _, _, average in self.stretches(count)]

    def stretches(self, count: int) -> Iterator[tuple[int, int, np.ndarray]]:
        """Yield (first frame, frame after the last, mean of maps) of `count` stretches, fewer for short clips."""
        spans = self.spans()
        for part in np.array_split(np.arange(len(spans)), min(count, len(spans))):
            picked = spans[part[0] : part[-1] + 1]
            yield picked[0][0], picked[-1][1], _mean(picked)


def _mean(spans: list[tuple[int, int, np.ndarray]]) -> np.ndarray:
    return _sum(total for _, _, total in spans) / np.float32(sum(stop - start for start, stop, _ in spans))


def flatten(average: np.ndarray) -> np.ndarray:
    """Divide a map by its local strength, for 4 scales and 8 directions apart, and put it together."""
    return _sum(band / strength for _, band, strength in _scales(average))


def pull(pattern: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """Return how much each spot of a still picture counts for a pattern: float32 [H, W].

    With the local strengths held as they are, what `flatten` makes of `detail` is linear in a faint change of
    the picture. This is that map turned round (its transpose): the inner product of a change with the pull is,
    up to a factor, that of the pattern with what comes out. In truth the strengths grow along, which takes up
    to a third off.

    Args:
      pattern: What is looked for, float32 [H, W].
      picture: Its luma, uint8 [H, W].
    """
    parts = list(_details(resized(picture)))
    whole = _sum(np.clip(band / strength, -CLIP, CLIP) for _, band, strength in parts)
    height, width = whole.shape
    looked_for = _brought_to(pattern, height, width)
    spectra = (fft.rfft2(padded(looked_for / strength)) * mask for mask, _, strength in _scales(whole))
    wanted = fft.irfft2(_sum(spectra), s=_padded_size(height, width))[:height, :width]
    total = np.zeros_like(whole)
    for step, band, strength in reversed(parts):
        share = np.where(np.abs(band) < CLIP * strength, wanted / strength, 0)
        total = _blurred(total - share, step) + share
    return cv2.resize(total, picture.shape[::-1], interpolation=cv2.INTER_CUBIC)


def answer(pattern: np.ndarray, picture: np.ndarray) -> float:
    """Return how well a pattern is seen in a still picture: the inner product with its flattened map of length 1.

    Args:
      pattern: What is looked for, float32 [H, W].
      picture: Its luma, uint8 [H, W].
    """
    seen = flatten(detail(picture))
    return float(np.vdot(seen, _brought_to(pattern, *seen.shape))) / float(np.linalg.norm(seen) + 1e-12)


def _scales(average: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield (mask of its part of the spectrum, band, its local strength) for 4 scales and 8 directions."""
    height, width = average.shape
    periodic = padded(average)
    spectrum = fft.rfft2(periodic)
    short = min(height, width)
    for mask, frequency in bands(*periodic.shape, short):
        band = fft.irfft2(spectrum * mask, s=periodic.shape)[:height, :width]
        side = box_of(frequency, short)
        power = cv2.sqrBoxFilter(band, cv2.CV_32F, (side, side), borderType=cv2.BORDER_REFLECT_101)
        floor = FLOOR * float(np.mean(power)) + 1e-12
        yield mask, band, cv2.sqrt(cv2.max(power, floor))


def padded(average: np.ndarray) -> np.ndarray:
    """Return a map with a margin of at least 16, of a size that transforms fast."""
    height, width = average.shape
    rows, columns = _padded_size(height, width)
    below, right = rows - height, columns - width
    if min(height, width) > MARGIN:
        return cv2.copyMakeBorder(average, 0, below, 0, right, cv2.BORDER_REFLECT_101)
    return np.pad(average, ((0, below), (0, right)))


def _padded_size(height: int, width: int) -> tuple[int, int]:
    return fft.next_fast_len(height + MARGIN, True), fft.next_fast_len(width + MARGIN, True)


def box_of(frequency: float, short: int) -> int:
    """Return the side of the box in which the local strength of a band is measured."""
    return 2 * round(0.75 * short / frequency) + 1


@lru_cache(maxsize=2)
def bands(height: int, width: int, short: int) -> list[tuple[np.ndarray, float]]:
    """Return the smooth masks that share out the spectrum, each with its middle frequency."""
    fy = fft.fftfreq(height)[:, None] * short
    fx = fft.rfftfreq(width)[None] * short
    radius = np.log2(np.maximum(np.hypot(fx, fy), 1e-3))
    angle = np.arctan2(fy, fx)
    edges = np.log2(SCALES)
    masks = []
    for i in range(len(SCALES) - 1):
        rise = _step((radius - edges[i]) / 0.4)
        fall = _step((edges[i + 1] - radius) / 0.4)
        for k in range(DIRECTIONS):
            turned = (angle - np.pi * k / DIRECTIONS + np.pi / 2) % np.pi - np.pi / 2
            lobe = np.where(np.abs(turned) < np.pi / DIRECTIONS, np.cos(turned * DIRECTIONS / 2) ** 2, 0)
            masks.append(((rise * fall * lobe).astype(np.float32), float(2 ** ((edges[i] + edges[i + 1]) / 2))))
    return masks


def _step(x: np.ndarray) -> np.ndarray:
    """Rise smoothly from 0 at -1/2 to 1 at 1/2."""
    return np.sin(np.pi / 2 * np.clip(x + 0.5, 0, 1)) ** 2
