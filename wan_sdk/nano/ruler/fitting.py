"""Fitting moves of the camera to points: robust Gauss-Newton on brightness, from coarse pictures to fine ones.

A point on an edge, chosen in one frame, is looked for in frames after it where a supposed camera would show it;
what is wrong with the camera shows as a difference in brightness there. Points that do not go with the rest, such
as those on the subject, lose their weight, and so do those that stay with the picture: hatching, a vignette.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from wan_sdk.nano.ruler.depths import GUESSES, World, depth_cost, layers_of
from wan_sdk.nano.ruler.paths import KNOTS, Curves, dials_of
from wan_sdk.nano.ruler.points import Points
from wan_sdk.nano.ruler.rig import SHAKE, Dials, Rig, rig_of
from wan_sdk.nano.world.camera import LARGEST

DEEP = ("dolly", "truck", "pedestal", "orbit")
"""The moves that change the place of the camera, so that near things move more than far ones."""
OUTLIER, _PAPER = 8.0, 0.9
"""Costs of a point: that goes with nothing, that stays with the picture (hatching, a vignette)."""
_LEAST_SLOPE = 40.0
"""Gray levels a half width, below which a difference in brightness says little about a place."""
_CENTRAL = 0.03
"""Importance of a point in the middle, where the subject is and may move by itself."""
_WAVE_SPEEDS = (1.0, 0.8, 0.62)
"""Of the long waves, the short ones, and where they mix, in parts of the first."""
_MODEST = 2.0
"""Points that would have to tell of a move for it to be as large as moves get."""
_NUDGES = {"zoom": 0.002, "dolly": 0.002, "truck": 0.002, "pedestal": 0.002}
_NUDGE_DEGREES = 0.05
"""Small changes of a move's path, to see where points would go with it."""

Stages = tuple[tuple[int, int, float, int], ...]
ROUGH = ((0, 1, 0.02, 3), (0, 2, 0.012, 3), (1, 3, 0.008, 3))
FINE = ((1, 3, 0.008, 2), (1, 5, 0.006, 2), (2, 5, 0.004, 2))
LAST = ((2, 12, 0.004, 3),)
QUICK = ((1, 5, 0.006, 1), (2, 12, 0.004, 1))
POLISH = ((1, 5, 0.006, 2), *LAST)
HELD = ((2, 12, 0.004, 1),)
"""Blur, frames after a point's first, usual error in half widths, and steps taken with them. A fit's cost is that
before its last step: after `HELD`, of where it began."""


@dataclass
class Fit:
    """Hold how far each move has gone at every frame, and how well that explains the points.

    Args:
      dials: Kind of move to its path.
      values: Kind to the weights of the curves that its path is made of.
      normal: The last step's normal equations, by kinds in order.
      cost: Of a point in the mean, robust, in squares of the usual error.
    """

    dials: Dials
    values: dict[str, np.ndarray]
    normal: np.ndarray
    cost: float


class Layout(NamedTuple):
    """Hold what a fit supposes of each point.

    Args:
      depths: One over its distance, along the view in the frame where it was chosen.
      drift: Speed away from the camera, in distances a frame: of waves.
    """

    depths: np.ndarray
    drift: np.ndarray


