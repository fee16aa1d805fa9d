"""How far away a point may be: on the ground, on what closes the view, in the sky, or on something that stands about.

A world's ground and its backdrop lie where they always lie, which gives a clip its unit of length: the eye stands
0.28 of the subject's distance above the ground, the hills 8.7 of it away. Depths are one over the distance,
counted along the view in the frame where a point was chosen.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from wan_sdk.nano.ruler.rig import EYE_HEIGHT, Rig
from wan_sdk.nano.world.backdrop import FAR, WALL_DEPTH
from wan_sdk.nano.world.places import SUBJECT_DISTANCE

_CLOUDS = 55.0
"""Metres to the clouds; the sun is little farther, the stars are nowhere."""
_SOFA = 9.2
"""Metres to the sofa before the wall."""
_NEVER = 1e3
_SURE, _TILTED = 0.012, 0.035
"""Usual error of a depth on the ground, if the camera stood level when the clip began, and if it may not have."""
_BACKDROP_SIGMA = 0.008
_THINGS, _THINGS_ON_GROUND, _SUBJECT, _ANYTHING = 0.8, 2.0, 0.7, 5.0
"""Costs of a point that lies on no layer: on a tree before hills or ground, on the subject, on nothing known."""
_FARTHEST_THING, _NEAREST_THING = 0.22, 0.75
GUESSES = (0.25, 0.32, 0.4, 0.5, 0.65, 0.9, 1.05)
"""Depths to try for what stands about."""


class World(NamedTuple):
    """Say what a clip may show.

    Args:
      indoors: Whether a wall closes the view rather than hills and sky.
      waves: Speed of the ground away from the eye, in distances a frame: water.
    """

    indoors: bool = False
    waves: float = 0.0


class Layers(NamedTuple):
    """Where points may lie: depth, usual error and cost of each, all [layers, points]."""

    depth: np.ndarray
    sigma: np.ndarray
    cost: np.ndarray

    def likeliest(self) -> np.ndarray:
        """Return the depth of each point's cheapest layer."""
        return np.take_along_axis(self.depth, self.cost.argmin(0)[None], 0)[0]


def layers_of(world: World, rig: Rig, anchor: np.ndarray, start: np.ndarray, *, level: bool) -> Layers:
    """Return the layers of points seen at `start` [points, 2] in the frames `anchor`.

    Args:
      world: What the clip may show.
      rig: Its camera.
      anchor, start: As in `Points`.
      level: Whether the camera's pitch is known when the clip begins.
    """
    way, place = rig.way(anchor, start), rig.place[anchor]
    ground = -way[:, 1] / np.maximum(EYE_HEIGHT + place[:, 1], 0.05)

    def upright(metres: float) -> np.ndarray:
        return np.maximum(way[:, 2], 0.05) / (metres / SUBJECT_DISTANCE - place[:, 2])

    sure = (_SURE if level else _TILTED) + 0.03 * np.maximum(ground, 0)
    one = np.ones(len(anchor))
    if world.indoors:
        wall = upright(WALL_DEPTH)
        sofa = upright(_SOFA)
        depth = [np.maximum(ground, 0), wall, sofa]
        sigma = [sure, *[3 * _BACKDROP_SIGMA * one] * 2]
        behind = [np.where(ground > front + 0.1, _NEVER, price) for front, price in ((wall, 0), (sofa, 0.2))]
        cost = [np.where(ground > wall, 0, _NEVER), *behind]
    else:
        hills = upright(FAR)
        low = ground > hills + 3 * sure
        depth = [np.maximum(ground, 0), hills, upright(_CLOUDS), 0 * one]
        sigma = [sure, *[_BACKDROP_SIGMA * one] * 3]
        cost = [np.where(ground > 0, 0, _NEVER), *(np.where(low, _NEVER, price) for price in (0, 0.3, 0.6))]
    return Layers(np.array(depth), np.array(sigma), np.array(cost))


def depth_cost(
    layers: Layers, depths: np.ndarray, central: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return what the depth of each point costs: nothing on a layer, less if things may stand there than if not.

    Returns:
      The cost; the depth of the layer that it goes with, its usual error, and how strongly it is drawn there, 0 to 1.
    """
    odd = layers.cost + ((depths - layers.depth) / layers.sigma) ** 2 / 2
    best = odd.argmin(0)[None]
    expected, sigma, usual = (np.take_along_axis(values, best, 0)[0] for values in (layers.depth, layers.sigma, odd))
    on_ground = layers.cost[0] == 0
    thing = (depths > _FARTHEST_THING) & (depths < _NEAREST_THING) & ((depths > expected) | ~on_ground)
    other = np.where(thing, np.where(on_ground, _THINGS_ON_GROUND, _THINGS), _ANYTHING)
    other = np.where(central & (np.abs(depths - 1) < 0.2), _SUBJECT, other)
    return np.minimum(usual, other), expected, sigma, 1 / (1 + np.exp(np.clip(usual - other, -30, 30)))
