"""Climbing the pilots' score in scale, aspect, turn and shift, from a pose that scored.

A climb is a generator that asks for its next step, so that it can be walked alone or many at a time. Its score
plays no part in the proof.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

from wan_sdk.marking.watermark import reading
from wan_sdk.marking.watermark.carriers import Carriers
from wan_sdk.marking.watermark.geometry import GRID, Pose, Sheet

SETTLE = 2, 1 / 512
REFINE = 384
ROUNDS = 5
FIRST_STEPS = {"scale": 0.005, "aspect": 0.005, "turn": 0.004}


@dataclass(frozen=True)
class Step:
    """Ask for the first of some poses, each with its best small shift, that scores above what there is.

    Args:
      sheet: The map.
      waves: The carriers.
      poses: Where to look, in order.
      size: Of the canvas.
      above: The score to beat.
    """

    sheet: Sheet
    waves: Carriers
    poses: tuple[Pose, ...]
    size: int
    above: float = -math.inf


Top = tuple[float, Pose]
Climb = Generator[Step, Top | None, Top]
Taken = Callable[[list[Step]], Sequence[Top | None]]


def climb(sheet: Sheet, waves: Carriers, pose: Pose) -> Climb:
    """Climb from a pose; ask for steps, and return the score and the pose at the top."""
    best = yield Step(sheet, waves, (pose,), GRID)
    assert best is not None
    steps = dict(FIRST_STEPS)
    for _ in range(ROUNDS):
        moved = False
        for name in steps:
            both = tuple(_moved(best[1], name, change) for change in (steps[name], -steps[name]))
            better = yield Step(sheet, waves, both, REFINE, best[0])
            if better is not None:
                best, moved = better, True
        if not moved:
            steps = {name: step / 2 for name, step in steps.items()}
    return best


def taken(step: Step) -> Top | None:
    """Answer a step with numpy, looking no further than the first pose that will do."""
    for pose in step.poses:
        q = reading.coefficients(step.sheet, pose, step.size)
        z, x, y = reading.best_shift(q, step.waves, *SETTLE)
        if z > step.above:
            return z, pose.moved(x=pose.x + x, y=pose.y + y)
    return None


def together(climbs: Sequence[Climb], take: Taken) -> list[Top]:
    """Walk climbs side by side, the next step of all of them at a time; return their tops."""
    tops: dict[int, Top] = {}
    answers: dict[int, Top | None] = dict.fromkeys(range(len(climbs)))
    while answers:
        steps = {}
        for number, answer in answers.items():
            try:
                steps[number] = climbs[number].send(answer)
            except StopIteration as end:
                tops[number] = end.value
        answers = dict(zip(steps, take(list(steps.values())), strict=True)) if steps else {}
    return [tops[number] for number in range(len(climbs))]


def _moved(pose: Pose, name: str, change: float) -> Pose:
    value = getattr(pose, name)
    return pose.moved(**{name: value + change if name == "turn" else value * math.exp(change)})