@dataclass
class Scene:
    """The points of a clip in a world, ready to be explained by moves of the camera."""

    points: Points
    frames: int
    aspect: float
    world: World
    looks: dict[tuple[int, int, float], Look] = field(default_factory=dict)

    def __post_init__(self) -> None:
        u, v = self.points.start.T
        self.central = (u / 0.55) ** 2 + ((v + 0.08) / (0.75 * self.aspect)) ** 2 < 1
        self.on_water = (v < -0.03) & (self.world.waves > 0)
        self.importance = np.where(self.central, _CENTRAL, 1.0)

    def look(self, level: int, span: int, scale: float) -> Look:
        """Return the sightings in pictures of one blur, at most some frames after a point was chosen."""
        key = (level, span, scale)
        if key not in self.looks:
            self.looks[key] = Look(self, level, span, scale)
        return self.looks[key]

    def drift(self, share: float = 1.0) -> np.ndarray:
        """Return the speed of each point if every wave has this share of the longest ones' speed."""
        return np.where(self.on_water, share * self.world.waves, 0.0)

    def seen(self, one: Rig, two: Rig, layout: Layout, sightings: np.ndarray) -> np.ndarray:
        """Return where each sighting would be, [sightings, 2], if `one` filmed it first and `two` later."""
        points, depths = self.points, layout.depths
        point = points.point[sightings]
        first, later = points.anchor, points.frame[sightings]
        way = one.way(first, points.start) + depths[:, None] * one.place[first]
        passed = layout.drift[point] * (later - first[point])
        away = two.place[later]
        away[:, 2] -= passed
        return two.seen(later, way[point] - depths[point, None] * away)


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
        nowhere = Layout(np.zeros(len(points)), np.zeros(len(points)))
        _, error, _, inside = self.difference(rig_of({}, scene.frames, scene.aspect), nowhere)
        self.still_cost, _ = self.flow_cost(error, inside)

    def difference(self, rig: Rig, layout: Layout) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return where the sightings should be, how far off they are across their edge, the edges, and which count."""
        place = self.scene.seen(rig, rig, layout, self.sightings)
        brightness, slope, inside = self.scene.points.look(self.level, self.frame, place)
        return place, (self._brightness - brightness) / self._steepness, slope / self._steepness[:, None], inside

    def flow_cost(self, error: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return how badly each point is seen where it should be, and how often it is seen at all (at least 1)."""
        count = len(self.scene.points)
        seen = np.bincount(self.point, inside, count)
        cost = np.bincount(self.point, inside * np.log1p((error / self.scale) ** 2 / 4), count)
        return 4 * cost / np.maximum(seen, 1), np.maximum(seen, 1)


def fit(scene: Scene, curves: Curves, begin: dict[str, np.ndarray], stages: Stages = FINE) -> Fit:
    """Fit moves to the pictures.

    Args:
      scene: The points.
      curves: What each move's path may be made of.
      begin: Weights of the curves to start from; of moves that are missing, nothing.
      stages: As `FINE`.
    """
    values = {kind: np.zeros((3, len(rows)) if kind == SHAKE else len(rows)) for kind, rows in curves.items()} | begin
    dials = dials_of(values, curves)
    rig = rig_of(dials, scene.frames, scene.aspect)
    level = not {"tilt", "roll"} & set(curves)
    layers = layers_of(scene.world, rig, scene.points.anchor, scene.points.start, level=level)
    layout = Layout(layers.likeliest(), scene.drift())
    for blur, span, scale, rounds in stages:
        look = scene.look(blur, span, scale)
        if set(DEEP) & set(curves) and any(path.any() for path in dials.values()):
            layout = layout._replace(depths=_searched_depths(look, rig, layout, level=level))
        if scene.world.waves:
            layout = layout._replace(drift=_searched_drift(look, rig, layout))
        for _ in range(rounds if curves else 1):
            step, depth_step, normal, cost = _step(look, curves, values, layout, rig, dials, level=level)
            values = {kind: values[kind] + step[kind] for kind in values}
            layout = layout._replace(depths=np.clip(layout.depths + depth_step, 0.0, 2.5))
            dials = dials_of(values, curves)
            rig = rig_of(dials, scene.frames, scene.aspect)
    return Fit(dials, values, normal, cost)


def _step(
    look: Look,
    curves: Curves,
    values: dict[str, np.ndarray],
    layout: Layout,
    rig: Rig,
    dials: Dials,
    *,
    level: bool,
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray, float]:
    """Return a robust Gauss-Newton step of weights and depths, its normal equations, and the cost before it."""
    scene, point, scale = look.scene, look.point, look.scale
    depths, count = layout.depths, len(layout.depths)
    place, error, slope, inside = look.difference(rig, layout)
    flow_cost, seen = look.flow_cost(error, inside)
    layers = layers_of(scene.world, rig, scene.points.anchor, scene.points.start, level=level)
    of_depth, expected, sigma, pull = depth_cost(layers, depths, scene.central)
    of_camera, of_picture = flow_cost + of_depth, look.still_cost + _PAPER
    belongs = 1 / (1 + np.exp(np.clip(of_camera - of_picture, -30, 30)))
    trust = scene.importance * belongs * np.exp(-of_camera / OUTLIER)
    weight = trust[point] * inside / (1 + (error / scale) ** 2 / 4) / seen[point]
    cost = scene.importance * OUTLIER * (1 - np.exp(-np.minimum(of_camera, of_picture) / OUTLIER))

    nudge = 1e-3
    nearer = scene.seen(rig, rig, layout._replace(depths=depths + nudge), look.sightings)
    by_depth = ((nearer - place) * slope).sum(1) / nudge
    prior = trust * (scale / sigma) ** 2 * pull
    a = np.bincount(point, weight * by_depth**2, count) + prior + 1e-12
    c = np.bincount(point, weight * by_depth * error, count) + prior * (expected - depths)
    if not curves:
        return {}, c / a, np.zeros((0, 0)), float(cost.sum() / scene.importance.sum())
    design = _design(look, curves, layout, rig, dials, place, slope)
    b = np.stack([np.bincount(point, row, count) for row in design * (weight * by_depth)])
    weighted = design * weight
    normal = weighted @ design.T - (b / a) @ b.T
    gradient = weighted @ error - (b / a) @ c
    smooth = _smoothness(curves, normal, scale)
    damped = normal + smooth + np.diag(1e-3 * np.diag(normal) + 1e-12)
    flat = np.concatenate([values[kind].ravel() for kind in curves])
    step = np.linalg.solve(damped, gradient - smooth @ flat)
    parts = np.split(step, np.cumsum([values[kind].size for kind in curves])[:-1])
    steps = {kind: part.reshape(values[kind].shape) for kind, part in zip(curves, parts, strict=True)}
    return steps, (c - b.T @ step) / a, normal, float(cost.sum() / scene.importance.sum())


