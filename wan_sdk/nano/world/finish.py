"""What lies between the world and the eye: rain, snow, and the style of the picture."""

from __future__ import annotations

import torch
from torch import Tensor

from wan_sdk.nano.attributes import STYLES, WEATHERS
from wan_sdk.nano.world.backdrop import colour, scatter
from wan_sdk.nano.world.geometry import pixel_grid
from wan_sdk.nano.world.scenes import MOOD

_RAIN, _SNOWING = WEATHERS.index("rain"), WEATHERS.index("snowing")
_WATERCOLOUR, _PENCIL, _VINTAGE = (STYLES.index(name) for name in ("watercolour", "pencil", "vintage"))


def finish(image: Tensor, mood: Tensor, seconds: Tensor, height: int, width: int) -> Tensor:
    """Add weather and style to pictures [n, frames, 3, height, width] of 0 to 1; return them in -1 to 1."""
    u, v = pixel_grid(height, width, image.device)
    says = {name: mood[:, k, None, None, None] for k, name in enumerate(MOOD)}
    t = seconds[:, :, None, None]
    image = _rain(image, says, u, v, t)
    image = _snow(image, says, u, v, t)
    style = says["style"][:, :, None]
    brightness = (image * colour(image, 0.3, 0.59, 0.11)).sum(2, keepdim=True)
    from_middle = (u**2 + (v * width / height) ** 2)[:, :, None]
    paper = colour(image, 0.98, 0.965, 0.92)
    paint = _watercolour(image, brightness, says, u, v, from_middle, paper)
    drawing = _pencil(image, brightness, says, u, v, paper)
    film = _vintage(image, brightness, from_middle)
    image = torch.where(style == _WATERCOLOUR, paint, image)
    image = torch.where(style == _PENCIL, drawing, image)
    image = torch.where(style == _VINTAGE, film, image)
    return torch.clamp(image, 0, 1) * 2 - 1


def _rain(image: Tensor, says: dict[str, Tensor], u: Tensor, v: Tensor, t: Tensor) -> Tensor:
    across = (u + says["slant"] * v) * 15 + says["drift"] * 7
    column = torch.floor(across)
    chance = scatter(column * 1.73)
    fall = torch.frac(v * 1.1 + t * (1.55 + 0.4 * chance) + chance * 9 + 1000.0)
    streak = torch.clamp(1.2 - (across - column - 0.5).abs() / 0.11, 0, 1) * torch.clamp(fall * 6, 0, 1)
    streak = streak * (fall < 0.3) * (chance > 0.4) * (says["weather"] == _RAIN)
    return image + (0.86 - image) * (streak * 0.5)[:, :, None]


def _snow(image: Tensor, says: dict[str, Tensor], u: Tensor, v: Tensor, t: Tensor) -> Tensor:
    for layer, (cells, speed) in enumerate(((7.0, 0.27), (4.5, 0.38))):
        x = u * cells + 0.5 * torch.sin(t * 1.45 + layer * 2) + layer * 3.3
        y = v * cells + t * (speed * cells) + says["drift"] * 3
        column, row = torch.floor(x), torch.floor(y)
        off_x = x - column - 0.25 - 0.5 * scatter(column * 7.1 + row * 3.3 + layer)
        off_y = y - row - 0.25 - 0.5 * scatter(column * 2.7 + row * 9.1 + layer)
        distance = torch.sqrt(off_x**2 + off_y**2) / cells
        flake = torch.clamp(1.5 - distance / (0.014 + 0.006 * layer), 0, 1)
        flake = flake * (scatter(column * 5.3 + row * 1.9 + layer) > 0.6) * (says["weather"] == _SNOWING)
        image = image + (1 - image) * (flake * 0.9)[:, :, None]
    return image


def _watercolour(
    image: Tensor, brightness: Tensor, says: dict[str, Tensor], u: Tensor, v: Tensor, from_middle: Tensor, paper: Tensor
) -> Tensor:
    phase = says["paper"]
    blotches = 1 + 0.1 * torch.sin(u * 5 + phase + 2 * torch.sin(v * 7)) * torch.sin(v * 6 + phase * 2)
    wash = torch.clamp((brightness + (image - brightness) * 0.92) * blotches[:, :, None], 0, 1)
    wash = paper * (0.24 + 0.76 * wash)
    return wash + (paper - wash) * torch.clamp(from_middle - 1.05, 0, 0.8) * 0.9


def _pencil(image: Tensor, brightness: Tensor, says: dict[str, Tensor], u: Tensor, v: Tensor, paper: Tensor) -> Tensor:
    hatching = torch.clamp(torch.sin((u + v) * 62 + 3 * torch.sin(u * 3 + says["paper"])), 0, 1)[:, :, None]
    pale = paper * (0.18 + 0.82 * torch.clamp(brightness + (image - brightness) * 0.62 + 0.1, 0, 1))
    return pale * (1 - 0.16 * hatching * (1 - brightness))


def _vintage(image: Tensor, brightness: Tensor, from_middle: Tensor) -> Tensor:
    sepia = brightness * colour(image, 1.06, 0.93, 0.72)
    film = (image * 0.5 + sepia * 0.5) * (1 - 0.38 * torch.clamp(from_middle * 0.55, 0, 1))
    return film * 0.92 + 0.05
