"""The camera's path from the pictures alone: the world's own camera, fitted to how edges move.

A point on an edge, chosen in one frame, is looked for in the frames after it where a supposed camera would show
it; what is wrong with the camera shows as a difference in brightness there. Below the horizon a point is
expected to lie on the ground, which gives the unit of length: the eye stands 0.28 of the subject's distance
above it. Elsewhere it is expected far away, or at a depth of its own.

Moves are taken up one after the other, the one that explains most first, as long as one more explains
enough. The fit is robust: points that do not go with the rest, such as those on the subject, lose their weight.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wan_sdk.nano.ruler.points import Points
from wan_sdk.nano.world.backdrop import WALL_DEPTH
from wan_sdk.nano.world.camera import RANGES
from wan_sdk.nano.world.places import EYE, FOCAL, SUBJECT_DISTANCE
from wan_sdk.spec.camera_pose import FRAME_WIDTH

KINDS = ("pan", "tilt", "roll", "zoom", "dolly", "truck", "pedestal", "orbit")
SHAKE = "handheld"
EYE_HEIGHT = EYE / SUBJECT_DISTANCE

_STARTS = {kind: sum(RANGES[kind].start) / 2 for kind in KINDS} | {"zoom": 0.0}
_KNOTS = 6
_SCHEDULE = ((0, 1, 0.02, 3), (0, 2, 0.012, 3), (1, 3, 0.008, 3), (1, 5, 0.006, 3), (2, 5, 0.004, 3))
"""Blur, frames after a point's first, usual error in half widths, and steps taken with them."""
_GROUND_SIGMA, _ELSEWHERE_SIGMA = 0.04, 0.03
_LEAST_SLOPE = 40.0
_OUTLIER, _PAPER = 8.0, 0.9
"""Costs of a point: that goes with nothing, that stays with the picture (hatching, a vignette)."""
_WAVES = 1.31 / SUBJECT_DISTANCE
"""Speed of the world's waves away from the camera, in distances a second."""
_FIRST_MOVE, _SECOND_MOVE, _RARER, _ON_WATER = 0.12, 0.18, 0.1, 0.2
_LEAST_BESIDE = {kind: 0.8 * RANGES[kind].smallest for kind in KINDS} | {
    "zoom": 0.8 * math.log(RANGES["zoom"].smallest)
}
"""A second move that is smaller corrects the first rather than being one."""
_DEPTHS = (0.25, 0.32, 0.4, 0.5, 0.65, 0.9, 1.05)
_CENTRAL = 0.03
"""Importance of a point in the middle, where the subject is and may move by itself."""
_FINALISTS = 2
_LEAST_SHAKEN = 9
"""Frames that it takes to tell a shake from a move."""
_DEEP = {"dolly": 0.55, "truck": 1.0, "pedestal": 0.75, "orbit": 60.0}
"""The moves that change the place of the camera, and how far one may go in a clip that still shows its subject."""
OUTDOORS, INDOORS = 0.1, SUBJECT_DISTANCE / WALL_DEPTH
"""One over the distance that is usual above the horizon: hills and clouds, or a wall."""
_TURN_AXES = np.array(
    [
        [[0, 0, -1], [0, 0, 0], [1, 0, 0]],  # yaw to the right
        [[0, 0, 0], [0, 0, -1], [0, 1, 0]],  # pitch up
        [[0, -1, 0], [1, 0, 0], [0, 0, 0]],  # roll clockwise
    ],
    float,
)


@dataclass
class Fit:
    """Hold how far each move has gone at every frame, and how well that explains the points.

    Args:
      dials: Kind of move to its path over the frames, in its own unit (a zoom: the logarithm of the ratio;
        a shake: yaw, pitch and roll).
      values: What the paths are made of, one after the other.
      depths: [points] one over the distance of each point when it was found, in distances of the subject.
      cost: Of all points, robust, in squares of the usual error.
      points: Sum of the points' importance.
    """

    dials: dict[str, np.ndarray]
    values: np.ndarray
    depths: np.ndarray
    cost: float
    points: float


