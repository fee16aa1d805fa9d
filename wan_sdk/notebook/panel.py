"""A live panel under the cell: it paints at most twice a second and never holds up the work."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any, Protocol

from wan_sdk.engine.protocol import Event
from wan_sdk.errors import Cancelled
from wan_sdk.notebook.progress import FINISHED, Progress

SECONDS_BETWEEN_PAINTINGS = 0.5


class Paint(Protocol):
    """Show the state of a render somewhere."""

    def __call__(self, progress: Progress) -> None:
        """Show it, in place of what was shown before."""


class Panel:
    """Listen to a render and paint its state from a thread of its own until it is over.

    Args:
      progress: What is known.
      paint: Shows it.
      ask: Called before each painting: the state to finish with and why, or None while it runs.
    """

    def __init__(
        self, progress: Progress, paint: Paint, ask: Callable[[], tuple[str, str] | None] = lambda: None
    ) -> None:
        self.progress = progress
        self._paint = paint
        self._ask = ask
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep_painting, name="wan_sdk progress", daemon=True)
        paint(progress)
        self._thread.start()

    def __call__(self, event: Event) -> None:
        """Take in an event; costs microseconds, or a preview twice a second."""
        self.progress.hear(event)

    def close(self, state: str, why: str = "") -> None:
        """Paint the last state and stop."""
        self.progress.finish(state, why)
        self._over.set()
        self._thread.join(timeout=5)
        self._paint(self.progress)

    def _keep_painting(self) -> None:
        while not self._over.wait(SECONDS_BETWEEN_PAINTINGS):
            if ending := self._ask():
                self.progress.finish(*ending)
                self._over.set()
            self._paint(self.progress)


def progress_listener(title: str, plan: Any) -> Panel | None:
    """Return a listener that shows a blocking render under its cell, or None where there is nowhere to show it.

    The kernel's Interrupt stops a blocking render; a button could not, since it is not heard until
    the cell is over. The panel is closed when the cell is.
    """
    shell = _shell()
    if shell is None:
        return None
    paint = _painter(shell)
    if paint is None:
        return None
    panel = Panel(Progress(title, plan), paint)

    def close(result: Any) -> None:
        shell.events.unregister("post_run_cell", close)
        problem = getattr(result, "error_in_exec", None)
        if panel.progress.complete or problem is None:
            panel.close("done")
        elif isinstance(problem, Cancelled | KeyboardInterrupt):
            panel.close("stopped")
        else:
            panel.close("failed", _in_words(problem))

    shell.events.register("post_run_cell", close)
    return panel


def job_bundle(job: Any) -> dict[str, str]:
    """Show a job's live panel with its Cancel button, and return what stands in its place elsewhere."""
    shell = _shell()
    if shell is None or getattr(shell, "kernel", None) is None:
        return {"text/plain": repr(job)}
    follow(job)
    return {
        "text/plain": repr(job),
        "text/html": "<p>The panel follows the job; <code>job.result()</code> waits for it.</p>",
    }


def follow(job: Any) -> Panel:
    """Show a panel that follows a submitted job, with a Cancel button while it runs."""
    progress = Progress(job.title, job.plan)
    for event in tuple(job.events):
        progress.hear(event)
    button = _cancel_button(job)
    paint = _notebook_painter()

    def ending() -> tuple[str, str] | None:
        if told := ending_of(job):
            button.remove()
        return told

    panel = Panel(progress, paint, ending)
    job.listen(panel)
    return panel


def ending_of(job: Any) -> tuple[str, str] | None:
    """Return how a job ended and why, or None while it goes on."""
    if job.state not in FINISHED:
        return None
    return job.state, _in_words(job.error) if job.error else ""


def cancel_once(button: Any, job: Any) -> None:
    """Ask a job to stop and say so on the button.

    Runs beside the main thread in some kernels and on it in others, so it only sets a flag.
    """
    button.disabled = True
    button.description = "Stopping …"
    job.cancel()


class _Button:
    """A Cancel button that leaves nothing behind: a widget cannot be read once its kernel is gone."""

    def __init__(self, widget: Any, handle: Any) -> None:
        self._widget = widget
        self._handle = handle

    def remove(self) -> None:
        if self._handle is None:
            return
        self._handle.update({"text/html": "", "text/plain": ""}, raw=True)
        self._widget.close()
        self._handle = None


def _cancel_button(job: Any) -> _Button:
    import ipywidgets
    from IPython.display import display

    if job.state in FINISHED:
        return _Button(None, None)
    widget = ipywidgets.Button(description="Cancel", tooltip="Stop within one denoising step; what is finished is kept")

    widget.on_click(lambda button: cancel_once(button, job))
    return _Button(widget, display(widget, display_id=True))


def _shell() -> Any:
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    return get_ipython()


def _painter(shell: Any) -> Paint | None:
    if getattr(shell, "kernel", None) is not None:
        return _notebook_painter()
    return _terminal_painter() if sys.stderr.isatty() else None


def _notebook_painter() -> Paint:
    from IPython.display import display

    handle: Any = None

    def paint(progress: Progress) -> None:
        nonlocal handle
        bundle = {"text/plain": progress.text(), "text/html": str(progress.html())}
        if handle is None:
            handle = display(bundle, raw=True, display_id=True)
        else:
            handle.update(bundle, raw=True)

    return paint


def _terminal_painter() -> Paint:
    width = 0

    def paint(progress: Progress) -> None:
        nonlocal width
        line = progress.text()
        end = "\n" if progress.state in FINISHED else ""
        sys.stderr.write(f"\r{line.ljust(width)}{end}")
        sys.stderr.flush()
        width = len(line)

    return paint


def _in_words(problem: BaseException) -> str:
    return str(problem) or type(problem).__name__
