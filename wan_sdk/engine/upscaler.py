"""Frames twice as large, by a small network that learned what nano's world looks like when it is drawn larger.

    frame ──► four convolutions at its own size ──► twelve numbers a pixel, laid out as 2 x 2 pixels
          └─► bicubic ─────────────────────────────────────────────────────► + what those numbers add

It looks at one frame at a time, so a picture that stands still stays still, and a clip gives the same frames in pieces
of any length.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from wan_sdk.errors import DamagedWeights

WIDTH = 24
_AT_ONCE = 4  # frames, so that memory does not grow with the clip


class Upscaler(nn.Module):
    """The network: 13,692 parameters at its usual width.

    Args:
      width: Channels inside.
    """

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        self.width = width
        self.first = nn.Conv2d(3, width, 3)
        self.middle = nn.ModuleList(nn.Conv2d(width, width, 3) for _ in range(2))
        self.last = nn.Conv2d(width, 12, 3)
        nn.init.zeros_(self.last.weight)  # it begins as what it adds to
        nn.init.zeros_(self.last.bias)

    def forward(self, frames: Tensor) -> Tensor:
        """Return frames twice as large: [n, 3, height, width] in -1...1 to [n, 3, 2 height, 2 width].

        The frames stay in float32, whatever the convolutions compute in: in bfloat16 they would lose a grey level.
        What comes out is not clipped, so that training sees how far it is off.
        """
        # The border is repeated once, as far as four convolutions look, and each of them eats a pixel of it.
        x = functional.pad(frames, (4, 4, 4, 4), mode="replicate").to(self.first.weight.dtype)
        x = functional.relu(self.first(x))
        for layer in self.middle:
            x = x[..., 1:-1, 1:-1] + functional.relu(layer(x))
        larger = functional.interpolate(frames, scale_factor=2, mode="bicubic", align_corners=False)
        return larger + functional.pixel_shuffle(self.last(x), 2).to(larger.dtype)


@torch.no_grad()
def enlarge_twice(upscaler: Upscaler, frames: np.ndarray) -> np.ndarray:
    """Return frames twice as large.

    >>> enlarge_twice(Upscaler(), np.zeros((5, 96, 160, 3), np.uint8)).shape
    (5, 192, 320, 3)

    Args:
      upscaler: As `load_upscaler` gives it.
      frames: uint8 [n, height, width, 3].

    Returns:
      uint8 [n, 2 height, 2 width, 3].
    """
    weight = upscaler.first.weight
    count, height, width, _ = frames.shape
    larger = np.empty((count, 2 * height, 2 * width, 3), np.uint8)
    for first in range(0, count, _AT_ONCE):
        some = torch.from_numpy(np.ascontiguousarray(frames[first : first + _AT_ONCE]))
        pixels = some.to(weight.device).permute(0, 3, 1, 2).float() / 127.5 - 1
        made = upscaler(pixels).clamp(-1, 1) * 127.5 + 127.5
        larger[first : first + _AT_ONCE] = made.round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
    return larger


def load_upscaler(folder: Path, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32) -> Upscaler:
    """Load an upscaler that `save_upscaler` wrote, ready to use.

    Args:
      folder: Where ``config.json`` and ``model.safetensors`` are.
      device: Where it is to work.
      dtype: What its convolutions compute in.

    Raises:
      DamagedWeights: If a file is missing or not what it says.
    """
    try:
        upscaler = Upscaler(int(json.loads((folder / "config.json").read_text("utf-8"))["width"]))
        upscaler.load_state_dict(load_file(folder / "model.safetensors"))
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as problem:
        raise DamagedWeights(
            f"the upscaler can't be loaded: {str(problem).splitlines()[0][:300]}",
            where=str(folder),
            hint="install the package again, or look whether the folder is whole",
        ) from problem
    return upscaler.to(device, dtype).eval().requires_grad_(requires_grad=False)
