"""Where things are in the picture: rays of the camera, and each part's own coordinates along them.

A pixel (u, v) has u from -1 to 1 across the picture and v up, in the same unit. With the pose's angles,

    d = Ry(yaw) Rx(pitch) Rz(roll) (u, v, focal)

and what stands upright at depth Z is hit at ``camera + d / d_z (Z - camera_z)``. From there to a part's own
coordinates everything is linear, so a part needs six numbers a frame; the pixels need two products each.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from wan_sdk.nano.world.camera import POSE, WIDTH_AT_SUBJECT
from wan_sdk.nano.world.places import EYE, FOCAL, SUBJECT_DISTANCE
from wan_sdk.nano.world.scenes import CHARACTER, TRACK
from wan_sdk.nano.world.subjects import COLUMN

NEAREST = 0.3
LEAST_EYE_HEIGHT = 0.3


class View(NamedTuple):
    """The camera of every frame, in metres and as a matrix.

    Args:
      turn: [n, frames, 3, 3], from pixel directions to the world's.
      place: [n, frames, 3], metres from the eye's first place.
      pixel: [n, frames], width of a pixel at distance 1.
    """

    turn: Tensor
    place: Tensor
    pixel: Tensor


def view(pose: Tensor, height: int, width: int) -> View:
    """Return the camera of a scene for pictures of one size.

    A camera that would go under the ground goes the same way a little higher.
    """
    yaw, pitch, roll, x, y, z, focal = pose.unbind(-1)
    yaw, pitch, roll = (angle * (math.pi / 180) for angle in (yaw, pitch, roll))
    cy, sy, cp, sp, cr, sr = yaw.cos(), yaw.sin(), pitch.cos(), pitch.sin(), roll.cos(), roll.sin()
    zero, f = torch.zeros_like(cy), FOCAL * focal
    rz = _matrix(cr, sr, zero, -sr, cr, zero, zero, zero, f)
    rx = _matrix(zero + 1, zero, zero, zero, cp, sp, zero, -sp, cp)
    ry = _matrix(cy, zero, sy, zero, zero + 1, zero, -sy, zero, cy)
    picture = WIDTH_AT_SUBJECT * SUBJECT_DISTANCE
    up = y * (picture * height / width)
    lowest = up.amin(1, keepdim=True)
    up = up + torch.clamp(LEAST_EYE_HEIGHT - EYE - lowest, min=0)
    return View(ry @ rx @ rz, torch.stack([x * picture, up, z * SUBJECT_DISTANCE], -1), 2 / (width * f))


def pixel_grid(height: int, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return u [1, 1, 1, width] and v [1, 1, height, 1] of the pixels' middles."""
    u = (torch.arange(width, device=device) - (width - 1) / 2) * (2 / width)
    v = ((height - 1) / 2 - torch.arange(height, device=device)) * (2 / width)
    return u.view(1, 1, 1, -1), v.view(1, 1, -1, 1)


def rays(turn: Tensor, u: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """Return the ray's x/z and y/z at every pixel: [n, frames, height, width]."""
    m = turn[..., None, None]
    x, y, z = (m[:, :, row, 0] * u + m[:, :, row, 1] * v + m[:, :, row, 2] for row in range(3))
    return x / z, y / z


def part_frames(scene: dict[str, Tensor], seen: View) -> Tensor:
    """Return how rays become the coordinates of each part.

    Returns:
      [n, frames, slots, 8]: with (dx, dy) a ray, ``x = m0 dx + m1 dy + m2``, ``y = m3 dx + m4 dy + m5``; then
      the distance in metres along z, and the width of a pixel in the part's unit.
    """
    part = {name: scene["parts"][:, None, :, column] for name, column in COLUMN.items()}
    owner = scene["parts"][:, :, COLUMN["owner"]]
    track, character = _owned(scene, owner)
    shadow = (part["owner"] < -0.5).float()
    t = scene["seconds"][:, :, None]

    z = torch.where(part["owner"] == 0, part["depth"], track["z"])
    distance = torch.clamp(z - seen.place[:, :, 2, None], min=NEAREST)
    metres = character["metres"]
    x = _row(distance, 0 * distance, seen.place[:, :, 0, None] - track["x"], metres)
    base = torch.where(shadow > 0, torch.full_like(track["y"], -EYE), track["y"])
    y = _row(0 * distance, distance, seen.place[:, :, 1, None] - base, metres)

    upright = 1 - shadow
    pivot = character["pivot"] * (part["owner"] > 0)
    y = _moved(y, -pivot)
    x, y = _turned(x, y, track["turn"] * upright)
    y = _moved(y, pivot)
    squash = (track["squash"] * upright)[..., None]
    x, y = x * character["flip"][..., None] * (1 - squash), y * (1 + 1.3 * squash)
    x = x / (1 - part["flap"] * (0.34 + 0.3 * torch.sin(t * 11)))[..., None]

    limber = torch.where(part["hertz"] > 1.25, torch.ones_like(part["hertz"]), character["activity"])
    angle = part["swing"] * limber * torch.sin(math.tau * (part["hertz"] * t + part["phase"]))
    angle = angle + part["wheel"] * character["rolling"] * t * 4.5
    x, y = _turned(_moved(x, -part["pivot_x"]), _moved(y, -part["pivot_y"]), angle)
    x, y = _moved(x, part["pivot_x"] - part["x"]), _moved(y, part["pivot_y"] - part["y"])
    x, y = _turned(x, y, -part["turn"])
    pixel = seen.pixel[:, :, None] * distance / metres
    return torch.cat([x, y, distance[..., None], pixel[..., None]], -1)


def _owned(scene: dict[str, Tensor], owner: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return the tracks [n, frames, slots] and characters [n, 1, slots] of each slot's owner.

    Scenery has neutral ones.
    """
    index = owner.abs().long()
    frames = scene["seconds"].shape[1]
    tracks = torch.cat([torch.zeros_like(scene["track"][:, :, :1]), scene["track"]], 2).permute(0, 2, 3, 1)
    neutral = torch.ones_like(scene["character"][:, :, :1])
    characters = torch.cat([neutral, scene["character"]], 2).permute(0, 2, 1)
    at = index[:, :, None].expand(-1, -1, len(CHARACTER))
    character = torch.gather(characters, 1, at).permute(2, 0, 1)[:, :, None]
    at = index[:, :, None, None].expand(-1, -1, frames, len(TRACK))
    track = torch.gather(tracks, 1, at).permute(3, 0, 2, 1)
    return dict(zip(TRACK, track, strict=True)), dict(zip(CHARACTER, character, strict=True))


def _row(dx: Tensor, dy: Tensor, constant: Tensor, metres: Tensor) -> Tensor:
    return torch.stack(torch.broadcast_tensors(dx, dy, constant), -1) / metres[..., None]


def _moved(row: Tensor, by: Tensor) -> Tensor:
    return row + by[..., None] * row.new_tensor((0.0, 0.0, 1.0))


def _turned(x: Tensor, y: Tensor, angle: Tensor) -> tuple[Tensor, Tensor]:
    """Turn a shape counterclockwise by turning its coordinates back."""
    c, s = torch.cos(angle)[..., None], torch.sin(angle)[..., None]
    return x * c + y * s, y * c - x * s


def _matrix(*values: Tensor) -> Tensor:
    return torch.stack(values, -1).unflatten(-1, (3, 3))


assert POSE == ("yaw", "pitch", "roll", "x", "y", "z", "focal")
