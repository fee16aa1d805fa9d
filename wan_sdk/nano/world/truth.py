"""What is exactly so in a clip: the camera of every frame and the boxes of its subjects."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from wan_sdk.nano.attributes import Attributes, camera_of
from wan_sdk.nano.world.geometry import View, part_frames, view
from wan_sdk.nano.world.subjects import BOX, COLUMN, HALF, HEART
from wan_sdk.spec.camera_moves import Node
from wan_sdk.spec.camera_pose import Pose, pose_at

_AROUND = 24


@dataclass(frozen=True)
class Truth:
    """Hold what is so in the clips of a batch.

    Args:
      cameras: The path of each clip, as the spec writes it.
      poses: Of each clip and frame, relative to the first frame: exactly ``Camera.pose``.
      boxes: [n, 2, frames, 4] left, top, right, bottom of the subject and of its companion, in parts of
        the picture (0 to 1; beyond it where they leave the picture), nan where there is no companion.
    """

    cameras: tuple[Node, ...]
    poses: tuple[tuple[Pose, ...], ...]
    boxes: np.ndarray


def truth(attributes: Attributes, scene: dict[str, Tensor], height: int, width: int) -> Truth:
    """Return the truth about the clips of a batch at one size of picture."""
    frames = scene["seconds"].shape[1]
    paths = tuple(camera_of(attributes, i) for i in range(len(attributes["subject"])))
    times = np.linspace(0, 1, frames).tolist()
    poses = tuple(tuple(pose_at(path, t) for t in times) for path in paths)
    return Truth(paths, poses, subject_boxes(scene, height, width).cpu().numpy())


def subject_boxes(scene: dict[str, Tensor], height: int, width: int) -> Tensor:
    """Return the boxes of the subject and its companion: [n, 2, frames, 4] as in `Truth`."""
    seen = view(scene["pose"], height, width)
    matrix = part_frames(scene, seen)
    x, y = _outline(scene["parts"])
    inverse = torch.linalg.inv(matrix[..., :6].unflatten(-1, (2, 3))[..., :2].double()).float()
    moved = torch.stack([x[:, None] - matrix[..., 2, None], y[:, None] - matrix[..., 5, None]], -2)
    u, v = pixel_of(inverse @ moved, seen)
    across, down = (u + 1) / 2, 0.5 - v / 2 * (width / height)
    owner = scene["parts"][:, None, :, COLUMN["owner"], None]
    boxes = []
    for who in (1, 2):
        here = (owner == who).expand_as(across)
        least = [torch.where(here, edge, torch.inf).amin((2, 3)) for edge in (across, down)]
        most = [torch.where(here, edge, -torch.inf).amax((2, 3)) for edge in (across, down)]
        box = torch.stack([*least, *most], -1)
        boxes.append(torch.where(box.isfinite(), box, torch.nan))
    return torch.stack(boxes, 1)


def pixel_of(ray: Tensor, seen: View) -> tuple[Tensor, Tensor]:
    """Return where rays x/z, y/z [n, frames, slots, 2, points] meet the picture, in the pixels' u and v."""
    direction = torch.cat([ray, torch.ones_like(ray[..., :1, :])], -2)
    back = torch.linalg.inv(seen.turn)[:, :, None]
    u, v, depth = (back @ direction).unbind(-2)
    return u / depth, v / depth


def _outline(parts: Tensor) -> tuple[Tensor, Tensor]:
    """Return points around every part, none of them inside it: [n, slots, points]."""
    a, b, taper = (parts[..., COLUMN[name], None] for name in ("a", "b", "taper"))
    kind = parts[..., COLUMN["kind"], None]
    box = kind == BOX
    angle = torch.linspace(0, math.tau, _AROUND + 1, device=parts.device)[:-1]
    cos, sin = angle.cos() / math.cos(math.pi / _AROUND), angle.sin() / math.cos(math.pi / _AROUND)
    corner_x, corner_y = torch.sign(angle.cos()), torch.sign(angle.sin())
    widest = 1 - taper * corner_y
    low = torch.where(kind == HALF, torch.clamp(sin, min=0), sin)
    size = torch.where(kind == HEART, 0.615, 1.0)  # a heart of size 1 reaches so far from its middle
    return size * a * torch.where(box, corner_x * widest, cos), size * b * torch.where(box, corner_y, low)
