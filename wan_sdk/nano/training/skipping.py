"""Steps that were skipped because a gradient was not finite, counted by shape, and the cure.

In two trainings on two GPUs nearly every step at 25x240x240 was skipped (550 of 584), and none at five other shapes.
The same networks, weights and kinds of clips, tried alone on one GPU, gave finite gradients at all six, compiled and
not. What is special to that shape is an odd number of tokens (1575). Until the cause is known, a shape at which most
steps are skipped goes on uncompiled, at about twice the time a step.
"""

from __future__ import annotations

import contextlib

import torch
from torch import Tensor

from wan_sdk.nano.training.run import Run

_WORTH_A_LOOK = 5  # steps at a shape before it is judged
_MOST_SKIPPED = 0.5


class Skipping:
    """Count the steps of each shape that were skipped, and leave a shape uncompiled that is mostly skipped.

    Args:
      run: Whose shapes and journal.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._names = [shape.name for shape in run.scale.shapes]
        self._taken = [0] * len(self._names)
        self._skipped = torch.zeros(len(self._names), device=run.device)
        self.uncompiled: set[int] = set()

    def kernels(self, turn: int) -> contextlib.AbstractContextManager[object]:
        """Return what to compute a shape's step in: as compiled, or not if that did not do."""
        return torch.compiler.set_stance("force_eager") if turn in self.uncompiled else contextlib.nullcontext()

    def count(self, turn: int, good: Tensor) -> None:
        """Count a step at a shape; whether it was good stays on the GPU, so nothing waits for it."""
        self._taken[turn] += 1
        self._skipped[turn] += ~good

    def review(self) -> int:
        """Look at the counts, which are the same in every process, and return how many steps were skipped so far."""
        skipped = self._skipped.tolist()
        for turn, (name, bad, taken) in enumerate(zip(self._names, skipped, self._taken, strict=True)):
            if turn not in self.uncompiled and taken >= _WORTH_A_LOOK and bad > _MOST_SKIPPED * taken:
                self.uncompiled.add(turn)
                self._run.journal.say(f"{name}: {bad:.0f} of {taken} steps skipped; it goes on uncompiled")
        return int(sum(skipped))

    def note(self) -> None:
        """Write into the stage's log how many steps each shape lost, and which shapes were left uncompiled."""
        self._run.journal.note(
            skipped_by_shape=dict(zip(self._names, map(int, self._skipped.tolist()), strict=True)),
            uncompiled=[self._names[turn] for turn in sorted(self.uncompiled)],
        )
