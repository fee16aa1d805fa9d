"""The camera's path from the pictures alone: the world's own camera, fitted to how edges move.

Every kind of move is tried roughly on a few points, in every kind of world; the likeliest are fitted to all points,
with paths that the spec can write. What explains the points best for its price is the answer: a second move costs
more than a first, and a rarer world than a common one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from wan_sdk.nano.ruler import afloat, candidates, walls
from wan_sdk.nano.ruler.candidates import Candidate
from wan_sdk.nano.ruler.depths import World
from wan_sdk.nano.ruler.fitting import DEEP, OUTLIER, Fit, Scene
from wan_sdk.nano.ruler.paths import EASES
from wan_sdk.nano.ruler.points import Points
from wan_sdk.nano.ruler.rig import KINDS, SHAKE, rig_of
from wan_sdk.nano.ruler.water import water_of
from wan_sdk.nano.world.camera import LARGEST, RANGES
from wan_sdk.nano.world.places import SUBJECT_DISTANCE

_WAVES = 1.31 / SUBJECT_DISTANCE
"""Speed of the world's longest waves away from the camera, in distances a second."""
_FIRST_MOVE, _SECOND_MOVE, _ROOM, _WATER, _STILL_WATER = 0.15, 0.3, 0.05, 0.1, 0.05
_SMALL, _FAR, _SHAKEN, _SHAKEN_BESIDE, _USUAL_SHAKE = 0.1, 0.1, 0.3, 0.2, 2.5
"""Prices, in costs of a point: of a first and a second move, of a room, of water, less for a still camera on water
(waves make it look moved); of a move that is smaller than moves are, of one that changes the camera's place and goes as
far as any; of a shake, and more where it stands beside a move or shakes by more than so many degrees."""
_LEAST = {kind: 0.8 * RANGES[kind].smallest for kind in KINDS} | {"zoom": 0.8 * math.log(RANGES["zoom"].smallest)}
"""A move that is smaller may be none; beside another it corrects that one."""
_LEAST_SHAKE = 0.5 * RANGES[SHAKE].smallest
"""A shake of fewer degrees is none."""
_FARTHEST = dict(zip(DEEP, (0.55, 1.0, 0.75, 60.0), strict=True))
"""How far a move may go in a clip that still shows its subject."""
_FEWEST_POINTS = 8
_LEAST_SHAKEN = 9
"""Frames that it takes to tell a shake from a move."""
_PLAINER = 0.05
"""How much better a clip must move as one without a style for it to have that style."""
_DRY, _USUAL_WAVES, _WAVES_WEIGH = 0.85, 0.7, 3.0
"""What waves cost a likely camera where there are none, and usually where there are, and how much they count beside the
points. Below the second even a camera that goes with the waves, to which they stand, can't take still ground for them.
"""
_DOUBTFUL, _CERTAIN, _WALLS_WEIGH = 0.3, 0.45, 0.2
"""How surely a wall is to be seen to count at all, and in full, and by how much a room is likelier then."""
_FLOATING = 6
"""Candidates over water whose amounts are sought anew."""
_DOLLIES = (-0.3, -0.15, 0.15, 0.3)
"""Amounts that a dolly is tried with."""
_FINALISTS, _GUESSES, _STRETCHED, _EASED = 3, 6, (0.75, 1.33), 2
_PAIRS_AT_A_GLANCE = 2
_UNREAD = Fit({}, {}, np.zeros((0, 0)), 0.0)


def read_camera(papers: list[Points], frames: int, aspect: float, fps: float) -> Fit:
    """Return the moves that explain the pictures, and no more than do.

    Args:
      papers: Points of the clip, as it is and as it may be without its style.
      frames: Its length.
      aspect: Height over width of the picture.
      fps: Frames a second.
    """
    papers = _readable(papers)
    if not papers:
        return _UNREAD
    land, room, sea = _worlds(fps)
    kinds = (*KINDS, SHAKE) if frames >= _LEAST_SHAKEN else KINDS
    points, tried = _right_paper(papers, kinds, frames, aspect)
    few = {world: Scene(points.thinned(), frames, aspect, world) for world in (land, room, sea)}
    full = {world: Scene(points, frames, aspect, world) for world in (land, room, sea)}
    tried += candidates.rough(few[room], DEEP) + candidates.rough(few[sea], kinds)  # a turn is the same in a room
    tried = sorted((each for each in tried if each.kinds), key=_total)
    finalists = tried[:_FINALISTS] + _best_shaken(tried, kinds)
    found = [candidates.fine(full[each.scene.world], each) for each in finalists]
    found += [each.polished(full[each.scene.world]) for each in _guesses(few, land)]
    found += [candidates.steady(few[world], "dolly", _DOLLIES).polished(full[world]) for world in (land, room)]
    found += _eased(found)
    found += _stretched(found)
    found += _approached(found, (full[land], full[room]))
    found += [candidates.still(scene) for scene in full.values()]
    return _best(found, full[sea], fps).fit


