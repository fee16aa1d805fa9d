"""Progress on a terminal, and the clock that adds up the stages."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from wan_sdk.engine.protocol import Event, Listener, Planned, StageDone, StageStarted, StepDone

STAGES = ("plan", "load", "text", "denoise", "decode", "mark", "encode", "sign")


class StageClock:
    """Add up the seconds of each stage over all shots."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = dict.fromkeys(STAGES, 0.0)

    def listening(self, also: Listener | None = None) -> Listener:
        """Return a listener that counts, and passes every event on to `also`."""

        def listen(event: Event) -> None:
            if isinstance(event, StageDone):
                self.seconds[event.stage] = round(self.seconds[event.stage] + event.seconds, 3)
            if also:
                also(event)

        return listen


@contextmanager
def terminal_progress() -> Iterator[Callable[[Event], None] | None]:
    """Show stages, a bar and the time left on a terminal; quiet in a pipe."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description:<28}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("plan", total=None)
        shots = 0

        def show(event: Event) -> None:
            nonlocal shots
            match event:
                case Planned(calls=calls):
                    shots = len(calls)
                    progress.update(bar, total=sum(call.num_inference_steps for call in calls))
                case StageStarted(shot=shot, stage=stage):
                    progress.update(bar, description=f"shot {shot + 1} of {shots}: {stage}")
                case StepDone():
                    progress.advance(bar)

        yield show
