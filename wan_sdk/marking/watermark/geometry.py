"""Laying a map on the canvas under a guess of how the picture was cropped, turned and stretched.

A pose takes a spot of what is seen (in its own short sides, from its centre) to the canvas of what
was marked: canvas = matrix @ spot + shift.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from wan_sdk.marking.watermark.carriers import CANVAS
from wan_sdk.marking.watermark.protocol import Geometry

MOST_UNITS = 6.0
GRID = 256


@dataclass(frozen=True)
class Pose:
    """Guess how what is seen lies in what was marked.

    Args:
      scale: Marked heights that one seen height covers.
      aspect: Extra horizontal stretch that was applied to the picture.
      turn: Rotation, radians.
      flip: Mirrored left to right (after the turn is undone).
      x: Shift to the right, units of the canvas.
      y: Shift down, units of the canvas.
      quarter: Quarter turns to undo on the map before anything else.
    """

    scale: float = 1.0
    aspect: float = 1.0
    turn: float = 0.0
    flip: bool = False
    x: float = 0.0
    y: float = 0.0
    quarter: int = 0

    @property
    def matrix(self) -> np.ndarray:
        """The linear part without the flip: float64 [2, 2]."""
        c, s = math.cos(self.turn), math.sin(self.turn)
        stretch = math.sqrt(self.aspect)
        return self.scale * np.array([[1 / stretch, 0], [0, stretch]]) @ np.array([[c, -s], [s, c]])

    def moved(self, **changes: float) -> Pose:
        """Return a pose that differs a little."""
        return replace(self, **changes)

    def geometry(self) -> Geometry:
        """Return the pose in the words of a result."""
        degrees = math.degrees(self.turn) + 90 * self.quarter
        return Geometry(
            scale=self.scale / math.sqrt(self.aspect) if self.quarter % 2 else self.scale * math.sqrt(self.aspect),
            aspect=1 / self.aspect if self.quarter % 2 else self.aspect,
            rotation_deg=(degrees + 180) % 360 - 180,
            flip=self.flip,
            shift=(_nearest(self.x), _nearest(self.y)),
        )


def matrices(poses: Sequence[Pose]) -> np.ndarray:
    """Return the linear parts of many poses at once, quarter turns included: float64 [n, 2, 2]."""
    parts = np.array([(pose.scale, pose.aspect, pose.turn, pose.quarter) for pose in poses]).reshape(-1, 4)
    scale, aspect, turn, quarter = parts.T
    angle = turn + quarter * (math.pi / 2)
    c, s, stretch = np.cos(angle), np.sin(angle), np.sqrt(aspect)
    return (scale * np.array([[c / stretch, -s / stretch], [s * stretch, c * stretch]])).transpose(2, 0, 1)


def _nearest(shift: float) -> float:
    """Bring a shift on the periodic canvas nearest to 0."""
    return (shift + CANVAS / 2) % CANVAS - CANVAS / 2


@dataclass(eq=False)
class Sheet:
    """Hold one map and smaller copies of it, to be laid on canvases.

    Args:
      values: float32 [h, w].
      shape: (height, width) of the picture that the map was made of; gives the exact shape.
    """

    values: np.ndarray
    shape: tuple[int, int]

    @cached_property
    def extent(self) -> tuple[float, float]:
        """Width and height in short sides of the picture."""
        short = min(self.shape)
        return self.shape[1] / short, self.shape[0] / short

    @cached_property
    def levels(self) -> list[np.ndarray]:
        """The map at falling sizes."""
        smaller = map(tuple, self.sizes[1:].tolist())
        return [self.values, *(cv2.resize(self.values, size, interpolation=cv2.INTER_AREA) for size in smaller)]

    @cached_property
    def sizes(self) -> np.ndarray:
        """Width and height of the map and of its smaller copies, each 0.75 of the one before: int64 [copies, 2]."""
        sizes = [self.values.shape[::-1]]
        while min(sizes[-1]) > 40:
            width, height = sizes[-1]
            sizes.append((round(width * 0.75), round(height * 0.75)))
        return np.array(sizes)

    @cached_property
    def _quarters(self) -> list[Sheet]:
        turned = [np.ascontiguousarray(np.rot90(self.values, -turns)) for turns in (1, 2, 3)]
        return [self, *(Sheet(v, self.shape[::-1] if i != 1 else self.shape) for i, v in enumerate(turned))]

    def quarter(self, turns: int) -> Sheet:
        """Return the sheet turned clockwise by quarter turns."""
        return self._quarters[turns % 4] if turns % 4 else self

    def lay(self, matrix: np.ndarray, size: int) -> np.ndarray:
        """Return the canvas, float32 [size, size]: the sheet laid by `matrix`, what hangs over folded back.

        The centre of the sheet comes to lie on the centre of the canvas.
        """
        pitch = size / CANVAS
        across, down = self.extent
        (a, b), (c, d) = matrix.tolist()
        most = int(MOST_UNITS * pitch)
        width = min(math.ceil((abs(a) * across + abs(b) * down) * pitch) + 2, most)
        height = min(math.ceil((abs(c) * across + abs(d) * down) * pitch) + 2, most)
        width, height = width + width % 2, height + height % 2
        level = self.level_for(matrix, pitch)
        rows, columns = level.shape
        area = (a * d - b * c) * pitch
        of_a_column, of_a_row = columns / across / area, rows / down / area
        to_column = d * of_a_column, -b * of_a_column
        to_row = -c * of_a_row, a * of_a_row
        middle = width / 2 - 0.5, height / 2 - 0.5
        first_column = columns / 2 - 0.5 - to_column[0] * middle[0] - to_column[1] * middle[1]
        first_row = rows / 2 - 0.5 - to_row[0] * middle[0] - to_row[1] * middle[1]
        laid = cv2.warpAffine(
            level,
            np.array([[*to_column, first_column], [*to_row, first_row]]),
            (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
        )
        return fold(laid, size)

    def level_for(self, matrix: np.ndarray, pitch: float) -> np.ndarray:
        """Return the copy whose pixels are just finer than the canvas's."""
        return self.levels[int(self.level_at(matrix[None], pitch)[0])]

    def level_at(self, linear: np.ndarray, pitch: float) -> np.ndarray:
        """Return which copy that is for many poses: int64 [n]; of a sheet that is too coarse the first."""
        needed = 0.95 * pitch * np.sqrt(np.square(linear).sum(1)) * self.extent
        fits = (self.sizes[None] >= needed[:, None]).all(2)
        return np.maximum(fits.sum(1) - 1, 0)


def fold(laid: np.ndarray, size: int) -> np.ndarray:
    """Put a picture in the middle of a periodic canvas [size, size]."""
    height, width = laid.shape
    top, left = (size - height) // 2, (size - width) // 2
    canvas = np.zeros((size, size), np.float32)
    if top >= 0 and left >= 0:
        canvas[top : top + height, left : left + width] = laid
        return canvas
    for row in _pieces(top, height, size):
        for column in _pieces(left, width, size):
            canvas[row[0], column[0]] += laid[row[1], column[1]]
    return canvas


def _pieces(start: int, length: int, size: int) -> list[tuple[slice, slice]]:
    """Cut a run that begins at `start` where it crosses the canvas's edges: (place, source) slices."""
    pieces, at = [], 0
    while at < length:
        place = (start + at) % size
        take = min(size - place, length - at)
        pieces.append((slice(place, place + take), slice(at, at + take)))
        at += take
    return pieces
