"""The camera's path from the pictures alone: the world's own camera, fitted to how edges move.

Moves are taken up one after the other, the one that explains most first, as long as one more explains
enough. Each is fitted with a free path first, then with the nearest path that the spec can write.
"""

from __future__ import annotations

import math

import numpy as np

from wan_sdk.nano.ruler.depths import World
from wan_sdk.nano.ruler.fitting import DEEP, FINE, LAST, OUTLIER, ROUGH, Fit, Scene, fit
from wan_sdk.nano.ruler.paths import KNOTS, Curves, free_curves, knots_of, spanned_curve, spans_of
from wan_sdk.nano.ruler.points import Points
from wan_sdk.nano.ruler.rig import KINDS, SHAKE
from wan_sdk.nano.world.camera import RANGES
from wan_sdk.nano.world.places import SUBJECT_DISTANCE

_WAVES = 1.31 / SUBJECT_DISTANCE
"""Speed of the world's waves away from the camera, in distances a second."""
_FIRST_MOVE, _SECOND_MOVE, _RARER, _ON_WATER = 0.12, 0.18, 0.1, 0.2
_LEAST_BESIDE = {kind: 0.8 * RANGES[kind].smallest for kind in KINDS} | {
    "zoom": 0.8 * math.log(RANGES["zoom"].smallest)
}
"""A second move that is smaller corrects the first rather than being one."""
_FINALISTS = 3
_LEAST_SHAKEN = 9
"""Frames that it takes to tell a shake from a move."""
_FARTHEST = dict(zip(DEEP, (0.55, 1.0, 0.75, 60.0), strict=True))
"""How far a move may go in a clip that still shows its subject."""


def read_camera(papers: list[Points], frames: int, aspect: float, fps: float) -> Fit:
    """Return the moves that explain the pictures, and no more than do.

    Args:
      papers: Points of the clip, as it is and as it may be without its style; the camera says which are right.
      frames: Its length.
      aspect: Height over width of the picture.
      fps: Frames a second.
    """
    papers = [points for points in papers if len(points) >= 8 and len(points.point)]
    if not papers:
        return Fit({}, {}, np.zeros((0, 0)), 0.0, 0.0)
    land, room, sea = World(), World(indoors=True), World(waves=_WAVES / fps)
    kinds = (*KINDS, SHAKE) if frames >= _LEAST_SHAKEN else KINDS
    rough = [
        (_total(found), points, land, found)
        for points in papers
        for found in _one_more(Scene(points.thinned(), frames, aspect, land), kinds, None)
    ]
    points = min(rough, key=lambda each: each[0] / each[-1].points)[1]
    few = points.thinned()
    rough = [each for each in rough if each[1] is points]
    for world, some in ((room, DEEP), (sea, kinds)):
        rough += [(_total(found) + _RARER * found.points, points, world, found) for found in _one_more(Scene(few, frames, aspect, world), some, None)]
    rough.sort(key=lambda each: each[0])
    scenes = {world: Scene(points, frames, aspect, world) for world in (land, room, sea)}
    tries = [(_fitted(scenes[world], found.values), world) for _, _, world, found in rough[:_FINALISTS]]
    best, world = min(tries, key=lambda each: _total(each[0]) + _RARER * (each[1] is not land) * each[0].points)
    still = {w: fit(scene, {}, {}, LAST) for w, scene in scenes.items()}
    stillest = min(still.values(), key=_total)
    doubt = _ON_WATER * stillest.points if stillest is still[sea] else 0.0  # waves make a still camera look moved
    import os
    if os.environ.get("DEBUG"):
        print("papers", len(papers), [p is points for p in papers])
        print("rough", [(tuple(f.dials), w, round(t/f.points, 3)) for t, _, w, f in rough])
        print("still", [round(_total(s)/s.points,3) for s in still.values()])
        print("one", [({k: round(float(v[-1]),3) if v.ndim==1 else 's' for k,v in b.dials.items()}, w, round(_total(b)/b.points,3)) for b, w in tries])
    if _total(best) + _RARER * (world is not land) * best.points + doubt > _total(stillest):
        return stillest
    pair = _with_second(scenes[world], best, kinds)
    if len(pair.dials) < 2:
        return pair
    second = _fitted(scenes[world], {kind: _knotted(path) if kind != SHAKE else pair.values[kind] for kind, path in list(pair.dials.items())[1:]})  # the first may have stood in for two
    return min(pair, _with_second(scenes[world], second, kinds), key=_total)


