"""Work that goes on while the notebook stays free."""

from __future__ import annotations

import asyncio
import threading
import traceback
from collections.abc import Callable, Generator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Literal

from wan_sdk import _doors
from wan_sdk.engine.protocol import CancelToken, Event, Listener, StageDone, StageStarted, StepDone
from wan_sdk.errors import Cancelled

State = Literal["queued", "running", "done", "failed", "cancelled"]


class Job:
    """A render that runs in a thread of its own.

    >>> job = scene.submit()         # doctest: +SKIP
    >>> job.state, job.progress      # doctest: +SKIP
    ('running', 0.31)
    >>> cut = job.result()           # or: cut = await job     # doctest: +SKIP

    Jobs of one studio run one after the other, in the order they were submitted. A program ends
    when its jobs are over.
    """

    def __init__(self, title: str, plan: Any) -> None:
        self.title = title
        self.plan = plan
        self.cancel_token = CancelToken()
        self.state: State = "queued"
        self.stage: str | None = None
        self.events: list[Event] = []
        self._listeners: list[Listener] = []
        self._done_steps = 0
        self._total_steps = sum(call.num_inference_steps for call in plan.calls) or 1
        self._future: Future[Any] = Future()

    def __repr__(self) -> str:
        stage = f", {self.stage}" if self.stage and self.state == "running" else ""
        return f"Job {self.title!r}: {self.state}{stage}, {self.progress:.0%}"

    @property
    def progress(self) -> float:
        """Share of the denoising steps that are over, 0 to 1."""
        if self.state == "done":
            return 1.0
        return min(1.0, self._done_steps / self._total_steps)

    @property
    def error(self) -> BaseException | None:
        """What went wrong, once the job has failed."""
        return self._future.exception() if self.state == "failed" else None

    def cancel(self) -> None:
        """Ask the job to stop; it does so within one denoising step. What was finished is kept."""
        self.cancel_token.cancel()
        if self.state == "queued" and self._future.cancel():
            self.state = "cancelled"

    def result(self, timeout: float | None = None) -> Any:
        """Wait for the Take, Cut or Takes and return it.

        Args:
          timeout: Seconds to wait at most; forever when None.

        Raises:
          TimeoutError: When it is not ready by then; the job goes on.
          Cancelled: If the job was cancelled.
          WanError: What went wrong in the job.
        """
        try:
            return self._future.result(timeout)
        except CancelledError:
            raise self._never_began() from None
        except TimeoutError:
            raise TimeoutError(f"{self!r} is not ready after {timeout:g} seconds; it goes on") from None

    def __await__(self) -> Generator[Any, None, Any]:
        return self._waited().__await__()

    async def _waited(self) -> Any:
        try:
            # Shielded, because whoever stops waiting does not mean to stop the job.
            return await asyncio.shield(asyncio.wrap_future(self._future))
        except asyncio.CancelledError:
            if self._future.cancelled():
                raise self._never_began() from None
            raise

    def _never_began(self) -> Cancelled:
        return Cancelled("the job was cancelled before it began", where=repr(self), hint="submit it again")

    def listen(self, listener: Listener) -> None:
        """Call `listener` with every event from now on, in the job's own thread."""
        self._listeners.append(listener)

    def _hear(self, event: Event) -> None:
        # What is kept for a panel that opens later must not hold the tensors of its preview.
        self.events.append(replace(event, preview=None) if isinstance(event, StepDone) else event)
        match event:
            case StageStarted(stage=stage):
                self.stage = stage
            case StepDone():
                self._done_steps += 1
            case StageDone(stage="denoise", shot=shot):
                self._done_steps = sum(c.num_inference_steps for c in self.plan.calls if c.shot <= shot)
        for listener in tuple(self._listeners):
            listener(event)

    def _run(self, work: Callable[[Job], Any]) -> None:
        if not self._future.set_running_or_notify_cancel():
            self.state = "cancelled"
            return
        self.state = "running"
        try:
            result = work(self)
        except Cancelled as stopped:
            self.state = "cancelled"
            self._future.set_exception(stopped)
        except BaseException as problem:
            self.state = "failed"
            _let_go_of_tensors(problem)
            self._future.set_exception(problem)
        else:
            self.state = "done"
            self._future.set_result(result)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        return _doors.mimebundle(self)


def _let_go_of_tensors(problem: BaseException | None) -> None:
    """Clear the frames that an error and its causes hold, and with them all that the engine had in memory."""
    while problem is not None:
        traceback.clear_frames(problem.__traceback__)
        problem = problem.__cause__ or problem.__context__


class Queue:
    """Run jobs one after the other in one thread; a program that ends waits for what was submitted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._executor: ThreadPoolExecutor | None = None

    def put(self, job: Job, work: Callable[[Job], Any]) -> Job:
        """Run `work(job)` when all earlier jobs are over."""
        with self._lock:
            if self._executor is None:
                self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="wan_sdk")
        self._executor.submit(job._run, work)  # noqa: SLF001  (a job is run by its queue alone)
        return job