def glance_at_camera(papers: list[Points], frames: int, aspect: float, fps: float) -> Fit:
    """Return roughly what `read_camera` returns, in about a quarter of its time: what moves, if anything does.

    Few points are looked at, and only the moves that all kinds fitted at once leave likely; all points are asked
    whether the best of them is one at all.
    """
    papers = _readable(papers)
    if not papers:
        return _UNREAD
    land, room, sea = _worlds(fps)
    joints = [candidates.all_at_once(Scene(each.thinned(), frames, aspect, land)) for each in papers]
    gains = [candidates.gain(joint) - _PLAINER * (number > 0) for number, joint in enumerate(joints)]
    chosen = int(np.argmax(gains))
    paper, points, found = papers[chosen], joints[chosen].scene.points, list[Candidate]()
    for world in (land, room, sea):
        joint = joints[chosen] if world == land else candidates.all_at_once(Scene(points, frames, aspect, world))
        scene = joint.scene
        found += [candidates.still(scene), *candidates.guessed(joint, _PAIRS_AT_A_GLANCE)]
        if world == land and frames >= _LEAST_SHAKEN:  # a turn is the same everywhere
            found += [shaken.polished(scene) for shaken in candidates.rough(scene, (SHAKE,))]
    best = _best(found, Scene(points, frames, aspect, sea), fps)
    if not best.kinds or best.scene.world == sea:
        return best.fit
    moved, rests = (Scene(paper, frames, aspect, world) for world in (best.scene.world, land))
    return min(best.polished(moved), candidates.still(rests), key=_total).fit  # all points have a say in that


def _readable(papers: list[Points]) -> list[Points]:
    return [points for points in papers if len(points) >= _FEWEST_POINTS and len(points.point)]


def _worlds(fps: float) -> tuple[World, World, World]:
    return World(), World(indoors=True), World(waves=_WAVES / fps)


def _best(found: list[Candidate], at_sea: Scene, fps: float) -> Candidate:
    """Return the likeliest candidate, the waves asked too: whether they are there, and who films them best."""
    water = water_of(at_sea.points, fps)
    ashore = [each for each in found if not each.scene.world.waves]
    seen = _walls_seen(min(ashore, key=_total))
    floating = _likeliest_of_each([each for each in found if each.scene.world.waves])[:_FLOATING]
    costs = [afloat.cost_of(water, each) for each in floating]
    if min(costs) < _DRY:
        refined = afloat.refined(water, at_sea, floating)
        floating, costs = floating + refined, costs + [afloat.cost_of(water, each) for each in refined]
    weighed = [_WAVES_WEIGH * (cost - _USUAL_WAVES) for cost in costs]
    totals = [(_total(each) + more, each) for each, more in zip(floating, weighed, strict=True)]
    totals += [(_total(each) - _less_for_walls(each, seen), each) for each in ashore]
    return min(totals, key=lambda priced: priced[0])[1]


def _walls_seen(likely: Candidate) -> float:
    """Return how surely a likely camera films a room, 0 to 1."""
    scene, dials = likely.scene, likely.fit.dials
    rig = rig_of(dials, scene.frames, scene.aspect)
    sure = walls.sureness(scene.points, rig, float(dials["zoom"][-1]) if "zoom" in dials else 0.0)
    return float(np.clip((sure - _DOUBTFUL) / (_CERTAIN - _DOUBTFUL), 0, 1))


def _less_for_walls(candidate: Candidate, seen: float) -> float:
    """Return by how much a candidate is likelier for walls that are seen, which also tell how far a move goes.

    A turn and a zoom are the same indoors and out, so they pay for the likelier place.
    """
    if candidate.scene.world.indoors:
        return seen * (_WALLS_WEIGH + _far(candidate))
    return 0.0 if candidate.kinds & set(DEEP) else max(0.0, seen * _WALLS_WEIGH - _ROOM)


