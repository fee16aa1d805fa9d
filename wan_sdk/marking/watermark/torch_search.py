"""The wide search in batches on a torch device: the same scores as with numpy, many poses at once.

What is computed stays on the device until the best shifts are known: one answer for all tries of a stage, one
for each step of the climbs. This file and `torch_front` are imported only when a device is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch
from torch.nn import functional

from wan_sdk.marking.watermark import bend, climb, reading, statistic
from wan_sdk.marking.watermark.carriers import CANVAS, Carriers, lattice
from wan_sdk.marking.watermark.correlate import CELLS, Scores, Try
from wan_sdk.marking.watermark.geometry import GRID, MOST_UNITS, Sheet, matrices
from wan_sdk.marking.watermark.torch_front import device_of

MOST_TILES = int(MOST_UNITS / CANVAS)
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
        kx, ky = lattice()
        pilots = np.flatnonzero(waves[0].pilot)
        mirrored = statistic.mirror()[pilots]
        self._waves = waves
        self._places = [self._tensor(statistic.places()[at]) for at in (pilots, mirrored)]
        self._centres = {
            size: [self._tensor(statistic.to_centre(size)[at]) for at in (pilots, mirrored)]
            for size in (GRID, climb.REFINE)
        }
        self._carried = self._tensor(statistic.places())
        self._centre_of_fine = self._tensor(statistic.to_centre(reading.FINE))
        self._on_axis = self._tensor(kx[pilots] == 0)
        self._axis = self._tensor(np.flatnonzero(kx[pilots] == 0))
        self._turned = self._tensor(np.stack([np.exp(1j * w.phase[pilots]) for w in waves]).astype(np.complex64))
        self._slots = self._tensor((ky[pilots] % GRID) * (GRID // 2 + 1) + kx[pilots])
        self._axis_slots = self._tensor((-ky[pilots][kx[pilots] == 0] % GRID) * (GRID // 2 + 1))
        reach, pitch = climb.SETTLE
        steps = np.arange(-reach, reach + 1) * pitch * (-2j * np.pi / CANVAS)
        self._across = self._tensor(np.exp(steps[:, None] * kx[pilots]).astype(np.complex64))
        self._down = self._tensor(np.exp(ky[pilots][:, None] * steps).astype(np.complex64))
        self._turn_of_a_unit = self._tensor((-2 * np.pi / CANVAS * np.stack([kx, ky])[:, pilots]).astype(np.float32))
        self._batch = BATCH.get(self.device.type, BATCH_OF_A_CARD)
        self._unit = UNIT.get(self.device.type, UNIT_OF_A_CARD)
        self._levels: dict[int, tuple[np.ndarray, torch.Tensor]] = {}

    def scores(self, tries: Sequence[Try]) -> Scores:
        """Return the best shift of each try for each variant, straight and mirrored."""
        order, bests, cells = [], [], []
        for members, *both in self._pilots(tries, GRID):
            peaks = [peak for picked in both for peak in self._peaks(picked)]
            order.append(members)
            bests.append(torch.stack([z for z, _ in peaks], 1)[: len(members)])
            cells.append(torch.stack([cell for _, cell in peaks], 1)[: len(members)])
        back = np.argsort(np.concatenate(order))
        shape = len(tries), 2, len(self._waves)
        z, cell = (torch.cat(parts).cpu().numpy()[back].reshape(shape) for parts in (bests, cells))
        return Scores(z, cell)

    def coefficients(self, tries: Sequence[Try]) -> list[np.ndarray]:
        """Return the whitened coefficients of each try; OpenCV lays the maps, so that they are those of numpy."""
        found: list[np.ndarray] = []
        for first in range(0, len(tries), FINE_AT_ONCE):
            part = tries[first : first + FINE_AT_ONCE]
            canvases = np.stack([sheet.quarter(pose.quarter).lay(pose.matrix, reading.FINE) for sheet, pose in part])
            gap = -len(part) % self._unit
            kept = self._whitened(functional.pad(self._tensor(canvases), (0, 0, 0, 0, 0, gap)))[: len(part)]
            found += list((kept[:, self._carried] * self._centre_of_fine).cpu().numpy())
        return [reading.centred(q, pose) for q, (_, pose) in zip(found, tries, strict=True)]

    def tops(self, climbs: Sequence[climb.Climb]) -> Iterable[list[climb.Top]]:
        """Yield where the climbs end, all at once: all take their next step together."""
        yield climb.together(climbs, self._taken)

    def likeness(self, seen: np.ndarray, pattern: np.ndarray, patch: int) -> np.ndarray:
        """Return how well the pilots fit each cell under each small shift, as `bend.likeness` does."""
        wide = self._tensor(np.pad(pattern, bend.REACH, mode="wrap").astype(np.float32))
        here = self._tensor(seen.astype(np.float32))
        rows = []
        for y in range(bend.SHIFTS):
            shifted = wide[y : y + bend.SIZE].unfold(1, bend.SIZE, 1).permute(1, 0, 2)
            cells = functional.avg_pool2d((shifted * here)[:, None], bend.SIZE // bend.CELLS)
            rows.append(functional.avg_pool2d(cells, patch, stride=1, padding=patch // 2)[:, 0])
        return torch.cat(rows).cpu().numpy()

    def _taken(self, steps: Sequence[climb.Step]) -> list[climb.Top | None]:
        """Answer steps, all their poses scored in one batch for each size of canvas."""
        answers: list[climb.Top | None] = [None] * len(steps)
        for size in {step.size for step in steps}:
            asked = [(number, pose) for number, step in enumerate(steps) if step.size == size for pose in step.poses]
            tries = [(steps[number].sheet, pose) for number, pose in asked]
            found = self._settled(tries, size, [self._variant(steps[number].waves) for number, _ in asked])
            for (number, pose), (z, x, y) in zip(asked, found, strict=True):
                if answers[number] is None and z > steps[number].above:
                    answers[number] = z, pose.moved(x=pose.x + x, y=pose.y + y)
        return answers

    def _variant(self, waves: Carriers) -> int:
        return next(number for number, ours in enumerate(self._waves) if ours is waves)

    def _settled(self, tries: Sequence[Try], size: int, variants: Sequence[int]) -> list[tuple[float, float, float]]:
        """Return the best score of each pose over small shifts, and those shifts."""
        order, planes = [], []
        for members, straight, mirrored in self._pilots(tries, size):
            poses = [tries[number][1] for number in members]
            flip = self._tensor(np.array([[pose.flip] for pose in poses]))
            shift = self._tensor(np.array([(pose.x, pose.y) for pose in poses], np.float32))
            turned = self._turned[self._tensor(np.array(variants)[members])].conj()
            # phases need every digit, and a card may be set to round the factors of matrix products to 10 bits
            moved = torch.exp(1j * (shift[:, :1] * self._turn_of_a_unit[0] + shift[:, 1:] * self._turn_of_a_unit[1]))
            inner = torch.where(flip, mirrored[: len(poses)], straight[: len(poses)]) * turned * moved
            plane = ((inner[:, None] * self._across) @ self._down).real.flatten(1)
            order.append(members)
            planes.append(plane / (inner.abs().square().sum(1, keepdim=True) / 2 + 1e-30).sqrt())
        scores = torch.cat(planes).cpu().numpy()[np.argsort(np.concatenate(order))]
        reach, pitch = climb.SETTLE
        best = scores.argmax(1)
        x, y = (np.stack(np.divmod(best, 2 * reach + 1)) - reach) * pitch
        return list(zip(scores[np.arange(len(best)), best].tolist(), x.tolist(), y.tolist(), strict=True))

    def _pilots(self, tries: Sequence[Try], size: int) -> Iterator[tuple[np.ndarray, torch.Tensor, torch.Tensor]]:
        """Yield (numbers of the tries, pilots' coefficients as the picture is, and mirrored), zeros after the last.

        Batches are of few sizes, since a device plans its transforms anew for each size.
        """
        full = max(1, self._batch * GRID**2 // size**2)
        numbers: list[int] = []
        waiting: list[torch.Tensor] = []
        for members, canvases in self._canvases(tries, size):
            numbers += members.tolist()
            waiting.append(canvases)
            while len(numbers) >= full:
                laid = torch.cat(waiting)
                yield np.array(numbers[:full]), *self._both_ways(self._whitened(laid[:full]), size)
                numbers, waiting = numbers[full:], [laid[full:]]
        if numbers:
            gap = waiting[0].new_zeros(-len(numbers) % self._unit, size, size)
            yield np.array(numbers), *self._both_ways(self._whitened(torch.cat([*waiting, gap])), size)

    def _canvases(self, tries: Sequence[Try], size: int) -> Iterator[tuple[np.ndarray, torch.Tensor]]:
        """Yield (numbers of the tries, their maps laid on canvases [n, size, size]) in batches of one kind."""
        turned = [sheet.quarter(pose.quarter) for sheet, pose in tries]
        linear = matrices([pose for _, pose in tries])
        for sheet, members in _by_sheet(turned):
            ours = linear[members]
            reach = np.abs(ours) @ sheet.extent * size / CANVAS + 2
            tiles = np.clip(np.ceil(reach / size), 1, MOST_TILES).astype(int)
            # grid_sample counts from -1 to 1 over the map, and over the canvas of as many squares as it covers
            theta = np.linalg.inv(ours) * tiles[:, None] * CANVAS / np.array(sheet.extent)[:, None]
            theta = self._tensor(theta.astype(np.float32))
            levels = sheet.level_at(ours, size / CANVAS)
            kinds, kind = np.unique(np.column_stack([levels, tiles]), axis=0, return_inverse=True)
            for number, (level, across, down) in enumerate(kinds.tolist()):
                alike = np.flatnonzero(kind == number)
                most = max(1, self._batch * GRID**2 // (size**2 * across * down))
                for part in np.array_split(alike, -(-len(alike) // most)):
                    picked = theta[self._tensor(part)]
                    yield members[part], _laid(self._level(sheet, level), picked, size, across, down)

    def _level(self, sheet: Sheet, number: int) -> torch.Tensor:
        """Return the copy on the device of a map at one of its sizes, put there once."""
        values = sheet.levels[number]
        if id(values) not in self._levels:
            self._levels[id(values)] = values, self._tensor(values)
        return self._levels[id(values)][1]

    def _whitened(self, canvases: torch.Tensor) -> torch.Tensor:
        """Return the kept part of each spectrum, divided by its local strength: complex64 [n, kept]."""
        reach, width = statistic.REACH, statistic.WIDTH
        spectrum = torch.fft.rfft2(canvases)[..., :width]
        kept = torch.cat([spectrum[:, -reach:], spectrum[:, : reach + 1]], 1)
        power = functional.pad(torch.view_as_real(kept).square().sum(-1)[:, None], (4, 4, 4, 4), mode="reflect")
        level = functional.avg_pool2d(functional.avg_pool2d(power, (9, 1), stride=1), (1, 9), stride=1).flatten(1)
        floor = (1e-9 * level.mean(1, keepdim=True) + 1e-20).clamp_min(1e-20)
        return kept.flatten(1) / level.maximum(floor).sqrt()

    def _both_ways(self, q: torch.Tensor, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the pilots' coefficients, referred to the canvas's centre, as the picture is and mirrored."""
        ours, others = (q[:, at] * turn for at, turn in zip(self._places, self._centres[size], strict=True))
        return ours, torch.where(self._on_axis, others, others.conj())

    def _peaks(self, picked: torch.Tensor) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield (score, cell) of the best shift for each variant."""
        scale = CELLS / 2 / (picked.abs().square().sum(1) / 2 + 1e-30).sqrt()
        for turned in self._turned:
            best, cell = self._planes(turned * picked.conj()).max(1)
            yield best * scale, cell

    def _planes(self, inner: torch.Tensor) -> torch.Tensor:
        spectrum = torch.zeros(len(inner), GRID * (GRID // 2 + 1), dtype=torch.complex64, device=self.device)
        spectrum[:, self._slots] = inner
        spectrum[:, self._axis_slots] = inner[:, self._axis].conj()
        return torch.fft.irfft2(spectrum.reshape(-1, GRID, GRID // 2 + 1), s=(GRID, GRID)).flatten(1)

    def _tensor(self, values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(self.device, non_blocking=True)


def _laid(level: torch.Tensor, theta: torch.Tensor, size: int, across: int, down: int) -> torch.Tensor:
    """Lay a map on `across` x `down` squares and fold them into one: float32 [n, size, size]."""
    count = len(theta)
    x, y = (_centres(n * size, level.device) for n in (across, down))
    grid = theta[:, None, None, :, 0] * x[:, None] + theta[:, None, None, :, 1] * y[:, None, None]
    values = level.expand(count, 1, -1, -1)
    laid = functional.grid_sample(values, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    folded = laid.reshape(count, down, size, across, size).sum((1, 3))
    # the centre of an even number of squares is an edge of theirs
    return folded.roll((size // 2 * (1 - down % 2), size // 2 * (1 - across % 2)), (1, 2))


def _centres(count: int, device: torch.device) -> torch.Tensor:
    """Return the centres of pixels on a line from -1 to 1."""
    return (torch.arange(count, device=device, dtype=torch.float32) * 2 + 1) / count - 1


def _by_sheet(sheets: Sequence[Sheet]) -> Iterator[tuple[Sheet, np.ndarray]]:
    """Yield each sheet with the numbers of the places where it stands."""
    numbers: dict[int, list[int]] = {}
    for number, sheet in enumerate(sheets):
        numbers.setdefault(id(sheet), []).append(number)
    for members in numbers.values():
        yield sheets[members[0]], np.array(members)
