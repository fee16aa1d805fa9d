"""Points on edges, chosen all over the picture, and the pictures around them: what a camera is read from."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

LINES = 96
"""Pictures are brought to about so many lines first, so that a blur or an error in pixels means one thing."""

BLURS = (3.0, 1.6, 0.8)
_EVERY = 3
_AFTER = (1, 2, 3, 5, 8, 12)
"""Frames after a point was chosen in which it is looked for."""
_ROWS, _COLUMNS, _IN_A_CELL = 8, 12, 2
_LEAST_SLOPE = 0.6
_SLOW_PIXELS = 8.0


@dataclass(frozen=True)
class Points:
    """Hold chosen points, and every sighting of them that there may be.

    Args:
      anchor: [points] the frame in which each was chosen.
      start: [points, 2] where, in half widths of the picture from its middle, y up.
      point: [sightings] which point.
      frame: [sightings] in which frame, after its anchor.
      levels: Blurred pictures with their slopes along u and v, coarse to fine: [frames, height, width, 3].
    """

    anchor: np.ndarray
    start: np.ndarray
    point: np.ndarray
    frame: np.ndarray
    levels: tuple[np.ndarray, ...]

    def __len__(self) -> int:
        return len(self.anchor)

    @property
    def pixel(self) -> float:
        """Width of a pixel in half widths."""
        return 2 / self.levels[0].shape[2]

    def thinned(self) -> Points:
        """Return about a quarter of the points, those of the frames in between left out."""
        few = (self.anchor % (2 * _EVERY) == 0) & (np.arange(len(self)) % _IN_A_CELL == 0)
        kept, number = few[self.point], np.cumsum(few) - 1
        return Points(self.anchor[few], self.start[few], number[self.point[kept]], self.frame[kept], self.levels)

    def look(self, level: int, frame: np.ndarray, place: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return brightness, its slopes [n, 2], and whether the place is in the picture, between the pixels."""
        stack = self.levels[level]
        _, height, width, _ = stack.shape
        x, y = place[:, 0] * width / 2 + (width - 1) / 2, (height - 1) / 2 - place[:, 1] * width / 2
        inside = (x > 1) & (x < width - 2) & (y > 1) & (y < height - 2)
        x, y = np.clip(x, 0, width - 1.001), np.clip(y, 0, height - 1.001)
        column, row = x.astype(int), y.astype(int)
        fx, fy = (x - column)[:, None], (y - row)[:, None]
        flat, at = stack.reshape(-1, 3), (frame * height + row) * width + column
        top = flat[at] * (1 - fx) + flat[at + 1] * fx
        low = flat[at + width] * (1 - fx) + flat[at + width + 1] * fx
        value = top * (1 - fy) + low * fy
        return value[:, 0], value[:, 1:], inside


def sized_gray(pixels: np.ndarray) -> np.ndarray:
    """Return a clip in gray, about `LINES` high: [frames, height, width], 0 to 1.

    Args:
      pixels: uint8 [frames, height, width, 3].
    """
    return np.stack([_sized(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)) for picture in pixels]).astype(np.float32) / 255


def choose(gray: np.ndarray) -> Points:
    """Choose points on edges in every third frame, a few in each part of the picture.

    Args:
      gray: float [frames, height, width], 0 to 1.
    """
    clean = [_without_specks(picture * 255) for picture in gray]
    levels = tuple(_sloped(clean, blur) for blur in BLURS)
    frames, height, width, _ = levels[0].shape
    sharp = _sloped([_edged(picture) for picture in clean[::_EVERY]], BLURS[1])
    slope = np.linalg.norm(sharp[..., 1:], axis=-1) * 2 / width  # gray levels a pixel
    cell = (np.arange(height) * _ROWS // height)[:, None] * _COLUMNS + np.arange(width) * _COLUMNS // width
    inner = np.zeros((height, width), bool)
    inner[3:-3, 3:-3] = True
    dice = np.random.default_rng(0)
    anchors, rows, columns = [], [], []
    for first in range(0, max(frames - 1, 1), _EVERY):
        strong = np.flatnonzero((slope[first // _EVERY] > _LEAST_SLOPE) & inner)
        keenness = slope[first // _EVERY].flat[strong] * dice.uniform(0.4, 1, len(strong))
        order = strong[np.lexsort((-keenness, cell.flat[strong]))]
        rank = np.arange(len(order)) - np.searchsorted(cell.flat[order], cell.flat[order])
        kept = order[rank < _IN_A_CELL]
        anchors.append(np.full(len(kept), first))
        rows.append(kept // width)
        columns.append(kept % width)
    anchor, row, column = np.concatenate(anchors), np.concatenate(rows), np.concatenate(columns)
    start = np.stack([(column - (width - 1) / 2) * (2 / width), ((height - 1) / 2 - row) * (2 / width)], 1)
    later = anchor[:, None] + np.array(_AFTER)
    point, step = np.nonzero(later < frames)
    return Points(anchor, start, point, later[point, step], levels)


def _sized(gray: np.ndarray) -> np.ndarray:
    scale = LINES / min(gray.shape)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return gray if scale == 1 else cv2.resize(gray, None, fx=scale, fy=scale, interpolation=method)


def _without_specks(gray: np.ndarray) -> np.ndarray:
    """Return the picture without small bright things: falling snow and rain are no part of the scene."""
    return cv2.morphologyEx(gray, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5)))


def _edged(gray: np.ndarray) -> np.ndarray:
    """Return the picture without its slow changes: a vignette or a wash stays with the picture, not the scene."""
    bright = gray.astype(np.float32)
    return bright - cv2.GaussianBlur(bright, (0, 0), _SLOW_PIXELS)


def _sloped(gray: list[np.ndarray], blur: float) -> np.ndarray:
    soft = np.stack([cv2.GaussianBlur(picture.astype(np.float32), (0, 0), blur) for picture in gray])
    width = soft.shape[2]
    along_y, along_x = np.gradient(soft, axis=(1, 2))
    return np.stack([soft, along_x * (width / 2), -along_y * (width / 2)], -1)
