"""From numbers to pictures: the backdrop, then every part over it from far to near, then weather and style.

Everything works on whole batches. The three kernels (`_back`, `_paint_parts`, `finish`) have nothing but
element-wise formulas in them, so that ``torch.compile`` makes one pass over the pictures of each.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

from wan_sdk.nano.attributes import STYLES
from wan_sdk.nano.world import shapes
from wan_sdk.nano.world.backdrop import colour, darkened_for_neon, mix, paint_backdrop
from wan_sdk.nano.world.finish import finish
from wan_sdk.nano.world.geometry import part_frames, pixel_grid, rays, view
from wan_sdk.nano.world.scenes import LIGHT, MOOD
from wan_sdk.nano.world.subjects import BOX, COLUMN, ELLIPSE, HALF, HEART, STAR

PARTS_A_PASS = 3
_NEON, _PENCIL = STYLES.index("neon"), STYLES.index("pencil")
_ALL_KINDS = (ELLIPSE, BOX, STAR, HEART, HALF)


def render(scene: dict[str, Tensor], height: int, width: int, *, compiled: bool = False) -> Tensor:
    """Render the scenes of a batch at any size; the picture is the same, finer or coarser.

    Args:
      scene: As `build` sets it, on any device.
      height, width: Pixels.
      compiled: Whether to compile the kernels first: worth it for thousands of clips of one size.

    Returns:
      [n, 3, frames, height, width], -1 to 1.
    """
    kernels = _compiled() if compiled else _EAGER
    seen = view(scene["pose"], height, width)
    image = kernels["back"](
        scene["light"], scene["mood"], scene["seconds"], seen.turn, seen.place, seen.pixel, height, width
    )
    parts, rgb = _padded(scene["parts"], scene["rgb"])
    frames = part_frames({**scene, "parts": parts}, seen)
    for first in range(0, parts.shape[1], PARTS_A_PASS):
        some = slice(first, first + PARTS_A_PASS)
        kinds = _ALL_KINDS if compiled else tuple(sorted(set(parts[:, some, COLUMN["kind"]].flatten().int().tolist())))
        image = kernels["parts"](
            image, seen.turn, frames[:, :, some].contiguous(), parts[:, some].contiguous(),
            rgb[:, some].contiguous(), scene["light"], scene["mood"], height, width, kinds,
        )  # fmt: skip
    return kernels["finish"](image, scene["mood"], scene["seconds"], height, width).permute(0, 2, 1, 3, 4)


def _padded(parts: Tensor, rgb: Tensor) -> tuple[Tensor, Tensor]:
    """Fill the table up to whole passes with parts that can't be seen."""
    missing = -parts.shape[1] % PARTS_A_PASS
    empty = torch.zeros_like(parts[:, :1])
    empty[..., [COLUMN["a"], COLUMN["b"]]] = 1e-3
    empty[..., COLUMN["depth"]] = 9
    return (
        torch.cat([parts, *[empty] * missing], 1),
        torch.cat([rgb, *[torch.zeros_like(rgb[:, :1])] * missing], 1),
    )


def _back(
    light: Tensor, mood: Tensor, seconds: Tensor, turn: Tensor, place: Tensor, pixel: Tensor, height: int, width: int
) -> Tensor:
    dx, dy = rays(turn, *pixel_grid(height, width, light.device))
    image = paint_backdrop(light, mood, seconds, place, pixel, dx, dy)
    return darkened_for_neon(image, mood[:, MOOD.index("style")], _NEON)


def _paint_parts(
    image: Tensor,
    turn: Tensor,
    frames: Tensor,
    parts: Tensor,
    rgb: Tensor,
    light: Tensor,
    mood: Tensor,
    height: int,
    width: int,
    kinds: tuple[int, ...],
) -> Tensor:
    """Lay a few parts over a picture, one after the other."""
    dx, dy = rays(turn, *pixel_grid(height, width, image.device))
    for k in range(parts.shape[1]):
        image = _paint_part(image, dx, dy, frames[:, :, k], parts[:, k], rgb[:, k], light, mood, kinds)
    return image


