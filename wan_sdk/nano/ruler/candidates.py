"""Candidates for the camera of a clip: moves with their paths, fitted roughly or finely.

Two ways lead to them. Each kind of move is fitted by itself; and all kinds are fitted at once, with free paths, which
shows in one quadratic form how well any one or two of them, in any share of the time, would do for all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from wan_sdk.nano.ruler.fitting import FINE, HELD, LAST, POLISH, QUICK, ROUGH, Fit, Scene, Stages, fit
from wan_sdk.nano.ruler.paths import KNOTS, Curves, Span, dials_of, free_curves, shapes_of, spanned_curve, spans_of
from wan_sdk.nano.ruler.rig import KINDS, SHAKE
from wan_sdk.nano.world.backdrop import WALL_DEPTH
from wan_sdk.nano.world.places import SUBJECT_DISTANCE
from wan_sdk.spec.camera_moves import Ease

PAIRS, _SINGLES = 7, 3


@dataclass(frozen=True)
class Candidate:
    """Hold moves fitted to a scene, and what their paths are made of."""

    scene: Scene
    fit: Fit
    curves: Curves

    @property
    def kinds(self) -> frozenset[str]:
        """The moves; none for a still camera."""
        return frozenset(self.curves)

    def moved_to(self, scene: Scene) -> Candidate:
        """Return it in another world."""
        return fitted(scene, self.curves, self.fit.values, QUICK)

    def polished(self, scene: Scene) -> Candidate:
        """Return it fitted to all points of a clip, which `scene` has."""
        return fitted(scene, self.curves, self.fit.values, POLISH)

    def stretched(self, factor: float, kinds: Iterable[str]) -> Candidate:
        """Return it fitted anew from other amounts of some moves."""
        values = {kind: value * (factor if kind in kinds else 1) for kind, value in self.fit.values.items()}
        return fitted(self.scene, self.curves, values, LAST)

    def eased(self, ease: Ease) -> Candidate:
        """Return it fitted anew with moves that take the whole clip in this ease."""
        curves = {kind: spanned_curve(Span(ease=ease), self.scene.frames) for kind in self.curves}
        return fitted(self.scene, curves, {kind: path[-1:] for kind, path in self.fit.dials.items()}, LAST)

    def approached(self, scene: Scene) -> Candidate:
        """Return it with a dolly for its zoom, so far that a wall grows as much: few points may tell the two apart."""
        closer = WALL_DEPTH / SUBJECT_DISTANCE * (1 - np.exp(-self.fit.values["zoom"]))
        values = {kind: value for kind, value in self.fit.values.items() if kind != "zoom"} | {"dolly": closer}
        curves = {kind: rows for kind, rows in self.curves.items() if kind != "zoom"} | {"dolly": self.curves["zoom"]}
        return fitted(scene, curves, values, POLISH)


def fitted(scene: Scene, curves: Curves, begin: dict[str, np.ndarray], stages: Stages) -> Candidate:
    """Return the candidate that a fit from some weights leads to."""
    return Candidate(scene, fit(scene, curves, begin, stages), curves)


def held(scene: Scene, curves: Curves, values: dict[str, np.ndarray]) -> Candidate:
    """Return the candidate whose moves are just these, with what they cost."""
    begun = fit(scene, curves, values, HELD)
    return Candidate(scene, replace(begun, dials=dials_of(values, curves), values=values), curves)


def steady(scene: Scene, kind: str, amounts: Iterable[float]) -> Candidate:
    """Return a steady move by the likeliest of some amounts: from nothing no slope may lead there."""
    curves = {kind: spanned_curve(Span(), scene.frames)}
    return min((held(scene, curves, {kind: np.array([each])}) for each in amounts), key=lambda each: each.fit.cost)


def still(scene: Scene, *, rough: bool = False) -> Candidate:
    """Return the candidate without moves."""
    return fitted(scene, {}, {}, ROUGH if rough else LAST)


def rough(scene: Scene, kinds: Iterable[str], beside: Fit | None = None) -> list[Candidate]:
    """Fit each kind of move roughly, alone or beside others."""
    begin = {} if beside is None else {kind: knots_of_path(path) for kind, path in beside.dials.items()}
    found = []
    for kind in kinds:
        curves = {each: free_curves(each, scene.frames) for each in (*begin, kind)}
        found.append(fitted(scene, curves, begin, ROUGH))
    return found


def fine(scene: Scene, begin: Candidate) -> Candidate:
    """Fit the moves of a rough candidate finely, then with the nearest path that the spec can write."""
    free = fit(scene, begin.curves, begin.fit.values, FINE)
    kinds = tuple(kind for kind in begin.curves if kind != SHAKE)
    if not kinds:
        return Candidate(scene, free, begin.curves)
    _, curves, values = _written(free, kinds, scene.frames)
    if SHAKE in begin.curves:
        curves, values = curves | {SHAKE: begin.curves[SHAKE]}, values | {SHAKE: free.values[SHAKE]}
    return fitted(scene, curves, values, LAST)


def all_at_once(scene: Scene) -> Candidate:
    """Fit all kinds of moves at once, roughly, with free paths."""
    return fitted(scene, {kind: free_curves(kind, scene.frames) for kind in KINDS}, {}, ROUGH)


def gain(moved: Candidate) -> float:
    """Return how much better moves explain the points than a still camera does, roughly."""
    return still(moved.scene, rough=True).fit.cost - moved.fit.cost


def guessed(joint: Candidate, pairs: int = PAIRS) -> list[Candidate]:
    """Return the single moves and pairs that come nearest to all moves fitted at once."""
    scene, found = joint.scene, []
    for count, most in ((1, _SINGLES), (2, pairs)):
        ways = [_written(joint.fit, kinds, scene.frames) for kinds in combinations(KINDS, count)]
        for _, curves, values in sorted(ways, key=lambda way: way[0])[:most]:
            found.append(fitted(scene, curves, values, QUICK))
    return found


def knots_of_path(path: np.ndarray) -> np.ndarray:
    """Return the weights of the free curves that make the path of a move."""
    return np.interp(np.arange(1, KNOTS + 1) / KNOTS, np.linspace(0, 1, len(path)), path)


def _written(free: Fit, kinds: tuple[str, ...], frames: int) -> tuple[float, Curves, dict[str, np.ndarray]]:
    """Return the written path of some moves that is nearest to a free one, as far as the points can tell.

    Returns:
      How much of the free path's effect on the picture it leaves unexplained, its curves and their weights.
    """
    at = np.cumsum([0, *(value.size for value in free.values.values())])
    own = np.concatenate([np.arange(at[k], at[k + 1]) for k, kind in enumerate(free.values) if kind in kinds])
    moving = np.concatenate([np.arange(at[k], at[k + 1]) for k, kind in enumerate(free.values) if kind != SHAKE])
    path = np.concatenate([free.values[kind] for kind in free.values if kind != SHAKE])
    order = [kind for kind in free.values if kind in kinds]
    shapes = shapes_of(len(order))  # [ways, moves, knots]
    normal = free.normal[np.ix_(own, own)].reshape(len(order), KNOTS, len(order), KNOTS)
    effect = (free.normal[np.ix_(own, moving)] @ path).reshape(len(order), KNOTS)
    squares = np.einsum("wak,akbl,wbl->wab", shapes, normal, shapes) + 1e-12 * np.eye(len(order))
    sides = np.einsum("wak,ak->wa", shapes, effect)
    amounts = np.linalg.solve(squares, sides[..., None])[..., 0]
    left = float(path @ free.normal[np.ix_(moving, moving)] @ path) - (amounts * sides).sum(1)
    best = int(left.argmin())
    curves = {kind: spanned_curve(span, frames) for kind, span in zip(order, spans_of(len(order))[best], strict=True)}
    return float(left[best]), curves, {kind: amounts[best, k : k + 1] for k, kind in enumerate(order)}