def _with_second(scene: Scene, one: Fit, kinds: tuple[str, ...]) -> Fit:
    """Return the fit with the move that explains most beside that of `one`, or `one` if none explains enough."""
    few = Scene(scene.points.thinned(), scene.frames, scene.aspect, scene.world)
    rough = sorted(_one_more(few, kinds, one), key=_total)
    fine = [_fitted(scene, found.values) for found in rough[:_FINALISTS]]
    import os
    if os.environ.get("DEBUG"):
        print("second rough", [(tuple(f.dials), round(_total(f)/f.points, 3)) for f in rough])
        print("   fine", [({k: round(float(v[-1]),3) if v.ndim==1 else 's' for k,v in f.dials.items()}, round(_total(f)/f.points, 3)) for f in fine])
    return min(one, *fine, key=_total)


def _one_more(scene: Scene, kinds: tuple[str, ...], one: Fit | None) -> list[Fit]:
    """Return rough fits of each kind of move, beside `one`."""
    begin = {} if one is None else {kind: _knotted(path) if kind != SHAKE else one.values[kind] for kind, path in one.dials.items()}
    return [
        fit(scene, {each: free_curves(each, scene.frames) for each in (*begin, kind)}, begin, ROUGH)
        for kind in kinds
        if kind not in begin
    ]


def _fitted(scene: Scene, begin: dict[str, np.ndarray]) -> Fit:
    """Return the moves fitted with the nearest path that the spec can write."""
    free = fit(scene, {kind: free_curves(kind, scene.frames) for kind in begin}, begin, FINE)
    written = _written(free, scene.frames)
    if written is None:
        return free
    curves, values = written
    return fit(scene, curves, values, LAST)


def _written(free: Fit, frames: int) -> tuple[Curves, dict[str, np.ndarray]] | None:
    """Return the curves of the written path that is nearest to a free one, as far as the points can tell, and its weights."""
    kinds = [kind for kind in free.values if kind != SHAKE]
    if not kinds:
        return None
    owner = np.concatenate([[kind] * free.values[kind].size for kind in free.values])
    own = owner != SHAKE
    normal = free.normal[np.ix_(own, own)]
    path = np.concatenate([free.values[kind] for kind in kinds])
    best, least = None, math.inf
    for spans in spans_of(len(kinds)):
        shape = np.zeros((len(path), len(kinds)))
        for k, span in enumerate(spans):
            shape[len(path) // len(kinds) * k : len(path) // len(kinds) * (k + 1), k] = knots_of(span)
        weighted = shape.T @ normal
        amounts = np.linalg.solve(weighted @ shape + 1e-12 * np.eye(len(kinds)), weighted @ path)
        off = path - shape @ amounts
        cost = off @ normal @ off
        if cost < least:
            best, least = (spans, amounts), cost
    spans, amounts = best
    curves = {kind: spanned_curve(span, frames) for kind, span in zip(kinds, spans, strict=True)}
    values = {kind: np.array([amount]) for kind, amount in zip(kinds, amounts, strict=True)}
    if SHAKE in free.values:
        curves[SHAKE], values[SHAKE] = free_curves(SHAKE, frames), free.values[SHAKE]
    return curves, values


def _knotted(path: np.ndarray) -> np.ndarray:
    """Return the weights of the free curves that make a path."""
    return np.interp(np.arange(1, KNOTS + 1) / KNOTS, np.linspace(0, 1, len(path)), path)


def _total(found: Fit) -> float:
    """Return the cost with the price of the moves: each should explain more than chance does."""
    price = 0.0
    for number, (kind, path) in enumerate(found.dials.items()):
        price += _FIRST_MOVE if number == 0 else _SECOND_MOVE
        if kind == SHAKE:
            price += 0.1 + 0.2 * number + max(0.0, _rms(path) - 2.5)
        elif number and abs(path[-1]) < _LEAST_BESIDE[kind]:
            price += OUTLIER
        if kind in DEEP:
            price += 0.03 + OUTLIER * (np.abs(path).max() > _FARTHEST[kind])
    return found.cost + price * found.points


def _rms(shake: np.ndarray) -> float:
    return float(np.sqrt((shake**2).sum(0).mean()))
