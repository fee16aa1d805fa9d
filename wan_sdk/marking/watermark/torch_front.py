"""The front end in batches on a torch device: the maps that OpenCV makes, many frames or stretches of time at once.

Resizing, blurs and boxes are products with matrices that OpenCV itself fills in, so both ways differ by rounding only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice

import cv2
import numpy as np
import torch
from torch.nn import functional

from wan_sdk.errors import UsageError
from wan_sdk.marking.watermark import front

FRAMES_AT_ONCE = 16


def device_of(name: str) -> torch.device:
    """Return the torch device of a name, or raise UsageError when it is not on this machine."""
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as problem:
        raise UsageError(
            f"device {name!r} cannot be used here: {str(problem).splitlines()[0]}", hint="leave it out for the CPU"
        ) from None
    return device


def details(frames: Iterable[np.ndarray], device: torch.device) -> Iterator[np.ndarray]:
    """Yield the map of each frame, as `front.detail` makes it; the frames have one size.

    Frames are made grey, and their maps taken, while the device is at the ones after or before.
    """
    every = iter(frames)
    maps: torch.Tensor | None = None
    while batch := list(islice(every, FRAMES_AT_ONCE)):
        greys = gathered(map(front.grey, batch), len(batch), device)
        done = () if maps is None else maps.cpu().numpy()
        maps = _details(greys, device)
        yield from done
    if maps is not None:
        yield from maps.cpu().numpy()


def gathered(arrays: Iterable[np.ndarray], count: int, device: torch.device) -> torch.Tensor:
    """Return arrays of one shape as one tensor, in memory that a card reads by itself where there is one."""
    every = iter(arrays)
    first = next(every)
    kind = torch.from_numpy(np.empty(0, first.dtype)).dtype
    together = torch.empty(count, *first.shape, dtype=kind, pin_memory=device.type == "cuda")
    for place, array in zip(together.numpy(), chain([first], every), strict=True):
        place[:] = array
    return together


def _details(greys: torch.Tensor, device: torch.device) -> torch.Tensor:
    rows, columns = greys.shape[1:]
    height, width = front.map_size(rows, columns)
    if height <= rows and width <= columns:
        down, across = (_matrix("resize", *sides, device) for sides in ((rows, height), (columns, width)))
        level = down @ greys.to(device, non_blocking=True).to(down.dtype) @ across.T
    else:  # small pictures are enlarged in no time, and not one axis at a time
        level = torch.from_numpy(np.stack([front.resized(grey) for grey in greys.numpy()])).to(device, _exact(device))
    total = torch.zeros_like(level)
    for step, box in front.blurs():
        blurred = _matrix("blur", height, step, device) @ level @ _matrix("blur", width, step, device).T
        band = level - blurred
        power = _matrix("box", height, box, device) @ band.square() @ _matrix("box", width, box, device).T
        total += (band / power.clamp_min(1.0).sqrt()).clamp_(-front.CLIP, front.CLIP)
        level = blurred
    return total.float()


def _exact(device: torch.device) -> torch.dtype:
    """Return the numbers of matrix products: a card may be set to round the factors of 32-bit ones to 10 bits."""
    return torch.float32 if device.type == "mps" else torch.float64


def copies(maps: torch.Tensor, sizes: Sequence[Sequence[int]]) -> torch.Tensor:
    """Return maps in several sizes, each in the upper left corner, zeros beyond: float32 [maps, sizes, height, width].

    Args:
      maps: float32 [maps, height, width].
      sizes: Width and height of each copy, that of the map first.
    """
    count, rows, columns = maps.shape
    pages = maps.new_zeros(count, len(sizes), rows, columns)
    pages[:, 0] = maps
    exact = maps.to(_exact(maps.device))
    for number, (width, height) in enumerate(sizes[1:], 1):
        down, across = (_matrix("resize", *sides, maps.device) for sides in ((rows, height), (columns, width)))
        pages[:, number, :height, :width] = down @ exact @ across.T
    return pages


@lru_cache(maxsize=64)
def _matrix(what: str, side: int, how: float, device: torch.device) -> torch.Tensor:
    """Return the matrix [new side, side] of what OpenCV does to one axis of that many pixels."""
    unit = np.eye(side)
    if what == "resize":
        matrix = cv2.resize(unit, (side, int(how)), interpolation=cv2.INTER_AREA)
    elif what == "blur":
        reach = round(8 * how + 1) | 1
        matrix = cv2.GaussianBlur(unit, (1, reach), how, sigmaY=how, borderType=cv2.BORDER_REFLECT_101)
    else:
        matrix = cv2.blur(unit, (1, int(how)), borderType=cv2.BORDER_REFLECT_101)
    return torch.from_numpy(matrix).to(device, _exact(device))


def flatten(averages: Sequence[np.ndarray], device: torch.device) -> list[np.ndarray]:
    """Divide maps of one size by their local strength, each as `front.flatten` does."""
    height, width = averages[0].shape
    short = min(height, width)
    periodic = gathered(map(front.padded, averages), len(averages), device).to(device, non_blocking=True)
    rows, columns = periodic.shape[1:]
    spectrum = torch.fft.rfft2(periodic)[:, None]
    total = periodic.new_zeros(len(averages), height, width)
    for masks, side in _scales(rows, columns, short, device):
        scale = torch.fft.irfft2(spectrum * masks, s=(rows, columns))[..., :height, :width]
        power = _box(scale.square(), side)
        floor = front.FLOOR * power.mean((2, 3), keepdim=True) + 1e-12
        total += (scale / power.maximum(floor).sqrt()).sum(1)
    return list(total.cpu().numpy())


@lru_cache(maxsize=2)
def _scales(height: int, width: int, short: int, device: torch.device) -> list[tuple[torch.Tensor, int]]:
    """Return the masks of each scale, one for each direction, and the side of its boxes."""
    bands = front.bands(height, width, short)
    scales = [bands[at : at + front.DIRECTIONS] for at in range(0, len(bands), front.DIRECTIONS)]
    masks = [torch.from_numpy(np.stack([mask for mask, _ in scale])).to(device) for scale in scales]
    return [(mask, front.box_of(scale[0][1], short)) for mask, scale in zip(masks, scales, strict=True)]


def _box(values: torch.Tensor, side: int) -> torch.Tensor:
    """Return the means of boxes, what lies beyond the edges mirrored."""
    reach = side // 2
    beyond = functional.pad(values, (reach, reach, reach, reach), mode="reflect")
    return functional.avg_pool2d(functional.avg_pool2d(beyond, (side, 1), stride=1), (1, side), stride=1)
