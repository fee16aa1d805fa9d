"""All shifts at once: the pilots' score over the whole canvas by one inverse FFT."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import fft

from wan_sdk.marking.watermark import bend, climb, statistic
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
    def _turned(self) -> list[np.ndarray]:
        """exp(i phase) of each variant's pilots: complex64."""
        return [np.exp(1j * w.phase[self._pilots]).astype(np.complex64) for w in self.waves]

    @cached_property
    def _mirrors(self) -> np.ndarray:
        return statistic.mirror()[self._pilots]

    @cached_property
    def _on_axis(self) -> np.ndarray:
        return np.flatnonzero(lattice()[0][self._pilots] == 0)

    @cached_property
    def _slots(self) -> np.ndarray:
        kx, ky = lattice()
        return (ky[self._pilots] % GRID) * statistic.WIDTH + kx[self._pilots]

    @cached_property
    def _axis_slots(self) -> np.ndarray:
        """Where the conjugates of the pilots without waves across lie."""
        ky = lattice()[1][self._pilots][self._on_axis]
        return (-ky % GRID) * statistic.WIDTH

    def scores(self, tries: Sequence[Try]) -> Scores:
        """Return the best shift of each try for each variant, straight and mirrored."""
        z = np.empty((len(tries), 2, len(self.waves)))
        cell = np.empty(z.shape, np.int64)
        for number, (sheet, pose) in enumerate(tries):
            q = statistic.coefficients(sheet.quarter(pose.quarter).lay(pose.matrix, GRID))
            for flip, picked in enumerate(self._both_ways(q)):
                scale = CELLS / 2 / math.sqrt(float(np.vdot(picked, picked).real) / 2 + 1e-30)
                for variant, turned in enumerate(self._turned):
                    plane = self._plane(turned * picked.conj())
                    at = int(plane.argmax())
                    z[number, flip, variant], cell[number, flip, variant] = plane.flat[at] * scale, at
        return Scores(z, cell)

    def tops(self, climbs: Iterable[climb.Climb]) -> Iterator[climb.Top]:
        """Yield where each climb ends, climbing only when it is asked for."""
        for one in climbs:
            yield climb.together([one], lambda steps: [climb.taken(step) for step in steps])[0]

    likeness = staticmethod(bend.likeness)

    def _both_ways(self, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the pilots' coefficients as the picture is, and mirrored."""
        other = q[self._mirrors]
        mirrored = other.conj()
        mirrored[self._on_axis] = other[self._on_axis]
        return q[self._pilots], mirrored

    def _plane(self, inner: np.ndarray) -> np.ndarray:
        spectrum = np.zeros(GRID * statistic.WIDTH, np.complex64)
        spectrum[self._slots] = inner
        spectrum[self._axis_slots] = inner[self._on_axis].conj()
        down = fft.ifft(spectrum.reshape(GRID, statistic.WIDTH), axis=0, overwrite_x=True)
        return fft.irfft(down, n=GRID, axis=1)
