"""The camera's path from the pictures alone: the world's own camera, fitted to how edges move.

Moves are taken up one after the other, the one that explains most first, as long as one more explains
enough. Each is fitted with a free path first, then with the nearest path that the spec can write.
"""

from __future__ import annotations

import math, os

import numpy as np

from wan_sdk.nano.ruler.depths import World
from wan_sdk.nano.ruler.fitting import DEEP, FINE, LAST, OUTLIER, ROUGH, SECOND, Fit, Scene, fit
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
_FINALISTS, _SEEDS, _PAIRS = 3, 4, 4
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
        return Fit({}, {}, np.zeros((0, 0)), 0.0, 0.0)
    land, room, sea = World(), World(indoors=True), World(waves=_WAVES / fps)
    kinds = (*KINDS, SHAKE) if frames >= _LEAST_SHAKEN else KINDS
    tries = [_tried(Scene(points.thinned(), frames, aspect, land), kinds) for points in papers]
    paper = max(range(len(papers)), key=lambda k: _gain(tries[k]) - _PLAINER * (k > 0))
    points, rough = papers[paper], tries[paper]
    few = {world: Scene(points.thinned(), frames, aspect, world) for world in (land, room, sea)}
    for world, some in ((room, DEEP), (sea, kinds)):
        rough += _tried(few[world], some)
    rough.sort(key=_rough_total)
    pairs = [
        (scene, found)
        for scene, one in [each for each in rough if SHAKE not in each[1].dials][:_SEEDS]
        if one.dials
        for found in _one_more(scene, kinds, one)
    ]
    pairs.sort(key=_rough_total)
    full = {world: Scene(points, frames, aspect, world) for world in few}
    finalists = [each for each in rough if each[1].dials][:_FINALISTS] + _distinct(pairs)[:_PAIRS]
    fits = [(full[scene.world], _fitted(full[scene.world], found.values)) for scene, found in finalists]
    fits += [(scene, fit(scene, {}, {}, LAST)) for scene in full.values()]
    if os.environ.get("DEBUG"):
        say = lambda b: {k: round(float(v[-1]),3) if v.ndim==1 else 's' for k,v in b.dials.items()}
        print("papers", len(papers), paper, [round(float(_gain(t)),3) for t in tries])
        print("rough", [(*f.dials, f"{s.world.indoors:d}{s.world.waves>0:d}", round(float(_rough_total((s,f))/f.points), 3)) for s, f in rough])
        print("pairs", [(*f.dials, f"{s.world.indoors:d}{s.world.waves>0:d}", round(float(_rough_total((s,f))/f.points), 3)) for s, f in pairs[:8]])
        print("final", [(say(f), f"{s.world.indoors:d}{s.world.waves>0:d}", round(float(_rough_total((s,f))/f.points), 3)) for s, f in fits])
    return min(fits, key=_rough_total)[1]


def _tried(scene: Scene, kinds: tuple[str, ...]) -> list[tuple[Scene, Fit]]:
    return [(scene, found) for found in (fit(scene, {}, {}, ROUGH), *_one_more(scene, kinds, None))]


def _gain(tries: list[tuple[Scene, Fit]]) -> float:
    """Return how much better than stillness the best move explains a scene, for a point."""
    still = tries[0][1]
    return (still.cost - min(found.cost for _, found in tries)) / still.points


def _rough_total(each: tuple[Scene, Fit]) -> float:
    scene, found = each
    price = _RARER * (scene.world != World())
    if not found.dials and scene.world.waves:
        price -= _ON_WATER  # waves make a still camera look moved
    return _total(found) + price * found.points


def _distinct(pairs: list[tuple[Scene, Fit]]) -> list[tuple[Scene, Fit]]:
    """Return the best of each pair of moves in each world."""
    best: dict[tuple[World, frozenset[str]], tuple[Scene, Fit]] = {}
    for scene, found in pairs:
        best.setdefault((scene.world, frozenset(found.dials)), (scene, found))
    return list(best.values())


def _one_more(scene: Scene, kinds: tuple[str, ...], one: Fit | None) -> list[Fit]:
    """Return rough fits of each kind of move, beside `one`."""
    begin = {} if one is None else {kind: _knotted(path) if kind != SHAKE else one.values[kind] for kind, path in one.dials.items()}
    return [
        fit(scene, {each: free_curves(each, scene.frames) for each in (*begin, kind)}, begin, SECOND if begin else ROUGH)
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
