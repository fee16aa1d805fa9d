"""The carriers: 19,294 plane waves whose phases and roles come from the key by hashing alone.

The canvas is a periodic square, two units wide; one unit is the short side of the picture, and the
picture's centre is the canvas's centre. So a resize that keeps the shape changes nothing, and every
shape shows a window of the same plane. A carrier is a pair of whole numbers (kx, ky), its waves
across and down the canvas.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from scipy import fft

from wan_sdk.marking.watermark import keys

CANVAS = 2.0
BAND = (8.0, 56.0)
PILOT_SHARE = 0.25
CODE_BITS = 512


@dataclass(frozen=True, eq=False)
class Carriers:
    """Hold the carriers of one key.

    Args:
      kx: Waves across the canvas, int64 [n], 0 or more.
      ky: Waves down the canvas, int64 [n].
      phase: Phase at the canvas's centre, radians, float64 [n].
      bit: Which of the 512 code bits a carrier spells, int64 [n]; -1 marks a pilot.
    """

    kx: np.ndarray
    ky: np.ndarray
    phase: np.ndarray
    bit: np.ndarray

    @property
    def pilot(self) -> np.ndarray:
        """Which carriers are pilots: bool [n]."""
        return self.bit < 0

    @property
    def radius(self) -> np.ndarray:
        """Waves per unit: float64 [n]."""
        return np.hypot(self.kx, self.ky) / CANVAS

    @cached_property
    def back(self) -> np.ndarray:
        """What turns each carrier's phase back to 0, exp(-i phase): complex128 [n]."""
        return np.exp(-1j * self.phase)

    def signs(self, code: np.ndarray) -> np.ndarray:
        """Return +1 for pilots and for carriers of a 0, -1 for carriers of a 1: float64 [n]."""
        spelled = 1.0 - 2.0 * np.asarray(code, np.float64)[np.maximum(self.bit, 0)]
        return np.where(self.pilot, 1.0, spelled)


@lru_cache(maxsize=1)
def lattice() -> tuple[np.ndarray, np.ndarray]:
    """Return (kx, ky) of every carrier, in the order of kx, then ky."""
    outer = int(BAND[1] * CANVAS)
    kx, ky = np.mgrid[0 : outer + 1, -outer : outer + 1]
    squared = kx**2 + ky**2
    inside = (squared >= (BAND[0] * CANVAS) ** 2) & (squared <= (BAND[1] * CANVAS) ** 2)
    inside &= (kx > 0) | (ky > 0)
    return kx[inside].astype(np.int64), ky[inside].astype(np.int64)


@lru_cache(maxsize=16)
def carriers(key: bytes | None = None, variant: int = 0) -> Carriers:
    """Return the carriers of a key.

    Phases are 16-bit words and roles the order of 64-bit words, both from SHAKE-256, so that they
    are the same on every machine and in every language. The variant changes the pilots' phases only.
    """
    secret = keys.hkdf(keys.checked(key), b"org.wansdk.ssw.1")
    kx, ky = lattice()
    n = len(kx)
    roles = np.argsort(_words(secret, b"role", n, "<u8"), kind="stable")
    pilots = int(n * PILOT_SHARE)
    bit = np.full(n, -1, np.int64)
    bit[roles[pilots:]] = np.arange(n - pilots) % CODE_BITS
    phase = _words(secret, b"phase", n, "<u2").astype(np.float64)
    if variant:
        moved = _words(secret, b"phase" + str(variant).encode(), n, "<u2").astype(np.float64)
        phase = np.where(bit < 0, moved, phase)
    return Carriers(kx, ky, phase * (2 * np.pi / 65536), bit)


def _words(secret: bytes, purpose: bytes, count: int, dtype: str) -> np.ndarray:
    size = np.dtype(dtype).itemsize
    return np.frombuffer(hashlib.shake_256(secret + b"wm1" + purpose).digest(count * size), dtype)


def pattern(waves: Carriers, code: np.ndarray, height: int, width: int) -> np.ndarray:
    """Draw the pattern for a picture: float32 [height, width], rms 1.

    The band is limited exactly at any size, since the waves are summed by an inverse FFT on a grid
    of the picture's own pitch.
    """
    short = min(height, width)
    grid = 2 * short
    x0, y0 = (0.5 - width / 2) / short, (0.5 - height / 2) / short
    turn = waves.phase + 2 * np.pi * (waves.kx * x0 + waves.ky * y0) / CANVAS
    fits = (waves.kx <= short - 1) & (np.abs(waves.ky) <= short - 1)
    spectrum = np.zeros((grid, grid // 2 + 1), np.complex64)
    value = waves.signs(code) * np.exp(1j * turn)
    spectrum[waves.ky[fits] % grid, waves.kx[fits]] = value[fits]
    on_axis = fits & (waves.kx == 0)
    spectrum[-waves.ky[on_axis] % grid, 0] = value[on_axis].conj()
    plane = fft.irfft2(spectrum, s=(grid, grid))
    rows, columns = np.arange(height) % grid, np.arange(width) % grid
    cut = plane[rows][:, columns] if max(height, width) > grid else plane[:height, :width]
    scale = float(np.sqrt(np.mean(np.square(cut, dtype=np.float64))))
    return np.ascontiguousarray(cut / max(scale, 1e-12), dtype=np.float32)