@dataclass
class Rig:
    """Hold the camera at every frame: its directions [frames, 3, 3], place in distances, log focal, and turns."""

    turn: np.ndarray
    roll_pitch: np.ndarray
    roll: np.ndarray
    place: np.ndarray
    log_focal: np.ndarray
    angle: np.ndarray
    first_distance: float


def rig_of(dials: dict[str, np.ndarray], frames: int, aspect: float) -> Rig:
    """Return the camera of every frame, each move begun as the world begins it on average."""
    at = {kind: dials.get(kind, np.zeros(frames)) for kind in KINDS}
    moved = {kind: path - _start(kind, path[-1]) * path[-1] for kind, path in at.items()}
    first_distance = 1 / max(1 - _STARTS["dolly"] * at["dolly"][-1], 0.4)
    distance = first_distance * (1 - at["dolly"])
    aside = moved["truck"] * FRAME_WIDTH * first_distance
    angle = np.radians(moved["orbit"])
    shake = np.radians(dials.get(SHAKE, np.zeros((3, frames))))
    yaw = np.radians(moved["pan"]) - angle + shake[0]
    pitch, roll = np.radians(moved["tilt"]) + shake[1], np.radians(moved["roll"]) + shake[2]
    up = moved["pedestal"] * FRAME_WIDTH * aspect * first_distance
    up = up + max(0.0, 0.3 / SUBJECT_DISTANCE - EYE_HEIGHT - up.min())
    place = np.stack(
        [
            aside * np.cos(angle) + distance * np.sin(angle),
            up,
            1 + aside * np.sin(angle) - distance * np.cos(angle),
        ],
        1,
    )
    zero, one = np.zeros(frames), np.ones(frames)
    ry = _matrix(np.cos(yaw), zero, np.sin(yaw), zero, one, zero, -np.sin(yaw), zero, np.cos(yaw))
    rx = _matrix(one, zero, zero, zero, np.cos(pitch), np.sin(pitch), zero, -np.sin(pitch), np.cos(pitch))
    rz = _matrix(np.cos(roll), np.sin(roll), zero, -np.sin(roll), np.cos(roll), zero, zero, zero, one)
    return Rig(ry @ rx @ rz, rx @ rz, rz, place, moved["zoom"], angle, first_distance)


def _start(kind: str, amount: float) -> float:
    start = _STARTS[kind]
    return 1 - start if kind in ("tilt", "pedestal") and amount < 0 else start


def _matrix(*values: np.ndarray) -> np.ndarray:
    return np.stack(values, -1).reshape(-1, 3, 3)


