"""Water: the world's waves are formulas, so how well a camera explains them can be seen without following a point.

Two waves go over the sea, each with its own speed, and where they cross no edge keeps its shape. So they are drawn
as a supposed camera would film them, and compared with the lower part of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wan_sdk.nano.ruler.points import Points
from wan_sdk.nano.ruler.rig import EYE_HEIGHT, Rig
from wan_sdk.nano.world.backdrop import wave_angles
from wan_sdk.nano.world.places import SUBJECT_DISTANCE

_EVERY_FRAME, _EVERY_ROW, _EVERY_COLUMN = 2, 3, 5
_ASIDE = 0.45
"""Half widths from the middle within which the subject may hide the water."""
_NEAREST, _FARTHEST = 0.3, 9.0
"""Metres between which waves are wide enough to be seen."""
_LEAST_SAMPLES = 200
_EVERY_SAMPLE = 5
"""Of the samples that choose a phase; the columns are no multiple of it."""
_PHASES = np.arange(8) * (2 * np.pi / 8)
_CLIPPED = 3.0
_FAINT = 0.3
"""Gray levels of waves too faint to be told from rounding."""
_USUAL_ERROR, _ROUNDS = 0.3, 3
"""Of the waves' drawing, in parts of the usual difference from smooth water; steps of the robust fit."""
_RIDGE = 1e-6 * np.eye(8)


@dataclass(frozen=True)
class Water:
    """Hold samples of a clip's lower half.

    Args:
      frame: [samples] in which frame each was taken.
      seen: [samples, 2] where, in half widths from the middle, y up.
      seconds: [samples] when.
      bright: [samples] its brightness.
    """

    frame: np.ndarray
    seen: np.ndarray
    seconds: np.ndarray
    bright: np.ndarray

    def thinned(self) -> Water:
        """Return the samples of every third frame."""
        few = self.frame % (3 * _EVERY_FRAME) == 0
        return Water(self.frame[few], self.seen[few], self.seconds[few], self.bright[few])

    def cost(self, rig: Rig) -> float:
        """Return how badly waves as a camera would film them explain the samples: 0 is best, 1 not at all.

        Where the waves begin is left open; samples that do not go with the rest, as on the subject, count little.
        """
        way, place = rig.way(self.frame, self.seen), rig.place[self.frame]
        reach = (EYE_HEIGHT + place[:, 1]) / np.maximum(-way[:, 1], 1e-3)
        x, z = (SUBJECT_DISTANCE * (place[:, axis] + way[:, axis] * reach) for axis in (0, 2))
        away = SUBJECT_DISTANCE * way[:, 2] * reach
        near = (way[:, 1] < 0) & (away > _NEAREST) & (away < _FARTHEST)
        if near.sum() < _LEAST_SAMPLES:
            return 1.0
        x, z, away, bright, t = x[near], z[near], away[near], self.bright[near], self.seconds[near]
        haze, _ = np.linalg.qr(np.stack([np.ones_like(away), 1 / away, 1 / away**2], 1))
        rest = _without(haze, bright)
        usual = float(np.median(np.abs(rest))) + _FAINT
        rest = _without(haze, np.clip(rest, -_CLIPPED * usual, _CLIPPED * usual)) / usual
        some = tuple(values[::_EVERY_SAMPLE] for values in (x, z, t, away))
        few = rest[::_EVERY_SAMPLE]
        phase = max(_PHASES, key=lambda phase: _explained(few, _sea(*some, phase)))
        waves = _without(haze, _sea(x, z, t, away, phase))
        weight = np.ones_like(rest)
        for _ in range(_ROUNDS):
            heights = np.linalg.solve(waves.T @ (waves * weight[:, None]) + _RIDGE, waves.T @ (rest * weight))
            odd = ((rest - waves @ heights) / _USUAL_ERROR) ** 2
            weight = 1 / (1 + odd)
        return min(float(np.log1p(odd).mean() / np.log1p((rest / _USUAL_ERROR) ** 2).mean()), 1.0)


def water_of(points: Points, fps: float) -> Water:
    """Return the samples of a clip."""
    fine = points.levels[-1][..., 0]
    frames, height, width = fine.shape
    across = (np.arange(width) - (width - 1) / 2) * (2 / width)
    columns = np.flatnonzero(np.abs(across) > _ASIDE)[_EVERY_COLUMN // 2 :: _EVERY_COLUMN]
    at = np.meshgrid(
        np.arange(0, frames, _EVERY_FRAME), np.arange(height // 2 + 4, height - 3, _EVERY_ROW), columns, indexing="ij"
    )
    frame, row, column = (axis.ravel() for axis in at)
    seen = np.stack([across[column], ((height - 1) / 2 - row) * (2 / width)], 1)
    return Water(frame, seen, frame / fps, fine[frame, row, column].astype(float))


def _sea(x: np.ndarray, z: np.ndarray, t: np.ndarray, away: np.ndarray, phase: float) -> np.ndarray:
    """Return what the world's two waves may add to the brightness, each higher near by than far away, or not."""
    angles = wave_angles(x, z, t, phase, np.sin)
    swings = np.stack([swing(angle) for angle in angles for swing in (np.sin, np.cos)], 1)
    return np.concatenate([swings, swings / away[:, None]], 1)


def _explained(rest: np.ndarray, waves: np.ndarray) -> float:
    sides = waves.T @ rest
    return float(sides @ np.linalg.solve(waves.T @ waves + _RIDGE, sides))


def _without(haze: np.ndarray, values: np.ndarray) -> np.ndarray:
    return values - haze @ (haze.T @ values)
