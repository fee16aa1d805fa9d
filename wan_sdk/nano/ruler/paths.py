"""How a move goes through the clip: freely, or as the spec writes it, eased and in its own part of the time."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from wan_sdk.nano.ruler.rig import SHAKE, Dials
from wan_sdk.spec.camera_moves import Ease
from wan_sdk.spec.camera_pose import SHAKE_HALF_PERIODS, eased_time

KNOTS = 6
EASES: tuple[Ease, ...] = ("linear", "in", "out", "in-out")
_SHARES = tuple(np.arange(0.2, 0.81, 0.05).round(2).tolist())


class Span(NamedTuple):
    """The part of the clip that a move takes, 0 to 1, and its ease."""

    begin: float = 0.0
    end: float = 1.0
    ease: Ease = "linear"


Curves = dict[str, np.ndarray]
"""What each move's path is made of: kind to [curves, frames]; a shake uses its curves three times."""


def free_curves(kind: str, frames: int) -> np.ndarray:
    """Return curves that sum up to any path: straight between knots, or for a shake the spec's own waves."""
    t = np.linspace(0, 1, frames)
    if kind == SHAKE:
        return np.stack([np.sin(np.pi * k * t) for k in SHAKE_HALF_PERIODS if k < frames - 1])
    return np.stack([np.clip(1 - np.abs(t * KNOTS - knot), 0, 1) for knot in range(1, KNOTS + 1)])


def spanned_curve(span: Span, frames: int) -> np.ndarray:
    """Return the one curve of a move that goes as the spec writes it: [1, frames], 0 to 1."""
    t = np.linspace(0, 1, frames)
    s = np.clip((t - span.begin) / (span.end - span.begin), 0, 1)
    return np.array([[eased_time(float(each), span.ease) for each in s]])


@lru_cache(maxsize=4)
def spans_of(count: int) -> tuple[tuple[Span, ...], ...]:
    """Return every way in which one or two moves may share a clip: at once, in turn, with rests."""
    found: list[tuple[Span, ...]] = []
    for ease in EASES:
        found.append((Span(ease=ease),) * count)
        for share in _SHARES:
            first, second = Span(0.0, share, ease), Span(share, 1.0, ease)
            found += ((first,), (second,)) if count == 1 else ((first, second), (second, first))
    return tuple(found)


@lru_cache(maxsize=4)
def shapes_of(count: int) -> np.ndarray:
    """Return the weights of the free curves for each of `spans_of`: [ways, moves, knots]."""
    return np.array([[knots_of(span) for span in spans] for spans in spans_of(count)])


def dials_of(values: dict[str, np.ndarray], curves: Curves) -> Dials:
    """Return the paths: weights [curves] of each kind, or [3, curves] of a shake, times its curves."""
    return {kind: values[kind] @ rows for kind, rows in curves.items()}


def knots_of(span: Span) -> np.ndarray:
    """Return the weights of the free curves that come nearest to a written move of 1."""
    return spanned_curve(span, KNOTS + 1)[0, 1:]