class Scene:
    """The points of a clip, ready to be explained by moves of the camera."""

    def __init__(self, points: Points, frames: int, aspect: float, usual_depth: float, waves: float = 0.0) -> None:
        self.points, self.frames, self.aspect, self.usual_depth = points, frames, aspect, usual_depth
        u, v = points.start.T
        central = (u / 0.55) ** 2 + ((v + 0.08) / (0.75 * aspect)) ** 2 < 1
        self.central = central
        self.importance = np.where(central, _CENTRAL, 1.0)
        self.points_in_all = float(self.importance.sum())
        self.price = _RARER * self.points_in_all * (usual_depth == INDOORS or waves > 0)
        self.drift = np.where(v < -0.03, waves, 0.0)
        self._looks: dict[tuple[int, int, float], Look] = {}

    def look(self, level: int, span: int, scale: float) -> Look:
        """Return the sightings in pictures of one blur, at most some frames after a point was chosen."""
        key = (level, span, scale)
        if key not in self._looks:
            self._looks[key] = Look(self, level, span, scale)
        return self._looks[key]

    def seen(self, rig: Rig, depths: np.ndarray, sightings: np.ndarray) -> np.ndarray:
        """Return where each sighting would be, [sightings, 2]."""
        points = self.points
        point = points.point[sightings]
        one, two = points.anchor[point], points.frame[sightings]
        focal = FOCAL * np.exp(rig.log_focal)
        ray = np.concatenate([points.start / focal[points.anchor][:, None], np.ones((len(points), 1))], 1)
        world = (rig.turn[points.anchor] @ ray[..., None])[..., 0][point]
        moved = rig.place[one] - rig.place[two]
        moved[:, 2] += self.drift[point] * (two - one)
        world = world + depths[point, None] * moved
        there = (rig.turn.swapaxes(-1, -2)[two] @ world[..., None])[..., 0]
        return there[:, :2] / np.maximum(there[:, 2:], 0.05) * focal[two][:, None]

    def columns(
        self, rig: Rig, kinds: tuple[str, ...], t: np.ndarray, place: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the motion in the picture, at some places and times, for a unit of each dial.

        Returns:
          Two arrays [dials, sightings, 2]: apart from depth, and for a depth of 1.
        """
        focal = FOCAL * np.exp(rig.log_focal[t])[:, None]
        ray = np.concatenate([place / focal, np.ones((len(t), 1))], 1)
        apart, deep = [], []

        def in_picture(v: np.ndarray) -> np.ndarray:
            return focal * (v[:, :2] - ray[:, :2] * v[:, 2:])

        def turned(axis: int, seen_by: np.ndarray | None) -> np.ndarray:
            generator = _TURN_AXES[axis]
            if seen_by is not None:
                generator = seen_by.swapaxes(-1, -2) @ generator @ seen_by
                return in_picture((generator[t] @ ray[..., None])[..., 0])
            return in_picture(ray @ generator.T)

        def moved(way: np.ndarray) -> np.ndarray:
            seen = (rig.turn.swapaxes(-1, -2) @ way[..., None])[..., 0]
            return -in_picture(seen[t])

        degree = math.pi / 180
        nothing = np.zeros_like(place)
        cos, sin, zero = np.cos(rig.angle), np.sin(rig.angle), np.zeros(self.frames)
        right, forward = np.stack([cos, zero, sin], 1), np.stack([-sin, zero, cos], 1)
        width = FRAME_WIDTH * rig.first_distance
        for kind in kinds:
            if kind == "pan":
                apart.append(turned(0, rig.roll_pitch) * degree)
                deep.append(nothing)
            elif kind == "tilt":
                apart.append(turned(1, rig.roll) * degree)
                deep.append(nothing)
            elif kind == "roll":
                apart.append(turned(2, None) * degree)
                deep.append(nothing)
            elif kind == "zoom":
                apart.append(place)
                deep.append(nothing)
            elif kind == "dolly":
                apart.append(nothing)
                deep.append(moved(forward * rig.first_distance))
            elif kind == "truck":
                apart.append(nothing)
                deep.append(moved(right * width))
            elif kind == "pedestal":
                apart.append(nothing)
                deep.append(moved(np.stack([zero, zero + width * self.aspect, zero], 1)))
            elif kind == "orbit":
                apart.append(-turned(0, rig.roll_pitch) * degree)
                deep.append(moved(right * degree))
            else:
                for axis, seen_by in enumerate((rig.roll_pitch, rig.roll, None)):
                    apart.append(turned(axis, seen_by) * degree)
                    deep.append(nothing)
        return np.array(apart).reshape(-1, *place.shape), np.array(deep).reshape(-1, *place.shape)

    def expected_depths(self, rig: Rig) -> tuple[np.ndarray, np.ndarray]:
        """Return the depth of each track if it lies on the ground, and how sure that is (its sigma)."""
        at = self.points.anchor
        focal = FOCAL * np.exp(rig.log_focal[at])[:, None]
        ray = np.concatenate([self.points.start / focal, np.ones((len(at), 1))], 1)
        down = -(rig.turn[at] @ ray[..., None])[:, 1, 0]
        ground = down / np.maximum(EYE_HEIGHT + rig.place[at, 1], 0.05)
        low = ground > 0.12
        return np.where(low, ground, self.usual_depth), np.where(low, _GROUND_SIGMA, _ELSEWHERE_SIGMA)


class Look:
    """Some sightings of a scene's points, in pictures of one blur."""

    def __init__(self, scene: Scene, level: int, span: int, scale: float) -> None:
        self.scene, self.level, self.scale = scene, level, scale
        points = scene.points
        self.sightings = np.flatnonzero(points.frame - points.anchor[points.point] <= span)
        self.point, self.frame = points.point[self.sightings], points.frame[self.sightings]
        brightness, slope, _ = points.look(level, points.anchor, points.start)
        self._brightness = brightness[self.point]
        self._steepness = np.maximum(np.linalg.norm(slope, axis=1), _LEAST_SLOPE)[self.point]
        _, error, _, inside = self.difference(rig_of({}, scene.frames, scene.aspect), np.zeros(len(points)))
        self.still_cost, _ = self.flow_cost(error, inside)

    def difference(self, rig: Rig, depths: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return where the sightings should be, how far off they are across their edge, the edges, and which count."""
        place = self.scene.seen(rig, depths, self.sightings)
        brightness, slope, inside = self.scene.points.look(self.level, self.frame, place)
        return place, (self._brightness - brightness) / self._steepness, slope / self._steepness[:, None], inside

    def flow_cost(self, error: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return how badly each point is seen where it should be, and how often it is seen at all (at least 1)."""
        count = len(self.scene.points)
        seen = np.bincount(self.point, inside, count)
        cost = np.bincount(self.point, inside * np.log1p((error / self.scale) ** 2 / 4), count)
        return 4 * cost / np.maximum(seen, 1), np.maximum(seen, 1)


def fit(scene: Scene, kinds: tuple[str, ...], begin: Fit | None = None, *, rough: bool = False) -> Fit:
    """Fit the paths of some moves to the pictures, from coarse to fine."""
    curves = _curves(kinds, scene.frames)
    values = np.zeros(sum(map(len, curves)))
    if begin is not None:  # its moves come first
        values[: len(begin.values)] = begin.values
    rig = rig_of(_dials(values, kinds, curves), scene.frames, scene.aspect)
    depths = scene.expected_depths(rig)[0]
    cost = 0.0
    for level, span, scale, rounds in _SCHEDULE[:3] if rough else _SCHEDULE:
        look = scene.look(level, span, scale)
        if _DEEP.keys() & set(kinds) and np.any(values):
            depths = _searched_depths(look, rig, depths)
        for _ in range(rounds if kinds else 1):
            step, depth_step, cost = _step(look, kinds, curves, values, depths, rig)
            values, depths = values + step, np.clip(depths + depth_step, 0.0, 2.5)
            rig = rig_of(_dials(values, kinds, curves), scene.frames, scene.aspect)
    return Fit(_dials(values, kinds, curves), values, depths, cost + scene.price, scene.points_in_all)


def _step(
    look: Look, kinds: tuple[str, ...], curves: list[np.ndarray], values: np.ndarray, depths: np.ndarray, rig: Rig
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return a robust Gauss-Newton step of the dials and of the depths, and the cost before it."""
    scene, point, t, scale = look.scene, look.point, look.frame, look.scale
    count = len(depths)
    place, error, slope, inside = look.difference(rig, depths)
    flow_cost, seen = look.flow_cost(error, inside)
    expected, sigma = scene.expected_depths(rig)
    depth_cost, pull = _depth_cost(scene, depths, (depths - expected) / sigma, expected)
    of_camera, of_picture = flow_cost + depth_cost, look.still_cost + _PAPER
    belongs = 1 / (1 + np.exp(np.clip(of_camera - of_picture, -30, 30)))
    trust = scene.importance * belongs * np.exp(-of_camera / _OUTLIER)
    weight = trust[point] * inside / (1 + (error / scale) ** 2 / 4) / seen[point]

    apart, deep = scene.columns(rig, kinds, t, place)
    start, rho = scene.points.anchor[point], depths[point]
    rows = [
        ((a + rho[:, None] * d) * slope).sum(1) * (curve[:, t] - curve[:, start])
        for a, d, curve in zip(apart, deep, curves, strict=True)
    ]
    design = np.concatenate(rows) if rows else np.zeros((0, len(t)))
    tiny = 1e-3
    by_depth = ((scene.seen(rig, depths + tiny, look.sightings) - place) * slope).sum(1) / tiny
    prior = trust * (scale / sigma) ** 2 * pull
    a = np.bincount(point, weight * by_depth**2, count) + prior + 1e-12
    c = np.bincount(point, weight * by_depth * error, count) + prior * (expected - depths)
    b = np.stack([np.bincount(point, row, count) for row in design * (weight * by_depth)]) if rows else design[:, :0]
    b = b if rows else np.zeros((0, count))
    weighted = design * weight
    normal = weighted @ design.T - (b / a) @ b.T
    gradient = weighted @ error - (b / a) @ c
    smooth = _smoothness(kinds, normal)
    normal = normal + smooth + np.diag(1e-3 * np.diag(normal) + 1e-12)
    step = np.linalg.solve(normal, gradient - smooth @ values)
    cost = scene.importance * _OUTLIER * (1 - np.exp(-np.minimum(of_camera, of_picture) / _OUTLIER))
    return step, (c - b.T @ step) / a, float(cost.sum())


def _searched_depths(look: Look, rig: Rig, depths: np.ndarray) -> np.ndarray:
    """Return for each point the best of a few depths: a slope alone would not lead from far away to a near tree."""
    expected, sigma = look.scene.expected_depths(rig)
    best, least = depths, np.full(len(depths), np.inf)
    for tried in (depths, expected, *(np.full_like(depths, depth) for depth in _DEPTHS)):
        _, error, _, inside = look.difference(rig, tried)
        cost = (
            look.flow_cost(error, inside)[0] + _depth_cost(look.scene, tried, (tried - expected) / sigma, expected)[0]
        )
        best, least = np.where(cost < least, tried, best), np.minimum(cost, least)
    return best


def _depth_cost(
    scene: Scene, depths: np.ndarray, odd: np.ndarray, expected: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return what the depth of each track costs: nothing where it is expected, less for scenery than for nothing known.

    The second array says how strongly each is drawn to where it is expected, 0 to 1.
    """
    ground = expected != scene.usual_depth
    scenery = (depths > 0.22) & (depths < 0.75) & ((depths > expected) | ~ground)
    elsewhere = np.where(scenery, np.where(ground, 2.0, 0.8), 5.0)
    elsewhere = np.where(scene.central & (np.abs(depths - 1) < 0.2), 0.7, elsewhere)
    usual = odd**2 / 2
    return np.minimum(usual, elsewhere), 1 / (1 + np.exp(np.clip(usual - elsewhere, -30, 30)))


def read_camera(points: Points, frames: int, aspect: float, fps: float) -> Fit:
    """Return the moves that explain the pictures, and no more than do.

    Args:
      points: Of the clip.
      frames: Its length.
      aspect: Height over width of the picture.
      fps: Frames a second.
    """
    if len(points) < 8 or not len(points.point):
        return Fit({}, np.zeros(0), np.zeros(0), 0.0, 0.0)
    worlds = [
        Scene(points, frames, aspect, OUTDOORS),
        Scene(points, frames, aspect, INDOORS),
        Scene(points, frames, aspect, OUTDOORS, _WAVES / fps),
    ]
    still = [fit(world, ()) for world in worlds]
    stillest = min(still, key=_total)
    tries = [(world, _with_one_more(world, begin)) for world, begin in zip(worlds, still, strict=True)]
    scene, best = min(tries, key=lambda pair: _total(pair[1]))
    doubt = _ON_WATER * stillest.points if stillest is still[-1] else 0.0  # waves make a still camera look moved
    if not best.dials or _total(best) + doubt > _total(stillest):
        return stillest
    pair = _with_one_more(scene, best)
    if len(pair.dials) < 2:
        return pair
    second = fit(scene, tuple(pair.dials)[1:])  # the first may have stood in for two
    return min(pair, _with_one_more(scene, second), key=_total)


def _with_one_more(scene: Scene, begin: Fit) -> Fit:
    """Return the fit with the move that explains most beside those of `begin`, or `begin` if none explains enough."""
    chosen = tuple(begin.dials)
    kinds = (*KINDS, SHAKE) if scene.frames >= _LEAST_SHAKEN else KINDS
    others = [kind for kind in kinds if kind not in chosen]
    rough = sorted((fit(scene, (*chosen, kind), begin, rough=True) for kind in others), key=_total)
    fine = [fit(scene, tuple(found.dials), found) for found in rough[:_FINALISTS]]
    return min((begin, *fine), key=_total)


def _total(found: Fit) -> float:
    """Return the cost with the price of the moves: each should explain more than chance does."""
    price = 0.0
    for number, (kind, path) in enumerate(found.dials.items()):
        price += (_FIRST_MOVE if number == 0 else _SECOND_MOVE) * found.points
        if kind == SHAKE:
            price += (0.1 + 0.2 * number + max(0.0, _rms(path) - 2.5)) * found.points
        elif number and abs(path[-1]) < _LEAST_BESIDE[kind]:
            price += _OUTLIER * found.points
        price += (0.03 if kind in _DEEP else 0.0) * found.points
        if kind in _DEEP and np.abs(path).max() > _DEEP[kind]:
            price += _OUTLIER * found.points
    return found.cost + price


def _rms(shake: np.ndarray) -> float:
    return float(np.sqrt((shake**2).sum(0).mean()))


def _curves(kinds: tuple[str, ...], frames: int) -> list[np.ndarray]:
    """Return for each dial the curves that its path is made of, [curves, frames]; three dials for a shake."""
    t = np.arange(frames) / (frames - 1) * _KNOTS
    smooth = np.stack([np.clip(1 - np.abs(t - knot), 0, 1) for knot in range(1, _KNOTS + 1)])
    free = np.eye(frames)[1:-1]
    return [rows for kind in kinds for rows in ([free] * 3 if kind == SHAKE else [smooth])]


def _split(values: np.ndarray, curves: list[np.ndarray]) -> list[np.ndarray]:
    return np.split(values, np.cumsum([len(rows) for rows in curves])[:-1]) if curves else []


def _dials(values: np.ndarray, kinds: tuple[str, ...], curves: list[np.ndarray]) -> dict[str, np.ndarray]:
    paths = [part @ rows for part, rows in zip(_split(values, curves), curves, strict=True)]
    dials, at = {}, 0
    for kind in kinds:
        size = 3 if kind == SHAKE else 1
        dials[kind] = np.stack(paths[at : at + 3]) if kind == SHAKE else paths[at]
        at += size
    return dials


def _smoothness(kinds: tuple[str, ...], normal: np.ndarray) -> np.ndarray:
    """Return a small preference for steady paths, so that times without points follow their neighbours."""
    total = np.zeros_like(normal)
    bend = np.diff(np.concatenate([np.zeros((1, _KNOTS)), np.eye(_KNOTS)]), n=2, axis=0)
    free = len(normal) - _KNOTS * len([kind for kind in kinds if kind != SHAKE])
    at = 0
    for kind in kinds:
        if kind == SHAKE:
            at += free
            continue
        own = slice(at, at + _KNOTS)
        total[own, own] = 0.02 * np.diag(normal)[own].mean() * bend.T @ bend
        at += _KNOTS
    return total
