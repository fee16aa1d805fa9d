"""All shifts at once: the pilots' score over the whole canvas by one inverse FFT."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import cv2
import numpy as np

from wan_sdk.marking.watermark import bend, climb, reading, statistic
from wan_sdk.marking.watermark.carriers import CANVAS, Carriers, lattice
from wan_sdk.marking.watermark.geometry import GRID, Pose, Sheet

CELLS = GRID * GRID
Try = tuple[Sheet, Pose]


@dataclass(frozen=True)
class Peak:
    """Say where the pilots of one laid sheet score best.

    Args:
      z: The score.
      x: Shift to the right, units.
      y: Shift down, units.
      flip: Whether the mirrored picture scored.
      variant: Which set of pilots.
    """

    z: float
    x: float
    y: float
    flip: bool
    variant: int


@dataclass(frozen=True, eq=False)
class Scores:
    """Hold the best shift of each try, straight and mirrored, for each variant.

    Args:
      z: The scores, float [tries, 2, variants].
      cell: Where, row * 256 + column: int64 [tries, 2, variants].
    """

    z: np.ndarray
    cell: np.ndarray

    def falling(self) -> Iterator[tuple[int, Peak]]:
        """Yield (number of the try, peak), the best first."""
        for at in np.argsort(-self.z, axis=None, kind="stable"):
            number, flip, variant = np.unravel_index(at, self.z.shape)
            y, x = divmod(int(self.cell.flat[at]), GRID)
            at_x, at_y = x * CANVAS / GRID, y * CANVAS / GRID
            yield int(number), Peak(float(self.z.flat[at]), at_x, at_y, bool(flip), int(variant))


@dataclass(eq=False)
class Correlator:
    """Score pilots with numpy, one try after the other, at every shift of a canvas of 256 x 256.

    Args:
      waves: The carriers of each pilot variant; their roles agree.
    """

    waves: tuple[Carriers, ...]

    @cached_property
    def _pilots(self) -> np.ndarray:
        return np.flatnonzero(self.waves[0].pilot)

    @cached_property
    def _places(self) -> np.ndarray:
        """Where the pilots lie in the kept part of a spectrum, as the picture is and mirrored: int64 [2, pilots]."""
        return statistic.places()[np.stack([self._pilots, statistic.mirror()[self._pilots]])]

    @cached_property
    def _on_axis(self) -> np.ndarray:
        return np.flatnonzero(lattice()[0][self._pilots] == 0)

    @cached_property
    def _turned(self) -> list[np.ndarray]:
        """What leaves of a marked canvas's pilots the phase of their shift, for each variant: complex64 [2, pilots].

        A pilot is referred to the canvas's centre before it is conjugated, and a mirrored one is the conjugate already.
        """
        centre = statistic.to_centre(GRID)
        mirrored = centre[statistic.mirror()[self._pilots]]
        mirrored[self._on_axis] = mirrored[self._on_axis].conj()
        both = np.stack([centre[self._pilots].conj(), mirrored])
        return [(np.exp(1j * w.phase[self._pilots]) * both).astype(np.complex64) for w in self.waves]

    @cached_property
    def _slots(self) -> np.ndarray:
        """Where the pilots lie in the spectrum of all shifts, and where those that turn the other way: int64 [2, n]."""
        kx, ky = (k[self._pilots] for k in lattice())
        return np.stack([ky % GRID * GRID + kx, -ky % GRID * GRID + -kx % GRID])

    @cached_property
    def _spectrum(self) -> np.ndarray:
        """Room for the spectrum of all shifts, nothing but pilots in it: complex64 [256 * 256]."""
        return np.zeros(CELLS, np.complex64)

    @cached_property
    def _planes(self) -> np.ndarray:
        """Room for the scores of all shifts, straight and mirrored by turns: float32 [256, 256, 2]."""
        return np.empty((GRID, GRID, 2), np.float32)

    def scores(self, tries: Sequence[Try]) -> Scores:
        """Return the best shift of each try for each variant, straight and mirrored."""
        z = np.empty((len(tries), 2, len(self.waves)))
        cell = np.empty(z.shape, np.int64)
        for number, (sheet, pose) in enumerate(tries):
            picked = self._picked(sheet.quarter(pose.quarter).lay(pose.matrix, GRID))
            scale = [math.sqrt(float(np.vdot(one, one).real) / 2 + 1e-30) * 2 for one in picked]
            for variant, turned in enumerate(self._turned):
                for flip, (top, at) in enumerate(self._peaks(turned * picked)):
                    z[number, flip, variant], cell[number, flip, variant] = top / scale[flip], at
        return Scores(z, cell)

    def begun(self, tries: Sequence[Try]) -> Callable[[], Scores]:
        """Return what scores tries, which begins when it is waited for."""
        return partial(self.scores, tries)

    def coefficients(self, tries: Sequence[Try]) -> list[np.ndarray]:
        """Return the whitened coefficients of each try."""
        return [reading.coefficients(sheet, pose) for sheet, pose in tries]

    def tops(self, starts: Iterable[climb.Start]) -> Iterator[list[climb.Top]]:
        """Yield where each climb ends, one at a time, climbing only when it is asked for."""
        for start in starts:
            yield [climb.climb(start)]

    likeness = staticmethod(bend.likeness)

    def _picked(self, canvas: np.ndarray) -> np.ndarray:
        """Return the whitened pilots, conjugated, of a canvas and of its mirror image: complex64 [2, pilots]."""
        kept = statistic.spectrum(canvas)
        picked = kept.ravel().take(self._places)
        picked *= statistic.whitening(kept, self._places)
        np.conjugate(picked[0], out=picked[0])
        picked[1, self._on_axis] = picked[1, self._on_axis].conj()
        return picked

    def _peaks(self, inner: np.ndarray) -> list[tuple[float, int]]:
        """Return the greatest sum over the canvas and its cell, straight and mirrored.

        Both planes are real: one is the real, the other the imaginary part of a single transform.
        """
        straight, mirrored = inner[0], 1j * inner[1]
        self._spectrum[self._slots[0]] = straight + mirrored
        self._spectrum[self._slots[1]] = (straight - mirrored).conj()
        planes = cv2.idft(self._spectrum.view(np.float32).reshape(self._planes.shape), dst=self._planes)
        columns = cv2.reduce(planes.reshape(GRID, -1), 0, cv2.REDUCE_MAX)[0].reshape(GRID, 2).argmax(0)
        rows = [int(planes[:, column, flip].argmax()) for flip, column in enumerate(columns)]
        return [
            (float(planes[row, column, flip]), row * GRID + int(column))
            for flip, (row, column) in enumerate(zip(rows, columns, strict=True))
        ]
