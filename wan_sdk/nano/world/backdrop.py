"""What lies behind everything: the sky, the far silhouette, and the ground."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from wan_sdk.nano.attributes import PLACES
from wan_sdk.nano.world.places import EYE, NO_HORIZON, PEAKS, SKYLINE, WALL
from wan_sdk.nano.world.scenes import LIGHT, MOOD

FAR, WALL_DEPTH = 40.0, 10.0
SKIRTING = 0.28
"""Metres from the floor to the top of the dark board along the wall's foot."""
_BEACH, _CITY, _SEA, _ROOM, _MOON, _FOREST, _MEADOW = (
    PLACES.index(name) for name in ("beach", "city", "sea", "room", "moon", "forest", "meadow")
)


def paint_backdrop(
    light: Tensor, mood: Tensor, seconds: Tensor, place: Tensor, pixel: Tensor, dx: Tensor, dy: Tensor
) -> Tensor:
    """Return the empty scene: [n, frames, 3, height, width], 0 to 1.

    Args:
      light, mood, seconds: Of the scene.
      place, pixel: Of the view.
      dx, dy: The rays.
    """
    tone = {name: light[:, k, :, None, None][:, None] for k, name in enumerate(LIGHT)}
    says = {name: mood[:, k, None, None, None] for k, name in enumerate(MOOD)}
    t = seconds[:, :, None, None]
    camera_x, camera_y, camera_z = (place[:, :, axis, None, None] for axis in range(3))
    pixel = pixel[:, :, None, None]

    up = torch.clamp(dy / 0.7, 0, 1)
    image = mix(tone["horizon"], tone["zenith"], up**0.7)
    image = _stars(image, says, dx, dy, pixel, t)

    wall = (says["far_shape"] == WALL).float()
    depth = (FAR + (WALL_DEPTH - FAR) * wall) - camera_z
    x, y = camera_x + dx * depth, camera_y + dy * depth
    image = _silhouette(image, tone, says, x, y, pixel * depth, wall)

    ground = _ground(tone, says, camera_x, camera_y, camera_z, dx, dy, pixel, t)
    cover = torch.clamp(0.5 - dy / pixel, 0, 1)
    cover = torch.where(wall > 0, torch.clamp(0.5 + (-EYE - y) / (pixel * depth), 0, 1), cover)
    return mix(image, ground, cover)


def darkened_for_neon(image: Tensor, style: Tensor, neon: int) -> Tensor:
    """Return the backdrop as deep violet night where the style is neon, so that outlines can glow."""
    is_neon = (style == neon).float()[:, None, None, None, None]
    night = image * colour(image, 0.26, 0.16, 0.36) + colour(image, 0.03, 0.0, 0.06)
    return image + (night - image) * is_neon


def mix(first: Tensor, second: Tensor, share: Tensor) -> Tensor:
    """Blend two pictures; `share` has no colour axis."""
    return first + (second - first) * share[:, :, None]


def colour(like: Tensor, red: float, green: float, blue: float) -> Tensor:
    """Return a colour that spreads over a picture."""
    return torch.stack([torch.full_like(like[:1, :1, 0, :1, :1], value) for value in (red, green, blue)], 2)


def wave_angles(x: Any, z: Any, t: Any, phase: Any, sin: Callable[[Any], Any]) -> tuple[Any, Any]:
    """Return the angles of the two waves that go over the sea, of tensors or arrays: metres and seconds."""
    return z * 2.6 + 0.7 * sin(x * 0.8 + phase) - t * 3.4, z * 5.3 + x * 1.1 - t * 4.3


def scatter(x: Tensor) -> Tensor:
    """Return numbers in 0..1 that look random; keep `x` small, so that every machine agrees."""
    return torch.frac(torch.sin(x) * 4375.85).abs()


def _stars(image: Tensor, says: dict[str, Tensor], dx: Tensor, dy: Tensor, pixel: Tensor, t: Tensor) -> Tensor:
    u, v = dx * 14 + says["phase"], dy * 14
    column, row = torch.floor(u), torch.floor(v)
    bright = scatter(column * 1.299 + row * 7.823)
    off_x = u - column - 0.2 - 0.6 * scatter(column * 3.1 + row * 7.7)
    off_y = v - row - 0.2 - 0.6 * scatter(column * 9.3 + row * 1.7)
    distance = torch.sqrt(off_x**2 + off_y**2)
    size = torch.clamp(pixel * 14 * 1.1, min=0.13)
    dot = torch.clamp(1.7 - distance / size, 0, 1) * (bright > 0.7) * (dy > 0) * says["stars"]
    twinkle = 0.8 + 0.2 * torch.sin(t * 3 + bright * 40)
    return mix(image, torch.ones_like(image), dot * (0.35 + 0.6 * bright) * twinkle)


