"""Laying maps on canvases in batches on a torch device, and the whitened waves of the canvases.

Maps and their smaller copies are the pages of an atlas, each in the upper left corner of a page, zeros beyond. So
canvases of any maps, sizes of copies and quarter turns are laid together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from torch.nn import functional

from wan_sdk.marking.watermark import statistic
from wan_sdk.marking.watermark.carriers import CANVAS, lattice
from wan_sdk.marking.watermark.correlate import Try
from wan_sdk.marking.watermark.geometry import MOST_UNITS, Sheet, matrices
from wan_sdk.marking.watermark.torch_front import copies

MOST_SQUARES = int(MOST_UNITS / CANVAS)


def put(values: np.ndarray, device: torch.device) -> torch.Tensor:
    """Return numbers on the device, without waiting for them to arrive."""
    return torch.from_numpy(np.ascontiguousarray(values)).to(device, non_blocking=True)


@dataclass(frozen=True, eq=False)
class Places:
    """Say where on the pages of an atlas tries lie, and how much of the canvas they cover.

    Args:
      linear: From the map to the canvas, both in units from their centres: float64 [n, 2, 2].
      page: The number of the page: int64 [n].
      sizes: Width and height of the copy on it: int64 [n, 2].
      squares: Canvases across and down that the map covers: int64 [n, 2].
      pages: Every copy of the tries' maps: float32 [pages, height, width].
      extent: Width and height of the maps, units.
      size: Pixels of a canvas a side.
    """

    linear: np.ndarray
    page: np.ndarray
    sizes: np.ndarray
    squares: np.ndarray
    pages: torch.Tensor
    extent: tuple[float, float]
    size: int

    def ground(self, members: np.ndarray, squares: Sequence[int]) -> Ground:
        """Return the pages of some tries, cut to the largest copy among them."""
        width, height = self.sizes[members].max(0).tolist()
        pages = self.pages[:, :height, :width][put(self.page[members], self.pages.device)]
        share = self.sizes[members] / (width, height)
        scale, centre = (put(one.astype(np.float32), pages.device) for one in (2 * share / self.extent, share - 1))
        across, down = squares
        return Ground(pages, scale, centre, self.size, (across, down))


class Atlas:
    """Hold the maps of a search, all of one shape, and their smaller copies on a device.

    Args:
      device: The torch device.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._copies: dict[int, tuple[Sheet, torch.Tensor]] = {}

    def places(self, tries: Sequence[Try], size: int, beyond: float = 1.0) -> Places:
        """Return where tries lie, with room for poses that cover `beyond` times as much of the canvas."""
        sheets = {id(sheet): sheet for sheet, _ in tries}
        numbers = {name: number for number, name in enumerate(sheets)}
        any_sheet = tries[0][0]
        linear = matrices([pose for _, pose in tries])
        level = any_sheet.level_at(linear, size / CANVAS)
        number = np.array([numbers[id(sheet)] for sheet, _ in tries])
        reach = beyond * np.abs(linear) @ any_sheet.extent * size / CANVAS + 2
        return Places(
            linear=linear,
            page=number * len(any_sheet.sizes) + level,
            sizes=any_sheet.sizes[level],
            squares=np.clip(np.ceil(reach / size), 1, MOST_SQUARES).astype(int),
            pages=self._pages(list(sheets.values())),
            extent=any_sheet.extent,
            size=size,
        )

    def _pages(self, sheets: Sequence[Sheet]) -> torch.Tensor:
        """Return the copies of maps, put on the device and made smaller there once."""
        new = [sheet for sheet in sheets if id(sheet) not in self._copies]
        if new:
            made = copies(put(np.stack([sheet.values for sheet in new]), self._device), new[0].sizes.tolist())
            self._copies |= {id(sheet): (sheet, of_one) for sheet, of_one in zip(new, made, strict=True)}
        return torch.cat([self._copies[id(sheet)][1] for sheet in sheets])


@dataclass(frozen=True, eq=False)
class Ground:
    """Hold the pages of some tries, ready to be laid.

    Args:
      pages: float32 [n, height, width].
      scale: From units of the map to its page, which goes from -1 to 1, across and down: float32 [n, 2].
      centre: Where on the page the map's centre lies: float32 [n, 2].
      size: Pixels of a canvas a side.
      squares: Canvases across and down that are folded into one.
    """

    pages: torch.Tensor
    scale: torch.Tensor
    centre: torch.Tensor
    size: int
    squares: tuple[int, int]

    def lay(self, back: torch.Tensor) -> torch.Tensor:
        """Return the canvases of tries: float32 [n, size, size].

        Args:
          back: From the canvas to the map, the inverse of `matrices`: float32 [n, 2, 2].
        """
        across, down = self.squares
        x, y = (_line(number, self.size, back.device) for number in self.squares)
        to_page = back * self.scale[..., None]
        # no matrix product, whose factors a card may be set to round to 10 bits
        rows = to_page[:, None, None, :, 1] * y[:, None, None] + self.centre[:, None, None]
        grid = to_page[:, None, None, :, 0] * x[:, None] + rows
        laid = functional.grid_sample(self.pages[:, None], grid, padding_mode="zeros", align_corners=False)
        if across == down == 1:
            return laid[:, 0]
        return laid.reshape(len(laid), down, self.size, across, self.size).sum((1, 3))

    def twice(self) -> Ground:
        """Return ground for two tries on every page."""
        both = {name: getattr(self, name).repeat_interleave(2, 0) for name in ("pages", "scale", "centre")}
        return replace(self, **both)


@lru_cache(maxsize=32)
def _line(squares: int, size: int, device: torch.device) -> torch.Tensor:
    """Return where the pixels of a row of canvases lie, in units from the centre, which folding keeps."""
    line = (np.arange(squares * size) + 0.5) * (CANVAS / size) - squares * CANVAS / 2
    # the centre of an even number of canvases is an edge of theirs
    return put(np.roll(line, size // 2 * (1 - squares % 2)).astype(np.float32), device)


class Whitener:
    """Transform canvases of one size and divide some carriers by the local strength of the spectrum.

    Args:
      chosen: Numbers of the carriers, int64 [m].
      size: Pixels of a canvas a side.
      device: The torch device.
    """

    def __init__(self, chosen: np.ndarray, size: int, device: torch.device) -> None:
        kx, ky = (k[chosen] for k in lattice())
        width = size // 2 + 1
        edge = statistic.NEIGHBOURS[0] // 2
        rows = np.pad(np.arange(-statistic.REACH, statistic.REACH + 1), edge, mode="reflect")
        columns = np.pad(np.arange(statistic.WIDTH), edge, mode="reflect")
        self._bordered_shape = len(rows), len(columns)
        self._bordered = put((rows[:, None] % size * width + columns).ravel(), device)
        self._in_spectrum = put(ky % size * width + kx, device)
        self._in_level = put(statistic.places()[chosen], device)

    def __call__(self, canvases: torch.Tensor) -> torch.Tensor:
        """Return the chosen carriers of each canvas: complex64 [n, m]."""
        spectrum = torch.fft.rfft2(canvases).flatten(1)
        tall, wide = statistic.NEIGHBOURS
        power = spectrum.abs().square_()[:, self._bordered].reshape(-1, 1, *self._bordered_shape)
        boxes = functional.avg_pool2d(functional.avg_pool2d(power, (tall, 1), stride=1), (1, wide), stride=1)
        level = boxes.flatten(1)[:, self._in_level]
        floor = 1e-9 * level.mean(1, keepdim=True) + 1e-20
        return spectrum[:, self._in_spectrum] * level.maximum(floor).rsqrt_()
