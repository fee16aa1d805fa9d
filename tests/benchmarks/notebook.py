"""Measure what the notebook costs, in a real kernel: python -m tests.benchmarks.notebook (on an idle machine).

Prints one JSON object: the first preview, the panel's share of a step, a sheet of nine takes, and the size of a saved
notebook with ten takes. Needs the `test` extra (nbclient).
"""

import json
import os
import platform
import statistics
import tempfile
from importlib import metadata
from pathlib import Path

import nbformat
from nbclient import NotebookClient

_WARM = """
import json, time
import wan_sdk as wan
from wan_sdk import Camera, Shot
from wan_sdk.engine.protocol import StageStarted, StepDone
from wan_sdk.notebook import progress, sheet

shot = Shot("a red ball rolls over green grass at sunset").with_camera(Camera.pan(degrees=20)).with_seed(1)
"""

# A job's panel takes the first preview it is offered; the painting that shows it comes within half a second.
_FIRST_PREVIEW = """
heard, seen = [], []
plain = progress.Progress.hear
def hear(self, event):
    if isinstance(event, StageStarted) and event.stage == "denoise":
        heard.append(time.monotonic())
    plain(self, event)
    if self.preview is not None and not seen:
        seen.append(time.monotonic())
progress.Progress.hear = hear
shot.render()
progress.Progress.hear = plain
print("RESULT", json.dumps(seen[0] - heard[0]))
"""

# The same long denoising with the panel and without it, in turn; what counts is the time from step to step.
_OVERHEAD = """
from wan_sdk.notebook.panel import Panel, _notebook_painter
from wan_sdk.engine.protocol import EngineInputs
from wan_sdk.studio import default_studio

studio = default_studio()
long = shot.with_steps(60)
plan = studio.plan(long)
def seconds_a_step(listener):
    ends = []
    def listen(event):
        if listener is not None:
            listener(event)
        if isinstance(event, StepDone):
            ends.append(time.perf_counter())
    studio.engine.denoise(plan.calls[0], EngineInputs(), listen=listen)
    return (ends[-1] - ends[4]) / (len(ends) - 5)
seconds_a_step(None)
with_panel, without = [], []
for turn in range(8):
    for kind in ("with", "without") if turn % 2 else ("without", "with"):
        if kind == "with":
            panel = Panel(progress.Progress("measured", plan), _notebook_painter())
            with_panel.append(seconds_a_step(panel))
            panel.close("done")
        else:
            without.append(seconds_a_step(None))
print("RESULT", json.dumps([with_panel, without]))
"""

_SHEET = """
takes = shot.sweep(seed=range(9)).render()
seconds = []
for _ in range(3):
    began = time.perf_counter()
    made = sheet(takes)
    bundle = made._repr_mimebundle_()
    seconds.append(time.perf_counter() - began)
print("RESULT", json.dumps(seconds))
"""

_TAKE = "shot.with_seed({seed}).render()"


def run(cells: list[str], folder: str) -> tuple[nbformat.NotebookNode, list]:
    """Execute cells in a new kernel; return the notebook and what the cells printed as results."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=900, resources={"metadata": {"path": folder}}).execute()
    printed = [output["text"] for cell in notebook.cells for output in cell.outputs if output.get("name") == "stdout"]
    lines = [line for text in printed for line in text.splitlines() if line.startswith("RESULT ")]
    return notebook, [json.loads(line.removeprefix("RESULT ")) for line in lines]


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"WAN_SDK_HOME": f"{folder}/home", "WAN_SDK_GALLERY": f"{folder}/gallery"}
        first = [run([_WARM, f"shot = shot.with_seed({k})", _FIRST_PREVIEW], folder)[1][0] for k in (1, 2, 3)]
        _, [[with_panel, without]] = run([_WARM, _OVERHEAD], folder)
        _, [sheets] = run([_WARM, _SHEET], folder)
        ten, _ = run([_WARM, *(_TAKE.format(seed=seed) for seed in range(100, 110))], folder)
        saved = Path(folder) / "ten.ipynb"
        nbformat.write(ten, saved)
        size = saved.stat().st_size / 1e6
    pairs = [one / other - 1 for one, other in zip(with_panel, without, strict=True)]
    print(
        json.dumps(
            {
                "first_preview_seconds": [round(value, 2) for value in first],
                "step_ms_with_panel": round(1000 * statistics.median(with_panel), 1),
                "step_ms_without": round(1000 * statistics.median(without), 1),
                "panel_share_percent": round(100 * statistics.median(pairs), 2),
                "panel_share_percent_by_pair": [round(100 * value, 1) for value in pairs],
                "sheet_of_nine_seconds": [round(value, 2) for value in sheets],
                "notebook_with_ten_takes_mb": round(size, 2),
                "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
                "versions": {name: metadata.version(name) for name in ("torch", "diffusers", "ipykernel", "wan-sdk")},
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