def far_cover(says: dict[str, Tensor], x: Tensor, y: Tensor, pixel: Tensor) -> tuple[Tensor, Tensor]:
    """Return where the far silhouette hides the sky, 0 to 1, and how high it stands in metres."""
    shape = says["far_shape"]
    along = x * says["far_frequency"] + says["phase"]
    hills = 0.6 + 0.25 * torch.sin(along * 0.35) + 0.15 * torch.sin(along * 0.9 + 1)
    zigzag = lambda a: (torch.frac(a / 6.2832 + 1000.0) * 2 - 1).abs()  # noqa: E731
    peaks = 0.25 + 0.5 * zigzag(along * 0.42) + 0.35 * zigzag(along * 1.13 + 2)
    blocks = 0.3 + 0.9 * scatter(torch.floor(along * 0.45) * 7.31)
    profile = torch.where(shape == PEAKS, peaks, torch.where(shape == SKYLINE, blocks, hills))
    top = says["far_height"] * profile * 2.2
    cover = torch.clamp(0.5 + (top - y) / pixel, 0, 1) * (shape != NO_HORIZON)
    return torch.where(shape == WALL, torch.ones_like(cover), cover), top


def _silhouette(
    image: Tensor, tone: dict[str, Tensor], says: dict[str, Tensor], x: Tensor, y: Tensor, pixel: Tensor, wall: Tensor
) -> Tensor:
    cover, top = far_cover(says, x, y, pixel)
    paper = 1 - 0.09 * (torch.sin(x * 3.1) > 0.9).float() - 0.25 * (y < -EYE + SKIRTING).float()
    flat = tone["far"] * tone["tint"]
    low = torch.clamp(1 - y / torch.clamp(top, min=0.5), 0, 1) * 0.25  # haze at the foot
    far = mix(flat * 0.64 + tone["horizon"] * 0.33, tone["horizon"] + 0 * flat, low)
    snow = ((y > top * 0.62) & (says["far_shape"] == PEAKS) & (says["place"] != _FOREST)).float() * 0.75
    far = mix(far, tone["tint"] * 0.95 + 0 * far, snow)
    far = torch.where(wall[:, :, None] > 0, flat * paper[:, :, None], far)
    return mix(image, far, cover)


def _ground(
    tone: dict[str, Tensor],
    says: dict[str, Tensor],
    camera_x: Tensor,
    camera_y: Tensor,
    camera_z: Tensor,
    dx: Tensor,
    dy: Tensor,
    pixel: Tensor,
    t: Tensor,
) -> Tensor:
    eye = EYE + camera_y
    reach = eye / torch.clamp(-dy, min=1e-3)
    x, z = camera_x + dx * reach, camera_z + reach
    footprint = pixel * reach * (1 + reach / eye)  # of a pixel on the ground, away from the camera

    def visible(frequency: float) -> Tensor:
        return torch.clamp(1.3 - footprint * (frequency * 0.6), 0, 1)

    place, phase = says["place"], says["phase"]
    patches = 0.5 + 0.28 * torch.sin(x * 0.9 + phase) * torch.sin(z * 0.7 + phase)
    patches = patches + 0.22 * torch.sin(x * 0.37 + z * 0.53 + phase)
    grain = torch.sin(x * 5.1 + 1.7 * torch.sin(z * 2.3 + phase)) * torch.sin(z * 3.7 + 1.3 * torch.sin(x * 2.9))
    grain = grain * visible(5.0)
    slow, fast = wave_angles(x, z, t, phase, torch.sin)
    waves = torch.sin(slow) * visible(2.6) * 0.5 + torch.sin(fast) * visible(5.0) * 0.3
    boards = (torch.frac(x * 1.25 + 1000.0) < 0.07).float() * visible(6.0) * 0.7
    boards = boards + 0.3 * scatter(torch.floor(x * 1.25) * 3.7)
    middle_line = ((x.abs() < 0.09) & (torch.frac(z * 0.4 + 1000.0) < 0.55)).float() * visible(2.0)
    round_x, round_z = torch.frac(x * 0.3 + phase + 1000.0) - 0.5, torch.frac(z * 0.3 + 1000.0) - 0.5
    craters = torch.clamp(1.2 - 18 * (round_x**2 + round_z**2), 0, 1) * visible(1.0)

    shade = patches * 0.75 + grain * 0.28
    shade = torch.where(place == _SEA, 0.45 + waves, shade)
    shade = torch.where(place == _ROOM, boards, shade)
    shade = torch.where(place == _MOON, craters * 0.8 + grain * 0.1, shade)
    shade = torch.where(place == _CITY, 0.3 + grain * 0.12, shade)
    image = mix(tone["ground_light"], tone["ground_dark"], shade)
    image = mix(image, image * 0 + 0.92, middle_line * (place == _CITY))
    shore = torch.sigmoid((z - 9.5 - 0.4 * torch.sin(x * 0.9 + phase + t)) * 6) * (place == _BEACH)
    foam = torch.exp(-(((z - 9.3 - 0.4 * torch.sin(x * 0.9 + phase + t)) * 2.5) ** 2)) * (place == _BEACH)
    water = colour(image, 0.20, 0.54, 0.78) * (1 + 0.12 * waves[:, :, None])
    image = mix(mix(image, water, shore), image * 0 + 1, foam * 0.6)
    image = image * tone["tint"]
    glitter = torch.clamp(waves * 1.6 - 0.5, 0, 1) * (place == _SEA) * 0.45  # the sky on the crests
    image = mix(image, torch.clamp(tone["horizon"] * 1.1, 0, 1) + 0 * image, glitter)
    return mix(image, tone["haze"] + 0 * image, 1 - torch.exp(-reach * says["haze"]))
