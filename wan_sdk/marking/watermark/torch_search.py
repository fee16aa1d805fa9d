"""The wide search in batches on a torch device: the same scores as `correlate`, many poses at once.

This is the one file of the watermark that knows torch; it is imported only when a device is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
import torch
from torch.nn import functional

from wan_sdk.errors import UsageError
from wan_sdk.marking.watermark import statistic
from wan_sdk.marking.watermark.carriers import CANVAS, Carriers, lattice
from wan_sdk.marking.watermark.correlate import GRID, Peak
from wan_sdk.marking.watermark.geometry import MOST_UNITS, Pose, Sheet

BATCH = 128


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


class BatchCorrelator:
    """Score pilots at every shift, for many poses at once.

    Args:
      waves: The carriers of each pilot variant; their roles agree.
      device: A torch device or its name.
    """

    def __init__(self, waves: tuple[Carriers, ...], device: str | torch.device) -> None:
        self.device = device_of(device) if isinstance(device, str) else device
        kx, ky = lattice()
        pilots = np.flatnonzero(waves[0].pilot)
        mirrored = statistic.mirror()[pilots]
        self._at = self._tensor(statistic.places()[pilots])
        self._mirrored_at = self._tensor(statistic.places()[mirrored])
        centre = np.exp(-1j * np.pi * (1 / GRID - 1) * (kx + ky)).astype(np.complex64)
        self._centre, self._mirrored_centre = self._tensor(centre[pilots]), self._tensor(centre[mirrored])
        self._on_axis = self._tensor(kx[pilots] == 0)
        self._turned = [self._tensor(np.exp(1j * w.phase[pilots]).astype(np.complex64)) for w in waves]
        self._slots = self._tensor((ky[pilots] % GRID) * statistic.WIDTH + kx[pilots])
        self._axis_slots = self._tensor((-ky[pilots][kx[pilots] == 0] % GRID) * statistic.WIDTH)
        self._levels: dict[int, torch.Tensor] = {}

    def peaks(self, tries: Iterable[tuple[Sheet, Pose]]) -> Iterator[tuple[Sheet, Pose, list[Peak]]]:
        """Yield each try with the best shift for each variant, straight and mirrored."""
        groups: dict[tuple[int, int, int], list[tuple[Sheet, Pose]]] = {}
        for sheet, pose in tries:
            groups.setdefault(self._kind(sheet.quarter(pose.quarter), pose), []).append((sheet, pose))
        for (_, _, tiles), members in groups.items():
            rest = iter(members)
            while batch := list(islice(rest, BATCH if tiles == 1 else BATCH // 4)):
                turned = batch[0][0].quarter(batch[0][1].quarter)
                laid = self._laid(turned, [pose.matrix for _, pose in batch], tiles)
                for (sheet, pose), peaks in zip(batch, self._scored(laid), strict=True):
                    yield sheet, pose, peaks

    def _kind(self, sheet: Sheet, pose: Pose) -> tuple[int, int, int]:
        """Return what poses of one batch share: the copy of the map, and the canvases it covers."""
        reach = np.abs(pose.matrix) @ np.array(sheet.extent)
        tiles = 1 if max(reach) * GRID / CANVAS + 2 <= GRID else int(MOST_UNITS / CANVAS)
        return id(sheet), id(sheet.level_for(pose.matrix, GRID / CANVAS)), tiles

    def _laid(self, sheet: Sheet, matrices: list[np.ndarray], tiles: int) -> torch.Tensor:
        level = sheet.level_for(matrices[0], GRID / CANVAS)
        if id(level) not in self._levels:
            self._levels[id(level)] = self._tensor(level)
        values = self._levels[id(level)][None, None].expand(len(matrices), -1, -1, -1)
        # grid_sample counts from -1 to 1 over the sheet, and over the canvas of `tiles` squares
        half = np.array(sheet.extent) / 2
        units = tiles * CANVAS / 2
        theta = np.stack([np.linalg.inv(m) / half[:, None] * units for m in matrices])
        theta = np.concatenate([theta, np.zeros((len(matrices), 2, 1))], 2).astype(np.float32)
        size = [len(matrices), 1, tiles * GRID, tiles * GRID]
        grid = functional.affine_grid(self._tensor(theta), size, align_corners=False)
        laid = functional.grid_sample(values, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
        return laid.reshape(len(matrices), tiles, GRID, tiles, GRID).sum((1, 3))

    def _scored(self, canvases: torch.Tensor) -> list[list[Peak]]:
        reach, width = statistic.REACH, statistic.WIDTH
        spectrum = torch.fft.rfft2(canvases)[..., :width]
        kept = torch.cat([spectrum[:, GRID - reach :], spectrum[:, : reach + 1]], 1)
        power = kept.abs().square()[:, None]
        power = functional.avg_pool2d(functional.pad(power, (4, 4, 4, 4), mode="reflect"), 9, stride=1)
        level, values = power.flatten(1), kept.flatten(1)
        floor = (1e-9 * level.mean(1, keepdim=True) + 1e-20).clamp_min(1e-20)
        q = values / level.maximum(floor).sqrt()
        straight = q[:, self._at] * self._centre
        other = q[:, self._mirrored_at] * self._mirrored_centre
        mirrored = torch.where(self._on_axis, other, other.conj())
        results: list[list[Peak]] = [[] for _ in range(len(canvases))]
        for flip, picked in ((False, straight), (True, mirrored)):
            scale = GRID * GRID / 2 / (picked.abs().square().sum(1) / 2 + 1e-30).sqrt()
            for variant, turned in enumerate(self._turned):
                best, at = self._planes(turned * picked.conj()).max(1)
                found = zip((best * scale).tolist(), at.tolist(), strict=True)
                for peaks, (z, index) in zip(results, found, strict=True):
                    y, x = divmod(index, GRID)
                    peaks.append(Peak(z, x * CANVAS / GRID, y * CANVAS / GRID, flip, variant))
        return results

    def _planes(self, inner: torch.Tensor) -> torch.Tensor:
        spectrum = torch.zeros(len(inner), GRID * statistic.WIDTH, dtype=torch.complex64, device=self.device)
        spectrum[:, self._slots] = inner
        spectrum[:, self._axis_slots] = inner[:, self._on_axis].conj()
        down = torch.fft.ifft(spectrum.reshape(-1, GRID, statistic.WIDTH), dim=1)
        return torch.fft.irfft(down, n=GRID, dim=2).flatten(1)

    def _tensor(self, values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(self.device)
