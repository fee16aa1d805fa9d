"""Steps that moved nothing because a gradient was not finite, counted by shape."""

from __future__ import annotations

import torch
from torch import Tensor

from wan_sdk.nano.training.run import Run


class SkippedSteps:
    """Count them; a shape with many is a fault of its kernels, as 25x240x240 once had (`two_times.compile_blocks`).

    Args:
      run: Whose shapes and journal.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._by_shape = torch.zeros(len(run.scale.shapes), device=run.device)

    def count(self, turn: int, good: Tensor) -> None:
        """Count a step at a shape; whether it was good stays on the GPU, so nothing waits for it."""
        self._by_shape[turn] += ~good

    def so_far(self) -> int:
        """Return how many steps were skipped so far; waits for the GPU."""
        return int(self._by_shape.sum())

    def note(self) -> None:
        """Write into the stage's log how many steps each shape lost."""
        names = [shape.name for shape in self._run.scale.shapes]
        counts = map(int, self._by_shape.tolist())
        self._run.journal.note(skipped_by_shape=dict(zip(names, counts, strict=True)))
