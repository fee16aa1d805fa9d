"""Where the camera is at a moment: the exact mathematics of a path.

The camera starts one distance away from the subject and looks at it. Every move contributes an
amount that grows from nothing to its full value over its own time; the contributions are joined
as follows, whatever their order (so ``a & b`` and ``b & a`` are the same path):

- pan, tilt and roll add up to yaw, pitch and roll. The camera turns as on a tripod's head: the
  direction of a ray is Ry(yaw) Rx(pitch) Rz(roll) (right, up, forward).
- zooms multiply: a zoom that is done to the part s has the focal length ratio**s, so that the
  picture grows by the same factor in every second.
- dollies multiply the distance that is left: a dolly of d that is done to the part s leaves
  1 - d*s of it. Two dollies of 0.5 end at a quarter of the distance, never in the subject.
- trucks and pedestals add up: widths and heights of the frame at the subject, as it was framed at
  the start (60 degrees wide, so a width is 2 tan 30 = 1.1547 distances).
- orbits add up to an angle A, and turn the whole rig of dolly and truck around the subject's
  vertical axis. With r for the distance that is left and t for the truck in distances::

      x = t cos A + r sin A,    z = 1 + t sin A - r cos A,    yaw = pan - A

  so that a camera which looks at the subject goes on looking at it. Seen from above, to the right
  is counterclockwise.
- handheld adds a shake to yaw, pitch and roll: sines of 4 to 24 half periods in the time of the
  move, so it starts and ends at rest and the mean square of the three together is exactly
  degrees**2 over that time.

Easing bends the time of what it eases: s -> s (linear), s**2 (in), 1 - (1-s)**2 (out),
s**2 (3 - 2s) (in-out).
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from functools import lru_cache

from wan_sdk.spec.camera_moves import Ease, InTurn, Move, Node

VIEW_DEGREES = 60.0
FRAME_WIDTH = 2 * math.tan(math.radians(VIEW_DEGREES / 2))
"""Width of the frame at the subject, in distances to it."""

SHAKE_HALF_PERIODS = range(4, 25)
_SHAKE_ENERGY = {"yaw": 0.45, "pitch": 0.45, "roll": 0.1}


@dataclass(frozen=True)
class Pose:
    """Say where the camera is and where it looks, relative to the start of the shot.

    Args:
      yaw: Degrees to the right.
      pitch: Degrees up.
      roll: Degrees clockwise.
      x: Frame widths to the right, at the subject's depth.
      y: Frame heights up, at the subject's depth.
      z: Shares of the distance to the subject, forward.
      focal: Focal length over that of the start.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    focal: float = 1.0


@dataclass
class _Rig:
    """What all moves have contributed so far."""

    pan: float = 0.0
    tilt: float = 0.0
    roll: float = 0.0
    orbit: float = 0.0
    truck: float = 0.0
    pedestal: float = 0.0
    distance: float = 1.0
    focal: float = 1.0


def pose_at(node: Node, t: float) -> Pose:
    """Return the pose when the part `t` of the path is done.

    >>> pose_at(Move("pan", 20), 0.5).yaw
    10.0
    """
    rig = _Rig()
    _contribute(node, t, rig)
    angle = math.radians(rig.orbit)
    aside = rig.truck * FRAME_WIDTH
    return Pose(
        yaw=rig.pan - rig.orbit,
        pitch=rig.tilt,
        roll=rig.roll,
        x=(aside * math.cos(angle) + rig.distance * math.sin(angle)) / FRAME_WIDTH,
        y=rig.pedestal,
        z=1 + aside * math.sin(angle) - rig.distance * math.cos(angle),
        focal=rig.focal,
    )


def eased_time(s: float, ease: Ease) -> float:
    """Return how much of a move is done when the part `s` of its time is over.

    >>> [eased_time(0.5, ease) for ease in ("linear", "in", "out", "in-out")]
    [0.5, 0.25, 0.75, 0.5]
    """
    match ease:
        case "in":
            return s * s
        case "out":
            return 1 - (1 - s) ** 2
        case "in-out":
            return s * s * (3 - 2 * s)
        case _:
            return s


def _contribute(node: Node, t: float, rig: _Rig) -> None:
    s = eased_time(t, node.ease)
    if isinstance(node, Move):
        _move(node, s, rig)
    elif isinstance(node, InTurn):
        start = 0.0
        for part, share in zip(node.parts, node.shares, strict=True):
            if s > start:
                _contribute(part, min((s - start) / share, 1.0), rig)
            start += share
    else:
        for part in node.parts:
            _contribute(part, s, rig)


def _move(move: Move, s: float, rig: _Rig) -> None:
    match move.kind:
        case "zoom":
            rig.focal *= move.amount**s
        case "dolly":
            rig.distance *= 1 - move.amount * s
        case "pan":
            rig.pan += move.amount * s
        case "tilt":
            rig.tilt += move.amount * s
        case "roll":
            rig.roll += move.amount * s
        case "orbit":
            rig.orbit += move.amount * s
        case "truck":
            rig.truck += move.amount * s
        case "pedestal":
            rig.pedestal += move.amount * s
        case "handheld" if 0 < s < 1:
            for axis, gains in _shake(move.seed).items():
                waves = zip(SHAKE_HALF_PERIODS, gains, strict=True)
                swing = move.amount * sum(gain * math.sin(math.pi * k * s) for k, gain in waves)
                if axis == "yaw":
                    rig.pan += swing
                elif axis == "pitch":
                    rig.tilt += swing
                else:
                    rig.roll += swing
        case _:
            pass


@lru_cache(maxsize=256)
def _shake(seed: int) -> dict[str, tuple[float, ...]]:
    """Return the gains of the sines of each axis; the mean square of all three together is 1.

    Sines of whole half periods are orthogonal, so the mean square is half the sum of the squared
    gains. Slow swings are larger than fast ones, as in a hand.
    """
    dice = random.Random(seed)  # noqa: S311 - a shake, not a secret
    gains: dict[str, tuple[float, ...]] = {}
    for axis, energy in _SHAKE_ENERGY.items():
        raw = [(2 * dice.random() - 1) / k for k in SHAKE_HALF_PERIODS]
        scale = math.sqrt(2 * energy / sum(gain * gain for gain in raw))
        gains[axis] = tuple(gain * scale for gain in raw)
    return gains
