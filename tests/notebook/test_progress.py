from __future__ import annotations

import io
import itertools
import sys
import threading
import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from wan_sdk.engine.protocol import StageDone, StageStarted, StepDone
from wan_sdk.errors import Cancelled
from wan_sdk.job import Job
from wan_sdk.notebook import panel as panel_room
from wan_sdk.notebook import progress_listener
from wan_sdk.notebook.panel import Panel
from wan_sdk.notebook.progress import FINISHED, Progress, preview_jpeg
from wan_sdk.spec import Scene, Shot

from .conftest import HOSTILE, plan_of
from .markup import read


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def progress(scene: Scene, clock: Clock) -> Progress:
    return Progress("Harbour", plan_of(scene), clock)


def denoise(
    progress: Progress, shot: int, steps: int, each: float = 0.5, clock: Clock | None = None, **more: Any
) -> None:
    progress.hear(StageStarted(shot, "denoise"))
    for index in range(1, steps + 1):
        if clock:
            clock.now += each
        progress.hear(StepDone(shot, index, 12, 1 - index / 12, index * each, **more))


def finish(progress: Progress, shot: int) -> None:
    for stage in ("decode", "mark", "encode", "sign"):
        progress.hear(StageStarted(shot, stage))
        progress.hear(StageDone(shot, stage, 0.25))


def test_every_stage_has_its_words(progress: Progress) -> None:
    progress.hear(StageStarted(1, "decode"))
    assert "2 of 4 'bird': decoding" in progress.text()
    page = read(progress.html())
    assert "decoding" in page.text
    assert "the whole cut" in page.text


def test_steps_are_counted_in_a_bar_with_words(progress: Progress, clock: Clock) -> None:
    denoise(progress, 0, 5, clock=clock)
    page = read(progress.html())
    assert page.all("progress") == [{"max": "12", "value": "5", "title": "steps of shot 0"}]
    assert "5 of 12" in page.text
    assert "step 5 of 12" in progress.text()


def test_time_left_starts_with_the_estimate_and_follows_the_last_steps(progress: Progress, clock: Clock) -> None:
    assert progress.seconds_left() == pytest.approx(progress.plan.seconds)
    denoise(progress, 0, 6, each=10.0, clock=clock)
    slow = progress.seconds_left()
    assert slow is not None
    assert slow > 6 * 10 + 2 * 12 * 10 * 0.8  # the six steps left of this shot, and two shots more at this pace
    before = slow
    denoise(progress, 0, 12, each=10.0, clock=clock)
    after = progress.seconds_left()
    assert after is not None
    assert after < before


def test_what_finishing_took_is_expected_of_the_shots_to_come(progress: Progress, clock: Clock) -> None:
    denoise(progress, 0, 12, clock=clock)
    before = progress.seconds_left()
    finish(progress, 0)
    after = progress.seconds_left()
    assert before is not None
    assert after is not None
    plan = progress.plan
    expected = sum(estimate.finish_seconds for estimate in plan.estimates) + plan.cut_seconds
    assert after == pytest.approx(before - expected + 3 * 0.75 - progress._pace() * plan.estimates[0].decode_seconds)


def test_the_cut_has_a_row_of_its_own(progress: Progress) -> None:
    for shot in range(3):
        finish(progress, shot)
    assert not progress.complete
    finish(progress, 2)
    assert progress.complete
    assert [row.signed for row in progress.rows] == [True] * 4


def test_shots_from_the_gallery_are_said_to_be_from_there(progress: Progress) -> None:
    finish(progress, 0)
    progress.finish("done")
    page = read(progress.html())
    assert "from the gallery" in page.text
    assert ": done" in page.text


def test_a_stopped_render_says_where_it_stopped(progress: Progress, clock: Clock) -> None:
    denoise(progress, 1, 3, clock=clock)
    progress.finish("stopped")
    assert "stopped while denoising" in read(progress.html()).text
    assert "left" not in progress.text()
    progress.finish("done")  # the first ending holds
    assert progress.state == "stopped"


def test_previews_are_asked_for_at_most_twice_a_second(progress: Progress, clock: Clock) -> None:
    asked = []

    def preview() -> np.ndarray:
        asked.append(clock.now)
        return np.zeros((7, 12, 20, 3), np.uint8)

    denoise(progress, 0, 12, each=0.125, clock=clock, preview=preview)
    assert len(asked) == 3
    assert all(later - earlier >= 0.5 for earlier, later in itertools.pairwise(asked))
    page = read(progress.html())
    assert "after step" in (page.all("img")[0]["alt"] or "")
    progress.finish("done")
    assert read(progress.html()).all("img") == []


@pytest.mark.parametrize("count", [1, 2, 7])
def test_a_preview_is_a_strip(count: int) -> None:
    assert preview_jpeg(np.zeros((count, 12, 20, 3), np.uint8)).startswith(b"\xff\xd8")


