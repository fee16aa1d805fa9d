"""The camera of every frame, made of moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wan_sdk.nano.world.camera import RANGES
from wan_sdk.nano.world.geometry import LEAST_EYE_HEIGHT
from wan_sdk.nano.world.places import EYE, FOCAL, SUBJECT_DISTANCE
from wan_sdk.spec.camera_pose import FRAME_WIDTH

KINDS = ("pan", "tilt", "roll", "zoom", "dolly", "truck", "pedestal", "orbit")
SHAKE = "handheld"
EYE_HEIGHT = EYE / SUBJECT_DISTANCE

_STARTS = {kind: sum(RANGES[kind].start) / 2 for kind in KINDS} | {"zoom": 0.0}

Dials = dict[str, np.ndarray]
"""How far each move has gone: kind to [frames] in its own unit (a zoom: the logarithm of the ratio; a shake:
[3, frames], yaw, pitch and roll)."""


@dataclass
class Rig:
    """Hold the camera of every frame.

    Args:
      turn: [frames, 3, 3], from directions in the picture to the world's.
      place: [frames, 3], in distances of the subject from where the world's eye stands.
      focal: [frames], half widths of the picture.
    """

    turn: np.ndarray
    place: np.ndarray
    focal: np.ndarray

    def way(self, frame: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """Return in the world's directions, [n, 3], what is seen at places of the picture [n, 2] in some frames."""
        ray = np.concatenate([seen / self.focal[frame][:, None], np.ones((len(frame), 1))], 1)
        way: np.ndarray = np.einsum("nij,nj->ni", self.turn[frame], ray)
        return way

    def seen(self, frame: np.ndarray, way: np.ndarray) -> np.ndarray:
        """Return the places in the picture, [n, 2], where something in the world's directions [n, 3] is seen."""
        there = np.einsum("nji,nj->ni", self.turn[frame], way)
        places: np.ndarray = there[:, :2] * (self.focal[frame] / np.maximum(there[:, 2], 0.05))[:, None]
        return places


def rig_of(dials: Dials, frames: int, aspect: float, shifted: Dials | None = None) -> Rig:
    """Return the camera of every frame, each move begun as the world begins it on average.

    Args:
      dials: The moves.
      frames: Length of the clip.
      aspect: Height over width of the picture.
      shifted: The same moves, a little off, to see what that changes; where they begin stays.
    """
    at = {kind: (shifted or dials).get(kind, np.zeros(frames)) for kind in KINDS}
    ends = {kind: dials[kind][-1] if kind in dials else 0.0 for kind in KINDS}
    moved = {kind: path - _start(kind, ends[kind]) * ends[kind] for kind, path in at.items()}
    first_distance = 1 / max(1 - _STARTS["dolly"] * ends["dolly"], 0.4)
    distance = first_distance * (1 - at["dolly"])
    aside = moved["truck"] * FRAME_WIDTH * first_distance
    angle = np.radians(moved["orbit"])
    shake = np.radians((shifted or dials).get(SHAKE, np.zeros((3, frames))))
    yaw = np.radians(moved["pan"]) - angle + shake[0]
    pitch, roll = np.radians(moved["tilt"]) + shake[1], np.radians(moved["roll"]) + shake[2]
    up = moved["pedestal"] * FRAME_WIDTH * aspect * first_distance
    up = up + max(0.0, LEAST_EYE_HEIGHT / SUBJECT_DISTANCE - EYE_HEIGHT - up.min())
    place = [aside * np.cos(angle) + distance * np.sin(angle), up, 1 + aside * np.sin(angle) - distance * np.cos(angle)]
    zero, one = np.zeros(frames), np.ones(frames)
    ry = _matrix(np.cos(yaw), zero, np.sin(yaw), zero, one, zero, -np.sin(yaw), zero, np.cos(yaw))
    rx = _matrix(one, zero, zero, zero, np.cos(pitch), np.sin(pitch), zero, -np.sin(pitch), np.cos(pitch))
    rz = _matrix(np.cos(roll), np.sin(roll), zero, -np.sin(roll), np.cos(roll), zero, zero, zero, one)
    return Rig(ry @ rx @ rz, np.stack(place, 1), FOCAL * np.exp(moved["zoom"]))


def _start(kind: str, amount: float) -> float:
    start = _STARTS[kind]
    return 1 - start if kind in ("tilt", "pedestal") and amount < 0 else start


def _matrix(*values: np.ndarray) -> np.ndarray:
    return np.stack(values, -1).reshape(-1, 3, 3)
