"""Reading the id at one pose: the pilots' score, the code bits, and who vouches for the word."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from wan_sdk.marking.watermark import payload, polar, statistic
from wan_sdk.marking.watermark.carriers import CANVAS, Carriers
from wan_sdk.marking.watermark.geometry import Pose, Sheet

FINE = 512
RADII = 5
BATCH = 65_536
WORDS = 64 * math.log(2)


@dataclass(frozen=True)
class Word:
    """Hold an id that was read, with its strength.

    Args:
      payload: The id.
      z: Score of the payload's carriers against the id's own code word.
      corrected: Code bits that had been read wrong.
      log_p: Log of the bound on reading any word this strong by chance, tries counted.
      pose: Where it was read.
      route: ``code`` if the code spelled it, ``ledger`` if it was asked for by a list of ids.
    """

    payload: int
    z: float
    corrected: int
    log_p: float
    pose: Pose
    route: str = "code"


def coefficients(sheet: Sheet, pose: Pose, size: int = FINE) -> np.ndarray:
    """Return the whitened coefficients of a sheet at a pose, its shift undone: complex64 [n]."""
    return centred(statistic.coefficients(sheet.quarter(pose.quarter).lay(pose.matrix, size)), pose)


def centred(q: np.ndarray, pose: Pose) -> np.ndarray:
    """Return the coefficients of a canvas with the flip and the shift of its pose undone."""
    if pose.flip:
        q = statistic.flipped(q)
    return statistic.shifted(q, pose.x, pose.y) if pose.x or pose.y else q


def pilot_amplitude(q: np.ndarray, waves: Carriers, chosen: np.ndarray) -> float:
    """Return the mean amplitude of some pilots: about 0 without the mark, at most 1 with it."""
    picked = q[chosen]
    return float(np.mean((picked * waves.back[chosen]).real)) if len(picked) else 0.0


def weighted_by_band(q: np.ndarray, waves: Carriers) -> np.ndarray:
    """Weigh five rings of the spectrum by how well their pilots come through."""
    radius = waves.radius
    edges = np.quantile(radius, np.linspace(0, 1, RADII + 1))
    ring = np.clip(np.searchsorted(edges, radius, "right") - 1, 0, RADII - 1)
    seen = np.array([pilot_amplitude(q, waves, waves.pilot & (ring == r)) for r in range(RADII)])
    usual = max(float(seen.mean()), 1e-3)
    weight = np.maximum(0.7 * seen + 0.3 * usual, 0.05 * usual)
    return q * (weight / np.maximum(1 - seen**2, 0.3))[ring].astype(np.float32)


def weighted_by_group(groups: Sequence[np.ndarray], waves: Carriers) -> np.ndarray:
    """Sum the coefficients of stretches of time, each weighed by its pilots and by what it shares with the others."""
    stack = np.stack(groups)
    seen = np.array([max(pilot_amplitude(q, waves, waves.pilot), 0.0) for q in groups])
    if not seen.any():
        return stack.mean(0)
    shared = (stack @ stack.conj().T).real / stack.shape[1]
    shrunk = shared + 0.1 * np.trace(shared) / len(groups) * np.eye(len(groups))
    weight = np.maximum(np.linalg.solve(shrunk, seen), 0.0)
    return np.tensordot(weight.astype(np.float32), stack, 1)


def spelled(every: Sequence[tuple[np.ndarray, Carriers]]) -> list[int | None]:
    """Return the id that each set of coefficients spells, None where the check fails; all are decoded side by side."""
    soft = [statistic.soft_bits(q, waves) for q, waves in every]
    ratios = np.stack([statistic.log_ratios(*bits) for bits in soft])
    found = polar.decode_each(ratios, payload.CODED_BITS, payload.from_bits)
    return [one if variance.any() else None for one, (_, variance) in zip(found, soft, strict=True)]


def read(q: np.ndarray, waves: Carriers, account: statistic.Account, pose: Pose, found: int | None) -> Word | None:
    """Book one try to read a word; return it with its proof, or None when nothing was spelled."""
    account.attempts += 1
    return None if found is None else vouch(q, waves, account, pose, found, WORDS)


@dataclass(eq=False)
class Known:
    """Hold the ids of a ledger, to ask for each of them where the code itself cannot be read.

    Args:
      ids: uint64 [n].
    """

    ids: np.ndarray

    def read(self, q: np.ndarray, waves: Carriers, account: statistic.Account, pose: Pose) -> Word | None:
        """Return the known id that scores best, with its proof; None when there are no ids."""
        total, variance = statistic.soft_bits(q, waves)
        if not len(self.ids) or not variance.any():
            return None
        account.attempts += 1
        parts = np.array_split(self.ids, len(self.ids) // BATCH + 1)
        scores = np.concatenate([polar.correlate(part, total) for part in parts])
        best = int(self.ids[int(np.argmax(scores))])
        return vouch(q, waves, account, pose, best, math.log(len(self.ids)), "ledger")


def vouch(
    q: np.ndarray,
    waves: Carriers,
    account: statistic.Account,
    pose: Pose,
    found: int,
    log_words: float,
    route: str = "code",
) -> Word:
    """Return a word with its proof: one of exp(log_words) words that could have been taken."""
    code = polar.encode(payload.to_bits(found))
    total, variance = statistic.soft_bits(q, waves)
    z = float(total @ (1.0 - 2.0 * code)) / math.sqrt(max(float(variance.sum()), 1e-20))
    wrong = int(np.count_nonzero((total < 0) != (code > 0)))
    return Word(found, z, wrong, account.payload(z, log_words), pose, route)


def best_shift(q: np.ndarray, waves: Carriers, reach: int, pitch: float) -> tuple[float, float, float]:
    """Return (z, x, y): the best pilot score over shifts of -reach to reach times `pitch` in both directions."""
    chosen, turned, across, down = _turns(waves, reach, pitch)
    inner = q[chosen] * turned
    plane = (across @ (inner[:, None] * down)).real
    a, b = divmod(int(np.argmax(plane)), plane.shape[1])
    scale = math.sqrt(float(np.vdot(inner, inner).real) / 2 + 1e-30)
    return float(plane[a, b]) / scale, (a - reach) * pitch, (b - reach) * pitch


@lru_cache(maxsize=32)
def _turns(waves: Carriers, reach: int, pitch: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the pilots, exp(-i phase) of each, and its turns under each shift across and down."""
    chosen = np.flatnonzero(waves.pilot)
    steps = np.arange(-reach, reach + 1) * pitch * (-2j * np.pi / CANVAS)
    across = np.exp(steps[:, None] * waves.kx[chosen]).astype(np.complex64)
    down = np.exp(waves.ky[chosen][:, None] * steps).astype(np.complex64)
    return chosen, np.exp(-1j * waves.phase[chosen]).astype(np.complex64), across, down