def _right_paper(
    papers: list[Points], kinds: Iterable[str], frames: int, aspect: float
) -> tuple[Points, list[Candidate]]:
    """Return the points of the clip without its style, and each move tried on them: there a move explains most."""
    best, most = (papers[0], list[Candidate]()), -math.inf
    for number, points in enumerate(papers):
        scene = Scene(points.thinned(), frames, aspect, World())
        still, moved = candidates.still(scene, rough=True), candidates.rough(scene, kinds)
        gain = still.fit.cost - min(still.fit.cost, *(each.fit.cost for each in moved)) - _PLAINER * (number > 0)
        if gain > most:
            best, most = (points, moved), gain
    return best


def _best_shaken(tried: list[Candidate], kinds: tuple[str, ...]) -> list[Candidate]:
    """Return the best move with a shake beside it, if it is among the two best and a shake can be told."""
    if SHAKE not in kinds:
        return []
    steady = [each for each in tried[:2] if SHAKE not in each.kinds]
    return [shaken for each in steady[:1] for shaken in candidates.rough(each.scene, (SHAKE,), each.fit)]


def _guesses(few: dict[World, Scene], land: World) -> list[Candidate]:
    """Return the best guesses, one of each set of moves in each world."""
    found: list[Candidate] = []
    for world, scene in few.items():
        for each in candidates.guessed(candidates.all_at_once(scene)):
            found.append(each)
            if world != land and each.kinds & set(DEEP):
                found.append(each.moved_to(few[land]))
    return _likeliest_of_each(found)[:_GUESSES]


def _eased(found: list[Candidate]) -> list[Candidate]:
    """Return the best candidates in every ease, if they are one move each that brings depths in."""
    likely = [each for each in _likeliest_of_each(found)[:_EASED] if len(each.kinds) == 1 and each.kinds <= set(DEEP)]
    return [each.eased(ease) for each in likely for ease in EASES]


def _stretched(found: list[Candidate]) -> list[Candidate]:
    """Return the best candidates from other amounts: depths that fit one may hold it, though another were better."""
    likely = [each for each in sorted(found, key=_total)[:_FINALISTS] if each.kinds & set(DEEP)]
    return [each.stretched(factor, DEEP) for each in likely for factor in _STRETCHED]


def _approached(found: list[Candidate], scenes: Iterable[Scene]) -> list[Candidate]:
    """Return the best zoom as a dolly, if a zoom is among the best candidates."""
    likely = [each for each in sorted(found, key=_total)[:_FINALISTS] if each.kinds & {"zoom", "dolly"} == {"zoom"}][:1]
    return [each.approached(scene) for each in likely for scene in scenes]


def _likeliest_of_each(found: list[Candidate]) -> list[Candidate]:
    """Return the best candidate of each set of moves in each world, the best first."""
    best: dict[tuple[World, frozenset[str]], Candidate] = {}
    for each in sorted(found, key=_total):
        best.setdefault((each.scene.world, each.kinds), each)
    return list(best.values())


def _total(candidate: Candidate) -> float:
    """Return the cost with the price of the moves: each should explain more than chance does."""
    world, dials = candidate.scene.world, candidate.fit.dials
    price = _ROOM * world.indoors + _WATER * (world.waves > 0) - _STILL_WATER * (world.waves > 0 and not dials)
    for number, (kind, path) in enumerate(dials.items()):
        price += _FIRST_MOVE if number == 0 else _SECOND_MOVE
        if kind == SHAKE:
            price += _SHAKEN + _SHAKEN_BESIDE * number + max(0.0, _rms(path) - _USUAL_SHAKE)
            price += OUTLIER * (_rms(path) < _LEAST_SHAKE)
        elif abs(path[-1]) < _LEAST[kind]:
            price += OUTLIER if number else _SMALL
        if kind in DEEP:
            price += OUTLIER * (np.abs(path).max() > _FARTHEST[kind])
    return candidate.fit.cost + price + _far(candidate)


def _far(candidate: Candidate) -> float:
    """Return the price of going far."""
    dials = candidate.fit.dials
    return float(_FAR * sum((dials[kind][-1] / LARGEST[kind]) ** 2 for kind in dials if kind in DEEP))


def _rms(shake: np.ndarray) -> float:
    return float(np.sqrt((shake**2).sum(0).mean()))
