"""The camera's path from the pictures alone: the world's own camera, fitted to how edges move.

Moves are taken up one after the other, the one that explains most first, as long as one more explains
enough. Each is fitted with a free path first, then with the nearest path that the spec can write.
"""

from __future__ import annotations

import math, os
from itertools import combinations

import numpy as np

from wan_sdk.nano.ruler.depths import World
from wan_sdk.nano.ruler.fitting import DEEP, FINE, LAST, OUTLIER, POLISH, QUICK, ROUGH, Fit, Scene, fit
from wan_sdk.nano.ruler.paths import KNOTS, Curves, free_curves, shapes_of, spanned_curve, spans_of
from wan_sdk.nano.ruler.points import Points
from wan_sdk.nano.ruler.rig import KINDS, SHAKE
from wan_sdk.nano.world.camera import LARGEST, RANGES
from wan_sdk.nano.world.places import SUBJECT_DISTANCE

_WAVES = 1.31 / SUBJECT_DISTANCE
"""Speed of the world's waves away from the camera, in distances a second."""
_FIRST_MOVE, _SECOND_MOVE, _RARER, _ON_WATER = 0.15, 0.25, 0.1, 0.05
_LEAST_BESIDE = {kind: 0.8 * RANGES[kind].smallest for kind in KINDS} | {
    "zoom": 0.8 * math.log(RANGES["zoom"].smallest)
}
"""A second move that is smaller corrects the first rather than being one."""
_FINALISTS, _SINGLES, _PAIRS, _GUESSES = 3, 3, 7, 6
_MODEST = 0.1
_PLAINER = 0.05
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
        return Fit({}, {}, np.zeros((0, 0)), 0.0)
    land, room, sea = World(), World(indoors=True), World(waves=_WAVES / fps)
    kinds = (*KINDS, SHAKE) if frames >= _LEAST_SHAKEN else KINDS
    tries = [_tried(Scene(points.thinned(), frames, aspect, land), kinds) for points in papers]
    paper = max(range(len(papers)), key=lambda k: _gain(tries[k]) - _PLAINER * (k > 0))
    points, rough = papers[paper], tries[paper]
    few = {world: Scene(points.thinned(), frames, aspect, world) for world in (land, room, sea)}
    for world, some in ((room, DEEP), (sea, kinds)):
        rough += _tried(few[world], some)
    rough.sort(key=_rough_total)
    shaken = [(scene, found) for scene, one in rough[:2] if one.dials and SHAKE not in one.dials for found in _one_more(scene, kinds[8:], one)]
    full = {world: Scene(points, frames, aspect, world) for world in few}
    finalists = [each for each in rough if each[1].dials][:_FINALISTS] + shaken[:1]
    fits = [(full[scene.world], *_fitted(full[scene.world], found.values)) for scene, found in finalists]
    guesses = []
    for scene in few.values():
        for curves, values in _guessed(scene):
            for other in {scene.world, land} if set(DEEP) & set(curves) else {scene.world}:
                guesses.append((few[other], fit(few[other], curves, values, QUICK), curves))
    guesses.sort(key=lambda each: _rough_total(each[:2]))
    for scene, found, curves in _distinct(guesses)[:_GUESSES]:
        fits.append((full[scene.world], fit(full[scene.world], curves, found.values, POLISH), curves))
    fits.sort(key=lambda each: _rough_total(each[:2]))
    for scene, found, curves in fits[:_FINALISTS]:
        if set(DEEP) & set(found.dials):
            for factor in (0.75, 1.33):
                values = {kind: value * (factor if kind in DEEP else 1) for kind, value in found.values.items()}
                fits.append((scene, fit(scene, curves, values, LAST), curves))
    fits += [(scene, fit(scene, {}, {}, LAST), {}) for scene in full.values()]
    if os.environ.get("DEBUG"):
        say = lambda b: {k: round(float(v[-1]),3) if v.ndim==1 else 's' for k,v in b.dials.items()}
        print("papers", len(papers), paper, [round(float(_gain(t)),3) for t in tries])
        print("rough", [(*f.dials, f"{s.world.indoors:d}{s.world.waves>0:d}", round(float(_rough_total((s,f))), 3)) for s, f in rough])
        print("final", [(say(f), f"{s.world.indoors:d}{s.world.waves>0:d}", round(float(_rough_total((s,f))), 3)) for s, f, _ in fits])
        print("guess", [(say(f), f"{s.world.indoors:d}{s.world.waves>0:d}", round(float(_rough_total((s,f))), 3)) for s, f, _ in guesses[:8]])
    return min(fits, key=lambda each: _rough_total(each[:2]))[1]


