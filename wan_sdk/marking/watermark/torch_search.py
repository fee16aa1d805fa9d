"""The wide search in batches on a torch device: the same scores as with numpy, many poses at once.

What is computed stays on the device: it answers once for all tries of a stage, and once for all its climbs.
This file and the other ones named `torch` are imported only when a device is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import torch
from torch.nn import functional

from wan_sdk.marking.watermark import bend, climb, reading, statistic
from wan_sdk.marking.watermark.carriers import Carriers, lattice
from wan_sdk.marking.watermark.correlate import CELLS, Scores, Try
from wan_sdk.marking.watermark.geometry import GRID
from wan_sdk.marking.watermark.torch_canvases import Atlas, Places, Whitener, put
from wan_sdk.marking.watermark.torch_climb import Climbers
from wan_sdk.marking.watermark.torch_front import device_of, gathered
from wan_sdk.marking.watermark.torch_pilots import pilots_of

BATCH = {"cpu": 32}
BATCH_OF_A_CARD = 512
UNIT = {"cpu": 1}
UNIT_OF_A_CARD = 32
FINE_AT_ONCE = 32


class BatchCorrelator:
    """Score pilots at every shift, climb, and compare patches, for many poses at once.

    Args:
      waves: The carriers of each pilot variant; their roles agree.
      device: A torch device or its name.
    """

    def __init__(self, waves: tuple[Carriers, ...], device: str | torch.device) -> None:
        self.device = device_of(device) if isinstance(device, str) else device
        self._atlas = Atlas(self.device)
        self._pilots = pilots_of(waves, self.device)
        self._all_fine = Whitener(np.arange(len(waves[0].phase)), reading.FINE, self.device)
        self._centre_of_fine = put(statistic.to_centre(reading.FINE), self.device)
        kx, ky = (k[waves[0].pilot] for k in lattice())
        # where the pilots lie in the spectrum of all shifts, then those that turn the other way
        self._slots = put(np.concatenate([ky % GRID * GRID + kx, -ky % GRID * GRID + -kx % GRID]), self.device)
        self._batch = BATCH.get(self.device.type, BATCH_OF_A_CARD)
        self._unit = UNIT.get(self.device.type, UNIT_OF_A_CARD)

    def scores(self, tries: Sequence[Try]) -> Scores:
        """Return the best shift of each try for each variant, straight and mirrored."""
        return self.begun(tries)()

    def begun(self, tries: Sequence[Try]) -> Callable[[], Scores]:
        """Set the device to scoring tries; return what waits for the scores."""
        places = self._atlas.places(tries, GRID)
        # room for the spectra of all shifts, nothing but pilots in it
        room = torch.zeros(min(self._batch, len(tries) + self._unit), CELLS, dtype=torch.complex64, device=self.device)
        order, bests, cells = [], [], []
        for members, squares in self._batches(places):
            padded = np.pad(members, (0, -len(members) % self._unit), mode="edge")
            back = np.linalg.inv(places.linear[padded]).astype(np.float32)
            seen = self._pilots.seen(places.ground(padded, squares).lay(put(back, self.device)))
            best, cell = self._peaks(seen, room[: len(padded)])
            order.append(members)
            bests.append(best[: len(members)])
            cells.append(cell[: len(members)])
        back_in_order = np.argsort(np.concatenate(order))
        z, cell = torch.cat(bests), torch.cat(cells)
        return lambda: Scores(*(found.cpu().numpy()[back_in_order] for found in (z, cell)))

    def coefficients(self, tries: Sequence[Try]) -> list[np.ndarray]:
        """Return the whitened coefficients of each try; OpenCV lays the maps, so that they are those of numpy."""
        found: list[np.ndarray] = []
        for first in range(0, len(tries), FINE_AT_ONCE):
            part = tries[first : first + FINE_AT_ONCE]
            laid = (sheet.quarter(pose.quarter).lay(pose.matrix, reading.FINE) for sheet, pose in part)
            canvases = gathered(laid, len(part), self.device).to(self.device, non_blocking=True)
            gap = -len(part) % self._unit
            q = self._all_fine(functional.pad(canvases, (0, 0, 0, 0, 0, gap)))[: len(part)]
            found += list((q * self._centre_of_fine).cpu().numpy())
        return [reading.centred(q, pose) for q, (_, pose) in zip(found, tries, strict=True)]

    def tops(self, starts: Sequence[climb.Start]) -> Iterable[list[climb.Top]]:
        """Yield where the climbs end, all at once."""
        if starts:
            yield Climbers(starts, self._atlas, self._pilots).tops()

    def likeness(self, seen: np.ndarray, pattern: np.ndarray, patch: int) -> np.ndarray:
        """Return how well the pilots fit each cell under each small shift, as `bend.likeness` does."""
        wide = put(np.pad(pattern, bend.REACH, mode="wrap").astype(np.float32), self.device)
        here = put(seen.astype(np.float32), self.device)
        rows = []
        for y in range(bend.SHIFTS):
            shifted = wide[y : y + bend.SIZE].unfold(1, bend.SIZE, 1).permute(1, 0, 2)
            cells = functional.avg_pool2d((shifted * here)[:, None], bend.SIZE // bend.CELLS)
            rows.append(functional.avg_pool2d(cells, patch, stride=1, padding=patch // 2)[:, 0])
        return torch.cat(rows).cpu().numpy()

    def _batches(self, places: Places) -> Iterator[tuple[np.ndarray, list[int]]]:
        """Yield (numbers of tries, canvases that their maps cover across and down), copies of like size together.

        Batches are of few lengths, since a device plans its transforms anew for each.
        """
        kinds, kind = np.unique(places.squares, axis=0, return_inverse=True)
        order = np.argsort(-places.sizes[:, 0], kind="stable")
        for number, squares in enumerate(kinds.tolist()):
            alike = order[kind.ravel()[order] == number]
            units = 2 * self._batch // (squares[0] * squares[1]) // self._unit
            most = min(self._batch, max(1, units) * self._unit)
            for first in range(0, len(alike), most):
                yield alike[first : first + most], squares

    def _peaks(self, seen: torch.Tensor, room: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the best score and its cell, straight and mirrored, for each variant: [n, 2, variants].

        Both planes are real: one is the real, the other the imaginary part of a single transform.
        """
        peaks = []
        for turns in self._pilots.turns[GRID]:
            straight, mirrored = (seen * turns).unbind(1)
            mirrored = 1j * mirrored
            room[:, self._slots] = torch.cat([straight + mirrored, (straight - mirrored).conj()], 1)
            planes = torch.fft.ifft2(room.unflatten(1, (GRID, GRID)), norm="forward")
            peaks.append(torch.view_as_real(planes).flatten(1, 2).max(1))
        z, cell = (torch.stack(parts, 2) for parts in zip(*peaks, strict=True))
        return z / 2, cell
