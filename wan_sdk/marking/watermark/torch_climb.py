"""All climbs of a stage side by side on a torch device: one answer at the end, nothing asked on the way."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch

from wan_sdk.marking.watermark import climb
from wan_sdk.marking.watermark.climb import Start, Top
from wan_sdk.marking.watermark.geometry import GRID
from wan_sdk.marking.watermark.torch_canvases import Atlas, put
from wan_sdk.marking.watermark.torch_pilots import Pilots

# how much more of a canvas the poses of a climb may cover than its start does
STRAY = 1.08


class Climbers:
    """Climb from several starts at once, as `climb.climb` does from each.

    Where they stand is float32 [climbs, 6]: the score, then log scale, log aspect and turn since the start, then x
    and y.

    Args:
      starts: Where they start.
      atlas: The maps of the search.
      pilots: The pilots of the key.
    """

    def __init__(self, starts: Sequence[Start], atlas: Atlas, pilots: Pilots) -> None:
        self._pilots, self._device = pilots, pilots.device
        tries = [(start.sheet, start.pose) for start in starts]
        places = {size: atlas.places(tries, size, STRAY) for size in (GRID, climb.REFINE)}
        kinds, which = np.unique(np.maximum(*(one.squares for one in places.values())), axis=0, return_inverse=True)
        alike = [np.flatnonzero(which.ravel() == number) for number in range(len(kinds))]
        grounds = {size: list(map(one.ground, alike, kinds.tolist())) for size, one in places.items()}
        self._grounds = grounds | {climb.REFINE: [ground.twice() for ground in grounds[climb.REFINE]]}
        # those that cover as many canvases stand side by side
        self._order = np.concatenate(alike)
        self._starts = starts = [starts[number] for number in self._order]
        poses = [start.pose for start in starts]
        logs = [(math.log(pose.scale), math.log(pose.aspect), pose.turn + pose.quarter * math.pi / 2) for pose in poses]
        self._start = self._put(logs)[:, None]
        flip = np.array([pose.flip for pose in poses])
        self._flip = put(flip[:, None, None], self._device)
        kind = put(np.stack([[pilots.variant(start.waves) for start in starts], flip]), self._device)
        self._turns = {size: turns[kind[0], kind[1]][:, None] for size, turns in pilots.turns.items()}
        steps = np.diag(list(climb.FIRST_STEPS.values()))
        self._ways = self._put(np.stack([steps, -steps], 1))
        self._half = self._put([0.5, -0.5])
        # they make the cosine of a turn that cosine, the sine, its negative, and the cosine again
        self._right_angles = self._put(np.array([0, -1, 1, 0]) * np.pi / 2)

    def tops(self) -> list[Top]:
        """Return the score and the pose at the top of each."""
        shift = self._put([[(start.pose.x, start.pose.y)] for start in self._starts])
        best = self._settled(GRID, torch.zeros_like(self._start), shift)[:, 0]
        share = torch.ones_like(self._start[..., :1])
        for _ in range(climb.ROUNDS):
            before = best
            for both in self._ways:
                _, moved, shift = best[:, None].split([1, 3, 2], 2)
                found = self._settled(climb.REFINE, moved + share * both, shift.expand(-1, 2, -1))
                higher = found[..., :1] > best[:, None, :1]
                best = torch.where(higher[:, 0], found[:, 0], torch.where(higher[:, 1], found[:, 1], best))
            share = torch.where((best[:, :1] > before[:, :1])[..., None], share, share / 2)
        ends = [_top(start, *end) for start, end in zip(self._starts, best.tolist(), strict=True)]
        return [ends[number] for number in np.argsort(self._order)]

    def _settled(self, size: int, moved: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
        """Return where climbers would stand after some moves, at the best small shift: float32 [climbs, moves, 6].

        Args:
          size: Pixels of a canvas a side.
          moved: Log scale, log aspect and turn since the start: float32 [climbs, moves, 3].
          shift: x and y: float32 [climbs, moves, 2].
        """
        back = self._back((self._start + moved).flatten(0, 1))
        grounds = self._grounds[size]
        parts = back.split([len(ground.pages) for ground in grounds])
        canvases = torch.cat([ground.lay(part) for ground, part in zip(grounds, parts, strict=True)])
        straight, mirrored = self._pilots.seen(canvases).unflatten(0, moved.shape[:2]).unbind(2)
        turned = torch.where(self._flip, mirrored, straight) * self._turns[size]
        z, settled = self._pilots.settled(turned.flatten(0, 1), shift.reshape(-1, 2))
        return torch.cat([z.reshape(*moved.shape[:2], 1), moved, settled.reshape(shift.shape)], 2)

    def _back(self, poses: torch.Tensor) -> torch.Tensor:
        """Return the inverse of the linear part of poses, float32 [n, 2, 2]: the stretch undone, then the turn.

        Args:
          poses: Log scale, log aspect and turn: float32 [n, 3].
        """
        scale, aspect, turn = poses[:, None].unbind(2)
        turned = torch.cos(turn + self._right_angles).reshape(-1, 2, 2)
        return turned * torch.exp(self._half * aspect - scale)[:, None]

    def _put(self, values: object) -> torch.Tensor:
        return put(np.array(values, np.float32), self._device)


def _top(start: Start, z: float, scale: float, aspect: float, turn: float, x: float, y: float) -> Top:
    """Return the score and the pose after changes of log scale, log aspect and turn, at a shift."""
    pose = start.pose
    stretched = pose.moved(scale=pose.scale * math.exp(scale), aspect=pose.aspect * math.exp(aspect))
    return z, stretched.moved(turn=pose.turn + turn, x=x, y=y)
