"""What is known of a running render: stages, steps, time left, the picture so far; as text and as markup."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wan_sdk.engine.protocol import Event, Planned, StageDone, StageStarted, StepDone
from wan_sdk.notebook import html
from wan_sdk.planning.table import said_seconds

SECONDS_BETWEEN_PREVIEWS = 0.5
PREVIEW_HEIGHT = 120
PREVIEW_FRAMES = 4
LAST_STEPS = 3
FINISHED = ("done", "failed", "cancelled", "stopped")
STAGE_WORDS = {
    "plan": "planning",
    "load": "loading the model",
    "text": "reading the prompt",
    "denoise": "denoising",
    "decode": "decoding",
    "mark": "watermarking",
    "encode": "encoding",
    "sign": "signing",
}


@dataclass
class Row:
    """One shot, or the cut as a whole."""

    name: str
    steps: int = 0
    stage: str = ""
    step: int = 0
    step_seconds: list[float] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    signed: bool = False


class Progress:
    """Gather the events of one render; every method may be called from any thread.

    Args:
      title: Of what is rendered.
      plan: Its plan.
      clock: Seconds that only grow.
    """

    def __init__(self, title: str, plan: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self.title = title
        self.plan = plan
        self.state = "queued"
        self.why = ""
        self.preview: np.ndarray | None = None
        self.preview_words = ""
        self._clock = clock
        self._begun = clock()
        self._ended: float | None = None
        self._last_preview = float("-inf")
        self._lock = threading.Lock()
        self.rows = [Row(name, call.num_inference_steps) for name, call in zip(plan.names, plan.calls, strict=True)]
        if plan.kind == "scene":
            self.rows.append(Row("the whole cut"))

    def hear(self, event: Event) -> None:
        """Take in an event of the engine. Asks for a preview at most twice a second."""
        if isinstance(event, Planned):  # it was made with the plan
            return
        with self._lock:
            if self.state == "queued":
                self.state = "running"
            row = self._row_of(event)
            match event:
                case StageStarted(stage=stage):
                    row.stage = stage
                case StageDone(stage=stage, seconds=seconds):
                    row.seconds[stage] = row.seconds.get(stage, 0.0) + seconds
                    row.signed = row.signed or stage == "sign"
                    # After planning comes the import of torch, which is most of a first load.
                    row.stage = "" if row.signed else "load" if stage == "plan" else row.stage
                case StepDone(index=index, total=total, seconds=seconds):
                    earlier = sum(row.step_seconds)
                    row.step, row.steps, row.stage = index, total, "denoise"
                    row.step_seconds.append(max(0.0, seconds - earlier))
                    self._look(event, row)

    def finish(self, state: str, why: str = "") -> None:
        """Say how it ended: "done", "failed", "cancelled" or "stopped", and why."""
        with self._lock:
            if self.state not in FINISHED:
                self.state, self.why = state, why
                self._ended = self._clock()
                self.preview = None

    @property
    def complete(self) -> bool:
        """Whether the last thing to be signed was signed."""
        return self.rows[-1].signed

    @property
    def seconds_gone(self) -> float:
        """Time since it began, until it ended."""
        return (self._ended if self._ended is not None else self._clock()) - self._begun

    def seconds_left(self) -> float | None:
        """Return the time left: from the plan's estimates, corrected by the steps that were taken; None if unknown."""
        with self._lock:
            if not self.plan.estimates or self.state in FINISHED:
                return None
            pace = self._pace()
            left = 0.0
            for row, estimate in zip(self.rows, self.plan.estimates, strict=False):
                if row.signed or row.seconds.get("decode"):
                    continue
                per_step = _mean(row.step_seconds[-LAST_STEPS:])
                if per_step is None:
                    per_step = pace * estimate.denoise_seconds / max(1, row.steps)
                left += per_step * (row.steps - row.step) + pace * estimate.decode_seconds
                left += 0.0 if row.step else pace * estimate.text_seconds
            took = _mean([sum(row.seconds.get(stage, 0.0) for stage in ("mark", "encode", "sign"))
                          for row in self.rows if row.signed])  # fmt: skip
            expected = [*(estimate.finish_seconds for estimate in self.plan.estimates), self.plan.cut_seconds]
            unsigned = [seconds for row, seconds in zip(self.rows, expected, strict=False) if not row.signed]
            return left + (sum(unsigned) if took is None else took * len(unsigned))

    def text(self) -> str:
        """Return the state in one line.

        >>> progress.text()
        "'Harbour': running; 1 of 2 'pier': denoising, step 12 of 30; 8 s gone, about 21 s left"
        """
        parts = [f"{html.readable(self.title, 60)!r}: {self.state}{f' ({self.why})' if self.why else ''}"]
        active = next((index for index, row in enumerate(self.rows) if row.stage), None)
        if active is not None and self.state not in FINISHED:
            row = self.rows[active]
            parts.append(f"{active + 1} of {len(self.rows)} {html.readable(row.name, 40)!r}: {self._doing(row)}")
        parts.append(self._times())
        return "; ".join(parts)

    def html(self) -> html.Html:
        """Return the state as markup that needs nothing to be read later."""
        head = html.tag(
            "p",
            html.tag("strong", html.readable(self.title, 80)),
            f": {self.state}",
            f" ({html.readable(self.why)})" if self.why else "",
            f"; {self._times()}",
            f" (as of {time.strftime('%H:%M:%S')})" if self.state not in FINISHED else "",
        )
        rows = html.table("Progress by shot", ("shot", "stage", "steps", "time"), map(self._cells, self.rows))
        return html.tag("div", head, rows, self._preview_html())

    def _row_of(self, event: StageStarted | StageDone | StepDone) -> Row:
        row = self.rows[min(event.shot, len(self.rows) - 1)]
        last_shot = self.plan.kind == "scene" and event.shot == len(self.plan.calls) - 1
        return self.rows[-1] if last_shot and row.signed else row

    def _look(self, event: StepDone, row: Row) -> None:
        now = self._clock()
        if event.preview is None or now - self._last_preview < SECONDS_BETWEEN_PREVIEWS:
            return
        self._last_preview = now
        self.preview = event.preview()
        self.preview_words = f"{row.name} as it looks after step {event.index} of {event.total}"

    def _pace(self) -> float:
        """Return how much slower this machine is now than estimated, from the steps that were taken."""
        measured = estimated = 0.0
        for row, estimate in zip(self.rows, self.plan.estimates, strict=False):
            if row.step_seconds and row.steps:
                measured += sum(row.step_seconds)
                estimated += estimate.denoise_seconds * len(row.step_seconds) / row.steps
        return measured / estimated if measured and estimated else 1.0

    def _doing(self, row: Row) -> str:
        words = STAGE_WORDS.get(row.stage, row.stage)
        return f"{words}, step {row.step} of {row.steps}" if row.stage == "denoise" and row.step else words

    def _times(self) -> str:
        gone = f"{said_seconds(self.seconds_gone)} gone" if self.state not in FINISHED else (
            f"after {said_seconds(self.seconds_gone)}"
        )  # fmt: skip
        left = self.seconds_left()
        return f"{gone}, about {said_seconds(left)} left" if left is not None else gone

    def _cells(self, row: Row) -> list[object]:
        if row.signed:
            stage = "done"
        elif row.stage and self.state not in FINISHED:
            stage = STAGE_WORDS.get(row.stage, row.stage)
        elif self.state == "done":
            stage = "from the gallery"
        elif row.stage:
            stage = f"{self.state} while {STAGE_WORDS.get(row.stage, row.stage)}"
        else:
            stage = "waiting" if self.state not in FINISHED else "not begun"
        bar: object = ""
        if row.step:
            words = f"{row.step} of {row.steps}"
            bar = html.joined(
                [
                    html.tag(
                        "progress", max=row.steps, value=row.step, title=f"steps of {html.readable(row.name, 40)}"
                    ),
                    f" {words}",
                ]
            )
        took = sum(row.seconds.values())
        return [html.readable(row.name, 60), stage, bar, said_seconds(took) if took else ""]

    def _preview_html(self) -> html.Html:
        preview = self.preview
        if preview is None:
            return html.Html("")
        return html.picture(preview_jpeg(preview), alt=self.preview_words, width=preview_width(preview))


def preview_jpeg(frames: np.ndarray) -> bytes:
    """Return some frames of a rough preview beside each other, enlarged smoothly, as a JPEG.

    Args:
      frames: uint8 [frames, h, w, 3], as small as the model's latents.
    """
    import cv2

    from wan_sdk.media.encode import jpeg_bytes

    chosen = np.linspace(0, len(frames) - 1, min(PREVIEW_FRAMES, len(frames))).round().astype(int)
    strip = np.concatenate(list(frames[chosen]), axis=1)
    size = (preview_width(frames), PREVIEW_HEIGHT)
    return jpeg_bytes(cv2.resize(strip, size, interpolation=cv2.INTER_CUBIC), quality=75)


def preview_width(frames: np.ndarray) -> int:
    """Return how wide the strip of `preview_jpeg` is, pixels."""
    count, height, width = min(PREVIEW_FRAMES, len(frames)), frames.shape[1], frames.shape[2]
    return max(1, round(count * width * PREVIEW_HEIGHT / height))


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None