@pytest.mark.parametrize("title", HOSTILE)
def test_hostile_titles(title: str) -> None:
    progress = Progress(title, plan_of(Shot("a", seconds=2)))
    read(progress.html())
    assert len(progress.text()) < 200


def test_the_panel_paints_at_most_twice_a_second_and_does_not_hold_up_the_work(progress: Progress) -> None:
    painted: list[float] = []
    panel = Panel(progress, lambda _: painted.append(time.perf_counter()))
    begun = time.perf_counter()
    for index in range(1, 2001):
        panel(StepDone(0, index, 2000, 0.5, index * 0.0005))
    spent = time.perf_counter() - begun
    time.sleep(1.2)
    panel.close("done")
    assert spent < 1.0
    assert len(painted) <= 2 + (time.perf_counter() - begun) / 0.5
    assert progress.state == "done"


def test_two_panels_at_once_do_not_mix(scene: Scene) -> None:
    first, second = (Panel(Progress(title, plan_of(scene)), lambda _: None) for title in "AB")
    first(StageStarted(0, "decode"))
    second(StageStarted(1, "sign"))
    assert "decoding" in first.progress.text()
    assert "signing" in second.progress.text()
    first.close("done")
    assert second.progress.state == "running"
    second.close("failed", "no disk")
    assert "failed (no disk)" in second.progress.text()


class Shell:
    """What IPython gives: events after a cell, and a kernel or none."""

    def __init__(self, kernel: object | None) -> None:
        self.kernel = kernel
        self.callbacks: list[Any] = []
        self.events = SimpleNamespace(
            register=lambda _, callback: self.callbacks.append(callback),
            unregister=lambda _, callback: self.callbacks.remove(callback),
        )

    def end_of_cell(self, problem: BaseException | None) -> None:
        for callback in tuple(self.callbacks):
            callback(SimpleNamespace(error_in_exec=problem))


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(panel_room, "_notebook_painter", lambda: lambda progress: lines.append(progress.text()))
    return lines


@pytest.mark.parametrize(
    ("problem", "state"),
    [(None, "done"), (KeyboardInterrupt(), "stopped"), (Cancelled("stopped"), "stopped"), (OSError("full"), "failed")],
)
def test_a_blocking_render_ends_its_panel_with_its_cell(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, painted: list[str], problem: BaseException | None, state: str
) -> None:
    shell = Shell(kernel=object())
    monkeypatch.setattr(panel_room, "_shell", lambda: shell)
    listener = progress_listener("Harbour", plan_of(scene))
    assert listener is not None
    listener(StageStarted(0, "denoise"))
    shell.end_of_cell(problem)
    assert painted[-1].startswith(f"'Harbour': {state}")
    assert shell.callbacks == []


def test_without_a_notebook_there_is_no_panel(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panel_room, "_shell", lambda: None)
    assert progress_listener("Harbour", plan_of(scene)) is None
    job = Job("Harbour", plan_of(scene))
    assert panel_room.job_bundle(job) == {"text/plain": repr(job)}


def test_a_terminal_gets_one_line_that_is_written_over(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    shell = Shell(kernel=None)
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(panel_room, "_shell", lambda: shell)
    monkeypatch.setattr(sys, "stderr", terminal)
    listener = progress_listener("Harbour", plan_of(scene))
    assert listener is not None
    listener(StageStarted(0, "load"))
    shell.end_of_cell(None)
    assert terminal.getvalue().count("\n") == 1
    assert terminal.getvalue().rstrip().rpartition("\r")[2].startswith("'Harbour': done")


def test_a_panel_follows_a_job_to_its_end(scene: Scene, monkeypatch: pytest.MonkeyPatch, painted: list[str]) -> None:
    buttons: list[str] = []
    monkeypatch.setattr(
        panel_room, "_cancel_button", lambda job: SimpleNamespace(remove=lambda: buttons.append("removed"))
    )
    job = Job("Harbour", plan_of(scene))
    started, go_on = threading.Event(), threading.Event()

    def work(running: Job) -> None:
        started.set()
        go_on.wait(10)
        running._hear(StageStarted(0, "denoise"))
        running.cancel_token.check()

    worker = threading.Thread(target=job._run, args=(work,))
    panel = panel_room.follow(job)
    worker.start()
    started.wait(10)
    job.cancel()
    go_on.set()
    worker.join(10)
    panel._thread.join(5)
    assert panel.progress.state == "cancelled"
    assert painted[-1].startswith("'Harbour': cancelled")
    assert buttons == ["removed"]


def test_every_ending_is_final() -> None:
    assert {"done", "failed", "cancelled", "stopped"} == set(FINISHED)
