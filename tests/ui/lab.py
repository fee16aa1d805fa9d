"""What a person does in JupyterLab: open a notebook, run it, save it, look at it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat

# Said by JupyterLab's own pages whatever a notebook shows.
NOT_OURS = ("favicon", "/static/lab", "Failed to load resource", "ResizeObserver", "tabmanager", "jupyter.org")


class Lab:
    """One browser page with JupyterLab.

    Args:
      browser: Playwright's.
      address: Of the server.
      folder: Where its notebooks lie.
      artefacts: Where screenshots are kept.
    """

    def __init__(self, browser: Any, address: str, folder: Path, artefacts: Path) -> None:
        self.folder = folder
        self._address = address
        self._artefacts = artefacts
        self._context = browser.new_context(viewport={"width": 1280, "height": 1000})
        self.page = self._context.new_page()
        self.page.set_default_timeout(120_000)
        self.errors: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda problem: self.errors.append(str(problem)))

    def write(self, name: str, *cells: str) -> Path:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        path = self.folder / name
        nbformat.write(notebook, path)
        return path

    def open(self, name: str) -> None:
        self.page.goto(f"{self._address}/lab/tree/{name}?reset&token=ui")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")
        self.page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.content?.widgets?.length")

    def run_all(self) -> None:
        self._wait_for_kernel()
        self._command("notebook:run-all-cells")
        self.wait_until_done()

    def run_cell(self, index: int, *, wait: bool = True) -> None:
        """Select a cell and run it as Ctrl-Enter does."""
        self._wait_for_kernel()
        self.page.evaluate(
            "index => { const n = window.jupyterapp.shell.currentWidget.content; n.deselectAll();"
            " n.activeCellIndex = index; }",
            index,
        )
        self._command("notebook:run-cell")
        if wait:
            self.wait_until_done()

    def interrupt(self) -> None:
        self._command("notebook:interrupt-kernel")

    def wait_until_done(self) -> None:
        """Wait until no cell runs or waits to run."""
        self.page.wait_for_timeout(300)
        self.page.wait_for_function(
            "() => window.jupyterapp.shell.currentWidget.content.widgets.every("
            "cell => !cell.node.querySelector('.jp-InputPrompt')?.textContent.includes('*'))",
            timeout=300_000,
        )

    def save(self, name: str) -> dict[str, Any]:
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.save()")
        return json.loads((self.folder / name).read_text("utf-8"))

    def stop_kernel(self) -> None:
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")

    def outputs(self, cell: int) -> Any:
        return self.page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".jp-OutputArea-output")

    def text(self, cell: int) -> str:
        return " ".join(
            self.page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".jp-OutputArea").all_inner_texts()
        )

    def videos(self) -> list[dict[str, Any]]:
        """Load every video and play a little of it; return what the browser says of each."""
        return self.page.evaluate(
            """async () => Promise.all([...document.querySelectorAll('.jp-OutputArea video')].map(async v => {
                 const autoplayed = !v.paused;
                 v.preload = 'auto'; v.load();
                 await new Promise(r => v.readyState >= 4 ? r()
                                        : v.addEventListener('canplaythrough', r, {once: true}));
                 await v.play(); await new Promise(r => setTimeout(r, 400)); v.pause();
                 return {ready: v.readyState, time: v.currentTime, duration: v.duration, width: v.videoWidth,
                         height: v.videoHeight, controls: v.controls, autoplayed, title: v.title};
               }))"""
        )

    def video_width(self) -> float:
        return float(self.page.locator(".jp-OutputArea video").first.bounding_box()["width"])

    def trusted(self) -> bool:
        return bool(
            self.page.evaluate(
                "() => [...window.jupyterapp.shell.currentWidget.model.cells]"
                ".every(cell => cell.type !== 'code' || cell.trusted)"
            )
        )

    def screenshot(self, name: str) -> None:
        self._artefacts.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self._artefacts / f"{name}.png")

    def close(self) -> None:
        self.screenshot("end")
        self._context.close()

    def _wait_for_kernel(self) -> None:
        self.page.wait_for_function(
            "() => ['idle', 'busy'].includes("
            "window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status)"
        )

    def _command(self, command: str) -> None:
        self.page.evaluate(f"() => {{ window.jupyterapp.commands.execute({command!r}); }}")

    def _console(self, message: Any) -> None:
        where = f"{message.text} {message.location.get('url', '')}"
        if message.type == "error" and not any(word in where for word in NOT_OURS):
            self.errors.append(message.text)
