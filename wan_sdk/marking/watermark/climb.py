"""Climbing the pilots' score in scale, aspect, turn and shift, from a pose that scored.

A climb goes a fixed number of rounds, so that a device can walk many side by side without asking how they stand.
Its score plays no part in the proof.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from wan_sdk.marking.watermark import reading
from wan_sdk.marking.watermark.carriers import Carriers
from wan_sdk.marking.watermark.geometry import GRID, Pose, Sheet

SETTLE = 2, 1 / 512
REFINE = 384
ROUNDS = 5
FIRST_STEPS = {"scale": 0.005, "aspect": 0.005, "turn": 0.004}
Top = tuple[float, Pose]


@dataclass(frozen=True, eq=False)
class Start:
    """Say where a climb starts.

    Args:
      sheet: The map.
      waves: The carriers.
      pose: The pose that scored.
    """

    sheet: Sheet
    waves: Carriers
    pose: Pose


def climb(start: Start) -> Top:
    """Return the score and the pose at the top; each round tries a step either way along every axis in turn.

    The first way that climbs is taken. After a round in which none did, steps are half as long.
    """
    best = _settled(start, start.pose, GRID)
    share = 1.0
    for _ in range(ROUNDS):
        before = best
        for name, step in FIRST_STEPS.items():
            best = _higher(start, best, name, share * step)
        if best is before:
            share /= 2
    return best


def _higher(start: Start, best: Top, name: str, step: float) -> Top:
    """Return the first way along an axis that scores above what there is, or what there is."""
    for change in (step, -step):
        found = _settled(start, _moved(best[1], name, change), REFINE)
        if found[0] > best[0]:
            return found
    return best


def _settled(start: Start, pose: Pose, size: int) -> Top:
    """Return the best score over small shifts of a pose, and the pose shifted so."""
    q = reading.coefficients(start.sheet, pose, size)
    z, x, y = reading.best_shift(q, start.waves, *SETTLE)
    return z, pose.moved(x=pose.x + x, y=pose.y + y)


def _moved(pose: Pose, name: str, change: float) -> Pose:
    value = getattr(pose, name)
    return pose.moved(**{name: value + change if name == "turn" else value * math.exp(change)})
