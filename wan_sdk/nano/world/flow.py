"""Where every pixel goes from one frame to the next: exact optical flow."""

from __future__ import annotations

import torch
from torch import Tensor

from wan_sdk.nano.world.backdrop import FAR, WALL_DEPTH, far_cover
from wan_sdk.nano.world.geometry import View, part_frames, pixel_grid, rays, view
from wan_sdk.nano.world.places import EYE, WALL
from wan_sdk.nano.world.render import distance_to_part
from wan_sdk.nano.world.scenes import MOOD
from wan_sdk.nano.world.subjects import COLUMN

_INFINITY = 1e6


def flow(scene: dict[str, Tensor], height: int, width: int) -> Tensor:
    """Return the motion of what each pixel shows, to the next frame.

    Waves, rain, snow, shadows and soft clouds have none of their own here; what is behind them moves.

    Returns:
      [n, 2, frames - 1, height, width]: pixels to the right, pixels down.
    """
    seen = view(scene["pose"], height, width)
    u, v = pixel_grid(height, width, scene["pose"].device)
    dx, dy = rays(seen.turn, u, v)
    now, after = _some(seen, slice(None, -1)), _some(seen, slice(1, None))
    dx, dy = dx[:, :-1], dy[:, :-1]
    goes_x, goes_y = _backdrop_rays(scene, now, after, dx, dy)
    matrix = part_frames(scene, seen)[..., None, None]
    for k in range(scene["parts"].shape[1]):
        is_a = {name: scene["parts"][:, k, column, None, None, None] for name, column in COLUMN.items()}
        m, n = matrix[:, :-1, k].unbind(2), matrix[:, 1:, k].unbind(2)
        x, y = m[0] * dx + m[1] * dy + m[2], m[3] * dx + m[4] * dy + m[5]
        inside = (distance_to_part(x, y, is_a) < 0) & (is_a["alpha"] > 0.5) & (is_a["soft"] == 0)
        determinant = n[0] * n[4] - n[1] * n[3]
        next_x = (n[4] * (x - n[2]) - n[1] * (y - n[5])) / determinant
        next_y = (n[0] * (y - n[5]) - n[3] * (x - n[2])) / determinant
        goes_x, goes_y = torch.where(inside, next_x, goes_x), torch.where(inside, next_y, goes_y)
    back = torch.linalg.inv(after.turn)[..., None, None]
    ahead = back[:, :, 2, 0] * goes_x + back[:, :, 2, 1] * goes_y + back[:, :, 2, 2]
    next_u = (back[:, :, 0, 0] * goes_x + back[:, :, 0, 1] * goes_y + back[:, :, 0, 2]) / ahead
    next_v = (back[:, :, 1, 0] * goes_x + back[:, :, 1, 1] * goes_y + back[:, :, 1, 2]) / ahead
    return torch.stack([next_u - u, v - next_v], 1) * (width / 2)


def _some(seen: View, frames: slice) -> View:
    return View(*(values[:, frames] for values in seen))


def _backdrop_rays(scene: dict[str, Tensor], now: View, after: View, dx: Tensor, dy: Tensor) -> tuple[Tensor, Tensor]:
    """Return the rays, a frame later, toward what the empty scene shows."""
    says = {name: scene["mood"][:, k, None, None, None] for k, name in enumerate(MOOD)}
    eye, later = now.place[..., None, None], after.place[..., None, None]
    wall = says["far_shape"] == WALL
    depth = torch.where(wall, WALL_DEPTH, FAR) - eye[:, :, 2]
    x, y = eye[:, :, 0] + dx * depth, eye[:, :, 1] + dy * depth
    covered = far_cover(says, x, y, now.pixel[..., None, None] * depth)[0] > 0.5
    depth = torch.where(covered, depth, _INFINITY)
    ground = torch.where(wall, y < -EYE, dy < 0)
    depth = torch.where(ground, (EYE + eye[:, :, 1]) / torch.clamp(-dy, min=1e-6), depth)
    nearer = later - eye
    left = depth - nearer[:, :, 2]
    return (dx * depth - nearer[:, :, 0]) / left, (dy * depth - nearer[:, :, 1]) / left
