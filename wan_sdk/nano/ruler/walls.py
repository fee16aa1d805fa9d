"""Walls: whether a clip plays in a room, told by where the wall meets its skirting board.

A turn or a zoom says nothing about depths, so points alone can't tell a zoom outdoors from a dolly toward a wall. But
a room's wall ends in a dark board at a known height and depth, and outdoors the ground ends at the horizon instead.
Both lines are looked for in every frame, where a supposed camera would film them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wan_sdk.nano.ruler.points import Points
from wan_sdk.nano.ruler.rig import Rig
from wan_sdk.nano.world.backdrop import SKIRTING, WALL_DEPTH
from wan_sdk.nano.world.camera import RANGES
from wan_sdk.nano.world.places import EYE, SUBJECT_DISTANCE

_ZOOM_STARTS = np.linspace(*RANGES["zoom"].start, 4)
"""Parts of a zoom that may lie before the nominal view: a rig's zoom begins there."""
_ASIDE = np.linspace(-0.8, 0.8, 33)[:, None] * (1, 0, 0)
_BOARD = (np.array([0.0, SKIRTING - EYE, WALL_DEPTH]) + _ASIDE * WALL_DEPTH) / SUBJECT_DISTANCE
_HORIZON = (np.array([0.0, 0.0, 1.0]) + _ASIDE) * 1e3
"""Places in the world, in distances of the subject from the eye."""
_UP = np.array([0.0, 0.01, 0.0])
_OFFSETS = np.arange(-5, 6)
_SHARP, _FAINT, _LEAST_SEEN = 2, 80.0, 0.1
"""The level of `Points` that is looked at, slopes on it too faint for an edge, the part of a line that must be seen."""


def sureness(points: Points, rig: Rig, zoomed: float) -> float:
    """Return how surely a room is seen: about 0.5 and more in one, about 0 and less outdoors.

    Args:
      points: Of the clip.
      rig: The camera that films it.
      zoomed: Logarithm of the ratio of its whole zoom.
    """
    starts = _ZOOM_STARTS if zoomed else _ZOOM_STARTS[:1]
    begun = [replace(rig, focal=rig.focal * np.exp(-start * zoomed)) for start in starts]
    return max(_edge(points, each, _BOARD) for each in begun) - abs(_edge(points, rig, _HORIZON))


def _edge(points: Points, rig: Rig, line: np.ndarray) -> float:
    """Return how well an edge, brighter above, follows a line of the world: 1 if it does everywhere, -1 reversed."""
    frame = np.repeat(np.arange(len(rig.focal)), len(line))
    away = np.tile(line, (len(rig.focal), 1)) - rig.place[frame]
    on_line = rig.seen(frame, away)
    across = rig.seen(frame, away + _UP * np.abs(line).max()) - on_line
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
    slopes = np.stack([_slope(points, frame, on_line + across * offset * points.pixel, across) for offset in _OFFSETS])
    _, _, inside = points.look(_SHARP, frame, on_line)
    if inside.mean() < _LEAST_SEEN:
        return 0.0
    strongest = np.maximum(np.abs(slopes).max(0), _FAINT)
    return float((slopes[len(_OFFSETS) // 2] / strongest)[inside].mean())


def _slope(points: Points, frame: np.ndarray, place: np.ndarray, across: np.ndarray) -> np.ndarray:
    _, slope, inside = points.look(_SHARP, frame, place)
    along: np.ndarray = (slope * across).sum(1) * inside
    return along
