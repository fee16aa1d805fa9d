"""All shifts at once: the pilots' score over the whole canvas by one inverse FFT."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import fft

from wan_sdk.marking.watermark import statistic
from wan_sdk.marking.watermark.carriers import CANVAS, Carriers, lattice
from wan_sdk.marking.watermark.geometry import Pose, Sheet

GRID = 256
CELLS = GRID * GRID


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


@dataclass(eq=False)
class Correlator:
    """Score pilots at every shift of a canvas of 256 x 256.

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

    def peaks(self, tries: Iterable[tuple[Sheet, Pose]]) -> Iterator[tuple[Sheet, Pose, list[Peak]]]:
        """Yield each try with the best shift for each variant, straight and mirrored."""
        for sheet, pose in tries:
            yield sheet, pose, self._scored(sheet.quarter(pose.quarter).lay(pose.matrix, GRID))

    def _scored(self, canvas: np.ndarray) -> list[Peak]:
        q = statistic.coefficients(canvas)
        straight = q[self._pilots]
        other = q[self._mirrors]
        mirrored = other.conj()
        mirrored[self._on_axis] = other[self._on_axis]
        peaks = []
        for flip, picked in ((False, straight), (True, mirrored)):
            power = float(np.vdot(picked, picked).real)
            scale = GRID * GRID / 2 / math.sqrt(power / 2 + 1e-30)
            for variant, turned in enumerate(self._turned):
                plane = self._plane(turned * picked.conj())
                at = int(plane.argmax())
                y, x = divmod(at, GRID)
                peaks.append(Peak(float(plane.flat[at]) * scale, x * CANVAS / GRID, y * CANVAS / GRID, flip, variant))
        return peaks

    def _plane(self, inner: np.ndarray) -> np.ndarray:
        spectrum = np.zeros(GRID * statistic.WIDTH, np.complex64)
        spectrum[self._slots] = inner
        spectrum[self._axis_slots] = inner[self._on_axis].conj()
        down = fft.ifft(spectrum.reshape(GRID, statistic.WIDTH), axis=0, overwrite_x=True)
        return fft.irfft(down, n=GRID, axis=1)
