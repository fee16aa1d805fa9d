"""The pilots of canvases on a torch device, as the picture is and mirrored."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch

from wan_sdk.marking.watermark import climb, statistic
from wan_sdk.marking.watermark.carriers import CANVAS, Carriers, lattice
from wan_sdk.marking.watermark.geometry import GRID
from wan_sdk.marking.watermark.torch_canvases import Whitener, put


class Pilots:
    """Hold what the pilots of a key look like, on a device.

    Args:
      waves: The carriers of each pilot variant; their roles agree.
      device: The torch device.
    """

    def __init__(self, waves: tuple[Carriers, ...], device: torch.device) -> None:
        pilots = np.flatnonzero(waves[0].pilot)
        both = np.stack([pilots, statistic.mirror()[pilots]])
        kx, ky = (k[pilots] for k in lattice())
        self.device = device
        self._waves = waves
        self._whiteners = {size: Whitener(both.ravel(), size, device) for size in (GRID, climb.REFINE)}
        # a pilot is conjugated; a mirrored one is the conjugate already, but for those on the axis
        conjugated = np.stack([np.ones(len(pilots), bool), kx == 0])
        self._sides = put(np.stack([np.ones_like(both), np.where(conjugated, -1, 1)], -1).astype(np.float32), device)
        phases = math.sqrt(2) * np.stack([np.exp(1j * one.phase[pilots]) for one in waves])[:, None]
        centres = {size: statistic.to_centre(size)[both] for size in self._whiteners}
        self.turns = {
            size: put((phases * np.where(conjugated, centre.conj(), centre)).astype(np.complex64), device)
            for size, centre in centres.items()
        }
        self._unit = put((2 * np.pi / CANVAS * np.stack([kx, ky])).astype(np.float32), device)
        self._one = torch.ones(1, device=device)
        reach, pitch = climb.SETTLE
        steps = np.arange(-reach, reach + 1) * pitch
        every = np.stack(np.meshgrid(steps, steps, indexing="ij"), -1).reshape(-1, 2)
        self._steps = put(every.astype(np.float32), device)
        across, down = (np.exp(2j * np.pi / CANVAS * np.outer(k, steps)).astype(np.complex64) for k in (kx, ky))
        self._across, self._down = put(np.ascontiguousarray(across.T), device), put(down, device)

    def variant(self, waves: Carriers) -> int:
        """Return the number of a set of carriers."""
        return next(number for number, ours in enumerate(self._waves) if ours is waves)

    def seen(self, canvases: torch.Tensor) -> torch.Tensor:
        """Return the whitened pilots, conjugated, of canvases and their mirror images: complex64 [n, 2, pilots].

        Their sum of squares is 1. The real part of their sum is a score, once they are multiplied by the `turns` of a
        variant and the canvases' size [variants, 2, pilots] and turned by a shift.
        """
        whitened = self._whiteners[canvases.shape[-1]](canvases).unflatten(1, (2, -1))
        picked = torch.view_as_complex(torch.view_as_real(whitened) * self._sides)
        return picked / torch.linalg.vector_norm(picked, dim=2, keepdim=True).clamp_min(1e-15)

    def settled(self, turned: torch.Tensor, shift: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the best score about a shift, and that shift: float32 [n], [n, 2].

        Args:
          turned: Pilots, seen and turned: complex64 [n, pilots].
          shift: Units to the right and down: float32 [n, 2].
        """
        # no matrix product here, whose factors a card may be set to round to 10 bits: phases need every digit
        phase = shift[:, :1] * self._unit[0] + shift[:, 1:] * self._unit[1]
        there = turned * torch.polar(self._one.expand_as(phase), phase)
        z, at = ((there[:, None] * self._across) @ self._down).real.flatten(1).max(1)
        return z, shift + self._steps[at]


@lru_cache(maxsize=4)
def pilots_of(waves: tuple[Carriers, ...], device: torch.device) -> Pilots:
    """Return the pilots of a key on a device, put there once."""
    return Pilots(waves, device)