def _paint_part(
    image: Tensor,
    dx: Tensor,
    dy: Tensor,
    frame: Tensor,
    part: Tensor,
    rgb: Tensor,
    light: Tensor,
    mood: Tensor,
    kinds: tuple[int, ...],
) -> Tensor:
    m = frame[..., None, None]
    is_a = {name: part[:, column, None, None, None] for name, column in COLUMN.items()}
    says = {name: mood[:, k, None, None, None] for k, name in enumerate(MOOD)}
    tone = {name: light[:, k, :, None, None][:, None] for k, name in enumerate(LIGHT)}
    x, y = m[:, :, 0] * dx + m[:, :, 1] * dy + m[:, :, 2], m[:, :, 3] * dx + m[:, :, 4] * dy + m[:, :, 5]
    metres, pixel = m[:, :, 6], m[:, :, 7]
    distance = distance_to_part(x, y, is_a, kinds)

    soft = is_a["soft"]
    sharp_cover = torch.clamp(0.5 - distance / pixel, 0, 1)
    soft_cover = torch.sigmoid(-distance / torch.clamp(soft, min=1e-3) * 2.5)
    cover = torch.where(soft > 0, soft_cover, sharp_cover) * is_a["alpha"]

    solid = ((is_a["owner"] >= 0) & (soft == 0)).float()
    subject = (is_a["owner"] > 0).float()
    round_x, round_y = x / torch.clamp(is_a["a"], min=0.04), y / torch.clamp(is_a["b"], min=0.04)
    pillow = 1 + (0.17 * torch.clamp(round_y, -1, 1) - 0.10 * torch.clamp(round_x, -1, 1)) * solid
    panes = (torch.frac(x * 2.2 + 1000.0) > 0.35) & (torch.frac(y * 1.7 + 1000.0) > 0.45) & (distance < -0.12)
    windows = is_a["windows"] * panes.float()

    in_sky = (is_a["depth"] > 50).float()
    keeps = torch.maximum(0.55 * subject, in_sky)  # a subject keeps its colour in any light
    painted = rgb[:, None, :, None, None] * (pillow * (1 - 0.35 * windows))[:, :, None]
    painted = painted * (tone["tint"] + (1 - tone["tint"]) * keeps[:, :, None])
    painted = mix(painted, colour(image, 1.0, 0.85, 0.45), says["lamps"] * windows)

    style = says["style"]
    neon = (style == _NEON).float()
    line_width = torch.clamp(0.9 * pixel, min=0.021)
    line = torch.clamp((distance + line_width) / pixel + 0.5, 0, 1) * is_a["outline"] * 0.85
    dark = painted * (0.38 - 0.1 * (style == _PENCIL))[:, :, None]
    glow = torch.clamp(rgb * 1.1 + 0.18, 0, 1)[:, None, :, None, None]
    painted = mix(painted * (1 - 0.62 * neon)[:, :, None], mix(dark, glow + 0 * dark, neon), line)
    haze = (1 - torch.exp(-torch.clamp(metres, max=45.0) * says["haze"])) * (1 - 0.45 * subject) * (1 - in_sky)
    return mix(image, mix(painted, tone["haze"] + 0 * painted, haze), cover)


def distance_to_part(x: Tensor, y: Tensor, is_a: dict[str, Tensor], kinds: tuple[int, ...] = _ALL_KINDS) -> Tensor:
    """Return the signed distance to the part's outline; of shapes that do not occur nothing is computed."""
    a, b = is_a["a"], is_a["b"]
    formulas: dict[int, Callable[[], Tensor]] = {
        ELLIPSE: lambda: shapes.ellipse(x, y, a, b),
        BOX: lambda: shapes.box(x, y, a, b, is_a["taper"], is_a["round"]),
        STAR: lambda: shapes.star(x, y, a),
        HEART: lambda: shapes.heart(x, y, a),
        HALF: lambda: shapes.half_ellipse(x, y, a, b),
    }
    distance = formulas[kinds[0]]()
    for kind in kinds[1:]:
        distance = torch.where(is_a["kind"] == kind, formulas[kind](), distance)
    return distance


_EAGER: dict[str, Callable[..., Tensor]] = {"back": _back, "parts": _paint_parts, "finish": finish}


@cache
def _compiled() -> dict[str, Callable[..., Tensor]]:
    config = torch._dynamo.config  # noqa: SLF001 - where torch keeps the setting
    config.recompile_limit = max(config.recompile_limit, 64)  # one a size, length and batch
    return {name: torch.compile(kernel, dynamic=False) for name, kernel in _EAGER.items()}