def _design(
    look: Look, curves: Curves, layout: Layout, rig: Rig, dials: Dials, place: np.ndarray, slope: np.ndarray
) -> np.ndarray:
    """Return how far each sighting moves across its edge for a unit of each weight: [weights, sightings]."""
    scene, first = look.scene, look.scene.points.anchor[look.point]
    rows = []
    for kind, own in curves.items():
        nudge = _NUDGES.get(kind, _NUDGE_DEGREES)
        for axis in range(3 if kind == SHAKE else 1):
            moved = dials[kind].copy()
            moved[axis if kind == SHAKE else slice(None)] += nudge
            there = rig_of(dials, scene.frames, scene.aspect, {**dials, kind: moved})
            later = ((scene.seen(rig, there, layout, look.sightings) - place) * slope).sum(1) / nudge
            before = ((scene.seen(there, rig, layout, look.sightings) - place) * slope).sum(1) / nudge
            rows.append(later * own[:, look.frame] + before * own[:, first])
    return np.concatenate(rows)


def _searched_depths(look: Look, rig: Rig, layout: Layout, *, level: bool) -> np.ndarray:
    """Return for each point the best of a few depths: a slope alone would not lead from far away to a near tree."""
    scene = look.scene
    layers = layers_of(scene.world, rig, scene.points.anchor, scene.points.start, level=level)
    best, least = layout.depths, np.full(len(layout.depths), np.inf)
    for tried in (layout.depths, *layers.depth, *(np.full_like(layout.depths, depth) for depth in GUESSES)):
        _, error, _, inside = look.difference(rig, layout._replace(depths=tried))
        cost = look.flow_cost(error, inside)[0] + depth_cost(layers, tried, scene.central)[0]
        best, least = np.where(cost < least, tried, best), np.minimum(cost, least)
    return best


def _searched_drift(look: Look, rig: Rig, layout: Layout) -> np.ndarray:
    """Return for each point on water the speed of the waves that it goes with best."""
    best, least = layout.drift, np.full(len(layout.drift), np.inf)
    for share in _WAVE_SPEEDS:
        tried = look.scene.drift(share)
        _, error, _, inside = look.difference(rig, layout._replace(drift=tried))
        cost = look.flow_cost(error, inside)[0]
        best, least = np.where(cost < least, tried, best), np.minimum(cost, least)
    return best


def _smoothness(curves: Curves, normal: np.ndarray, scale: float) -> np.ndarray:
    """Return a small preference for steady and small moves, so that what no point tells stays in bounds."""
    total = np.zeros_like(normal)
    bend = np.diff(np.concatenate([np.zeros((1, KNOTS)), np.eye(KNOTS)]), n=2, axis=0)
    at = 0
    for kind, rows in curves.items():
        size = len(rows) * (3 if kind == SHAKE else 1)
        if kind != SHAKE and size == KNOTS:
            own = slice(at, at + size)
            total[own, own] = 0.02 * np.diag(normal)[own].mean() * bend.T @ bend
        if kind in LARGEST:
            total[range(at, at + size), range(at, at + size)] += _MODEST * (scale / LARGEST[kind]) ** 2 / len(rows)
        at += size
    return total