def _guessed(scene: Scene) -> list[tuple[Curves, dict[str, np.ndarray]]]:
    """Return the single moves and pairs that come nearest to all moves fitted at once."""
    joint = fit(scene, {kind: free_curves(kind, scene.frames) for kind in KINDS}, {}, ROUGH)
    found = []
    for count, most in ((1, _SINGLES), (2, _PAIRS)):
        ranked = sorted((_written(joint, kinds, scene.frames) for kinds in combinations(KINDS, count)), key=lambda each: each[0])
        found += [(curves, values) for _, curves, values in ranked[:most]]
    return found


def _distinct(guesses: list[tuple[Scene, Fit, Curves]]) -> list[tuple[Scene, Fit, Curves]]:
    """Return the best of each set of moves in each world."""
    best: dict[tuple[World, frozenset[str]], tuple[Scene, Fit, Curves]] = {}
    for each in guesses:
        best.setdefault((each[0].world, frozenset(each[2])), each)
    return list(best.values())


def _tried(scene: Scene, kinds: tuple[str, ...]) -> list[tuple[Scene, Fit]]:
    return [(scene, found) for found in (fit(scene, {}, {}, ROUGH), *_one_more(scene, kinds, None))]


def _gain(tries: list[tuple[Scene, Fit]]) -> float:
    """Return how much better than stillness the best move explains a scene, for a point."""
    still = tries[0][1]
    return still.cost - min(found.cost for _, found in tries)


def _rough_total(each: tuple[Scene, Fit]) -> float:
    scene, found = each
    price = _RARER * (scene.world != World())
    if not found.dials and scene.world.waves:
        price -= _ON_WATER  # waves make a still camera look moved
    return _total(found) + price


def _one_more(scene: Scene, kinds: tuple[str, ...], one: Fit | None) -> list[Fit]:
    """Return rough fits of each kind of move, beside `one`."""
    begin = {} if one is None else {kind: _knotted(path) if kind != SHAKE else one.values[kind] for kind, path in one.dials.items()}
    return [
        fit(scene, {each: free_curves(each, scene.frames) for each in (*begin, kind)}, begin, ROUGH)
        for kind in kinds
        if kind not in begin
    ]


def _fitted(scene: Scene, begin: dict[str, np.ndarray]) -> tuple[Fit, Curves]:
    """Return the moves fitted with the nearest path that the spec can write."""
    curves = {kind: free_curves(kind, scene.frames) for kind in begin}
    free = fit(scene, curves, begin, FINE)
    kinds = tuple(kind for kind in begin if kind != SHAKE)
    if not kinds:
        return free, curves
    _, curves, values = _written(free, kinds, scene.frames)
    if SHAKE in begin:
        curves, values = curves | {SHAKE: free_curves(SHAKE, scene.frames)}, values | {SHAKE: free.values[SHAKE]}
    return fit(scene, curves, values, LAST), curves


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
            price += 0.03 + _MODEST * (path[-1] / LARGEST[kind]) ** 2 + OUTLIER * (np.abs(path).max() > _FARTHEST[kind])
    return found.cost + price


def _rms(shake: np.ndarray) -> float:
    return float(np.sqrt((shake**2).sum(0).mean()))
