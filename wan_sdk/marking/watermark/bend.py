"""Straightening a picture that no crop, turn or stretch explains: perspective, lenses, smooth warps.

Where a pose fits in part, the pilots are strong in that part and out of step elsewhere. Their local
displacement is read patch by patch, a smooth field is put through it, the map is resampled along the
field, and so on outwards. Only pilots are used, so the proof of the payload is untouched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np
from scipy import fft

from wan_sdk.marking.watermark import statistic
from wan_sdk.marking.watermark.carriers import CANVAS, Carriers
from wan_sdk.marking.watermark.geometry import Pose, Sheet

SIZE = 512
CELLS = 32
REACH = 9
SHIFTS = 2 * REACH + 1
ROUNDS = 8
PATCHES = (9, 7, 7, 5, 5, 5, 3, 3)
CLEAR = 4.6
Likeness = Callable[[np.ndarray, np.ndarray, int], np.ndarray]


@dataclass(eq=False)
class Bent:
    """Hold a map laid on the canvas along a smooth field.

    Args:
      sheet: The map.
      pose: The pose that fits in part.
      terms: Displacement over the canvas in units: float64 [6, 2], for 1, x, y, xx, xy, yy.
    """

    sheet: Sheet
    pose: Pose
    terms: np.ndarray = field(default_factory=lambda: np.zeros((6, 2)))

    def coefficients(self, sheet: Sheet | None = None) -> np.ndarray:
        """Return the whitened coefficients, of another map of the same clip if one is given."""
        return statistic.shifted(statistic.coefficients(self.lay(sheet)), self.pose.x, self.pose.y)

    def lay(self, sheet: Sheet | None = None) -> np.ndarray:
        """Return the canvas: float32 [512, 512]."""
        turned = (sheet or self.sheet).quarter(self.pose.quarter)
        flip = np.diag([-1.0 if self.pose.flip else 1.0, 1.0])
        back = np.linalg.inv(flip @ self.pose.matrix)
        rows, columns = turned.values.shape
        where = -self.terms
        where[1:3] += np.eye(2)
        where = where @ back.T * [columns / turned.extent[0], rows / turned.extent[1]]
        where[0] += [columns / 2 - 0.5, rows / 2 - 0.5]
        at = (_everywhere() @ where).astype(np.float32)
        return cv2.remap(turned.values, at, None, cv2.INTER_LINEAR)


def likeness(seen: np.ndarray, pattern: np.ndarray, patch: int) -> np.ndarray:
    """Return how well the pilots fit each cell under each small shift: float32 [19 * 19, 32, 32].

    Args:
      seen: What is seen, float32 [512, 512].
      pattern: The pilots as they should lie, float32 [512, 512], periodic.
      patch: Cells a side that are taken together.
    """
    wide = np.pad(pattern, REACH, mode="wrap")
    scores = np.empty((SHIFTS**2, CELLS, CELLS), np.float32)
    for i, (y, x) in enumerate(np.ndindex(SHIFTS, SHIFTS)):
        cells = cv2.resize(seen * wide[y : y + SIZE, x : x + SIZE], (CELLS, CELLS), interpolation=cv2.INTER_AREA)
        scores[i] = cv2.blur(cells, (patch, patch), borderType=cv2.BORDER_CONSTANT)
    return scores


def straighten(sheet: Sheet, pose: Pose, waves: Carriers, likeness: Likeness = likeness) -> tuple[float, Bent]:
    """Return (pilot score, map along the field) of the best field found from a pose."""
    bent = Bent(sheet, pose)
    q = statistic.coefficients(bent.lay())
    best_z, best = _score(q, pose, waves), bent
    pattern = _pilots(waves, pose)
    for patch in PATCHES:
        shift = _local_shifts(likeness(_picture(q), pattern, patch))
        bent = Bent(sheet, pose, bent.terms + _fitted(*shift))
        q = statistic.coefficients(bent.lay())
        z = _score(q, pose, waves)
        if z > best_z:
            best_z, best = z, bent
    return best_z, best


def _score(q: np.ndarray, pose: Pose, waves: Carriers) -> float:
    return statistic.score(statistic.shifted(q, pose.x, pose.y), waves, waves.pilot)


def _local_shifts(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each cell's displacement in units, [32, 32, 2], and how much it can be trusted, [32, 32]."""
    spread = np.sqrt(np.mean(np.square(scores), axis=0)) + 1e-12
    at = scores.argmax(0)
    z = np.take_along_axis(scores, at[None], 0)[0] / spread
    dy, dx = np.divmod(at, SHIFTS)
    moved = np.stack([dx - REACH, dy - REACH], -1) * (CANVAS / SIZE)
    return moved, np.where(spread > 0.05 * spread.max(), np.maximum(z - CLEAR, 0.0), 0.0)


def _fitted(moved: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """Return the terms of the field through the trusted cells; curves only where there are enough of them."""
    clear = trust > 0
    if clear.sum() < 3:
        return np.zeros((6, 2))
    centres = ((np.arange(CELLS) + 0.5) / CELLS - 0.5) * CANVAS
    spots = np.stack(np.meshgrid(centres, centres), -1)[clear]
    basis, wanted, weight = _powers(spots), moved[clear], trust[clear]
    stiff = np.diag([0, 0.02, 0.02, 0.3, 0.3, 0.3]) * weight.sum() * 0.05
    terms = np.zeros((6, 2))
    for _ in range(4):
        lhs = (basis * weight[:, None]).T @ basis + stiff + 1e-9 * np.eye(6)
        terms = np.linalg.solve(lhs, (basis * weight[:, None]).T @ wanted)
        off = np.linalg.norm(wanted - basis @ terms, axis=1)
        weight = trust[clear] / (1 + (off / 0.008) ** 2)
    return terms


def _pilots(waves: Carriers, pose: Pose) -> np.ndarray:
    """Draw the pilots as they lie about the centre of a pose: float32 [512, 512]."""
    turned = waves.phase + (2 * np.pi / CANVAS) * (waves.kx * pose.x + waves.ky * pose.y)
    return _picture(np.where(waves.pilot, np.exp(1j * turned), 0).astype(np.complex64))


def _picture(q: np.ndarray) -> np.ndarray:
    """Draw coefficients, referred to the canvas's centre: float32 [512, 512]."""
    reach, width = statistic.REACH, statistic.WIDTH
    kept = np.zeros((2 * reach + 1) * width, np.complex64)
    kept[statistic.places()] = q * statistic.to_centre(SIZE).conj()
    spectrum = np.zeros((SIZE, SIZE // 2 + 1), np.complex64)
    kept = kept.reshape(-1, width)
    spectrum[: reach + 1, :width], spectrum[-reach:, :width] = kept[reach:], kept[:reach]
    axis = spectrum[1 : reach + 1, 0]
    spectrum[-1 : -reach - 1 : -1, 0] = axis.conj()
    return fft.irfft2(spectrum, s=(SIZE, SIZE)) * SIZE


@lru_cache(maxsize=1)
def _everywhere() -> np.ndarray:
    """Return the powers of the places of the canvas's pixels, units from its centre: float64 [512, 512, 6]."""
    line = ((np.arange(SIZE) + 0.5) / SIZE - 0.5) * CANVAS
    return _powers(np.stack(np.meshgrid(line, line), -1))


def _powers(spots: np.ndarray) -> np.ndarray:
    x, y = spots[..., 0], spots[..., 1]
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1)
