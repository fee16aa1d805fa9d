"""The test statistic, and the bound that holds for every picture.

The coefficients q of a canvas are made without the key. A picture that was not marked with this key
knows nothing of its phases, which are independent and uniform; so for
``z = sum Re(q exp(-i phase)) / sqrt(sum |q|^2 / 2)`` it holds that ``P(z >= t) <= exp(-t^2 / 2)``, whatever
the picture (docs/explanation/watermark-proof.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from wan_sdk.marking.watermark.carriers import BAND, CANVAS, CODE_BITS, Carriers, lattice

REACH = int(BAND[1] * CANVAS) + 4
WIDTH = REACH + 1
NEIGHBOURS = (9, 9)


@lru_cache(maxsize=1)
def places() -> np.ndarray:
    """Return where each carrier lies in the kept part of a spectrum: int64 [n]."""
    kx, ky = lattice()
    return (ky + REACH) * WIDTH + kx


@lru_cache(maxsize=1)
def mirror() -> np.ndarray:
    """Return, for each carrier, the one with ky negated; on kx = 0 the carrier itself."""
    kx, ky = lattice()
    index = np.full((2 * REACH + 1) * WIDTH, -1, np.int64)
    index[places()] = np.arange(len(kx))
    return np.where(kx == 0, np.arange(len(kx)), index[(REACH - ky) * WIDTH + kx])


@lru_cache(maxsize=8)
def to_centre(size: int) -> np.ndarray:
    """Return the turn that refers the phases of a canvas's spectrum to its centre: complex64 [n]."""
    kx, ky = lattice()
    corner = 1 / size - 1
    return np.exp(-1j * np.pi * corner * (kx + ky)).astype(np.complex64)


@lru_cache(maxsize=1)
def _carried() -> np.ndarray:
    """Return 1 where a carrier lies in the kept part of a spectrum, 0 elsewhere: float32 [kept]."""
    carried = np.zeros((2 * REACH + 1) * WIDTH, np.float32)
    carried[places()] = 1
    return carried


def spectrum(canvas: np.ndarray) -> np.ndarray:
    """Return the kept part of a canvas's spectrum: complex64 [2 REACH + 1, WIDTH], waves down from -REACH to REACH.

    OpenCV transforms a real canvas faster than SciPy. It packs what it finds: one row for each number of waves down,
    in it real and imaginary parts by turns from 1 wave across; the first column holds 0 across, read downwards.
    """
    size = len(canvas)
    packed = cv2.dft(canvas)
    kept = np.empty((2 * REACH + 1, WIDTH), np.complex64)
    pairs = kept.view(np.float32)
    pairs[:REACH, 2:] = packed[size - REACH :, 1 : 2 * REACH + 1]
    pairs[REACH:, 2:] = packed[: REACH + 1, 1 : 2 * REACH + 1]
    kept[REACH, 0] = packed[0, 0]
    kept[REACH + 1 :, 0] = np.ascontiguousarray(packed[1 : 2 * REACH + 1, 0]).view(np.complex64)
    kept[:REACH, 0] = kept[:REACH:-1, 0].conj()
    return kept


def whitening(kept: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return what brings some waves of the kept part of a spectrum to the strength of their neighbours: float32."""
    squares = np.square(kept.view(np.float32))
    power = squares[:, ::2] + squares[:, 1::2]
    level = cv2.blur(power, NEIGHBOURS, borderType=cv2.BORDER_REFLECT_101).ravel()
    floor = 1e-9 * float(level @ _carried()) / len(places()) + 1e-20
    return 1 / np.sqrt(np.maximum(level.take(at), np.float32(floor)))


def coefficients(canvas: np.ndarray) -> np.ndarray:
    """Return the whitened coefficients of a canvas at the carriers: complex64 [n]; no key is used."""
    kept, at = spectrum(canvas), places()
    return kept.ravel().take(at) * (to_centre(len(canvas)) * whitening(kept, at))


def flipped(q: np.ndarray) -> np.ndarray:
    """Return the coefficients of the mirrored canvas."""
    kx, _ = lattice()
    other = q[mirror()]
    return np.where(kx == 0, other, other.conj())


def shifted(q: np.ndarray, x: float, y: float) -> np.ndarray:
    """Return the coefficients with a shift of (x, y) units undone."""
    if not x and not y:
        return q
    kx, ky = lattice()
    waves = np.arange(REACH + 1)
    across = np.exp(-2j * np.pi / CANVAS * x * waves).astype(np.complex64)
    down = np.exp(-2j * np.pi / CANVAS * y * np.arange(-REACH, REACH + 1)).astype(np.complex64)
    return q * (across[kx] * down[ky + REACH])


def score(q: np.ndarray, waves: Carriers, chosen: np.ndarray, signs: np.ndarray | None = None) -> float:
    """Return z over the chosen carriers, their signs +1 unless given."""
    picked = q[chosen]
    inner = (picked * waves.back[chosen]).real
    if signs is not None:
        inner = inner * signs[chosen]
    scale = float(np.sum(np.square(picked.real) + np.square(picked.imag), dtype=np.float64)) / 2
    return float(np.sum(inner, dtype=np.float64)) / math.sqrt(scale) if scale > 0 else 0.0


def soft_bits(q: np.ndarray, waves: Carriers) -> tuple[np.ndarray, np.ndarray]:
    """Return (sum, variance) of each code bit: positive sums speak for a 0."""
    spelled = ~waves.pilot
    bit = waves.bit[spelled]
    picked = q[spelled]
    inner = (picked * waves.back[spelled]).real
    power = (np.square(picked.real) + np.square(picked.imag)) / 2
    return np.bincount(bit, inner, CODE_BITS), np.bincount(bit, power, CODE_BITS)


def log_ratios(total: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Return log P(0)/P(1) of each code bit, the mark's strength read from the spread of the sums."""
    noise = float(np.mean(variance)) + 1e-20
    strength = math.sqrt(max(float(np.mean(np.square(total))) - noise, 0.05 * noise))
    return np.clip(2 * strength * total / noise, -40, 40)


@dataclass
class Account:
    """Keep count of what was tried, so that the proof pays for all of it.

    Pilots: the best of a stage with `cells` tries, the s-th stage, costs s (s + 1) cells exp(-z^2 / 2).
    Payload: the n-th word tried costs 2^64 n (n + 1) exp(-z^2 / 2). Both sums stay under 1.
    """

    stages: int = 0
    cells: int = 0
    attempts: int = 0
    log_pilot: float = 0.0
    log_payload: float = 0.0

    def open_stage(self) -> None:
        """Begin another stage of the search."""
        self.stages += 1

    def pilot(self, z: float, cells: int) -> float:
        """Book a stage's best pilot z among `cells`; return the log of its bound."""
        self.cells += cells
        bound = tail(z) + math.log(cells) + math.log(self.stages * (self.stages + 1))
        self.log_pilot = min(self.log_pilot, bound)
        return bound

    def payload(self, z: float, log_words: float) -> float:
        """Book a word that was read; return the log of its bound."""
        bound = min(0.0, tail(z) + log_words + math.log(self.attempts * (self.attempts + 1)))
        self.log_payload = min(self.log_payload, bound)
        return bound


def tail(z: float) -> float:
    """Return log of the bound on P(Z >= z)."""
    return -z * z / 2 if z > 0 else 0.0


def joint(log_pilot: float, log_payload: float) -> float:
    """Return log p of both together: the product of two independent p-values, made a p-value again."""
    product = min(log_pilot, 0.0) + min(log_payload, 0.0)
    return product + math.log1p(-product)
