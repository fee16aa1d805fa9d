"""``wan-sdk lab``: the course in JupyterLab."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

import wan_sdk
from wan_sdk.cli.output import print_json
from wan_sdk.errors import StorageError
from wan_sdk.take import copy_whole

INSIDE_THE_PACKAGE = Path(wan_sdk.__file__).parent / "course"
BESIDE_THE_PACKAGE = Path(wan_sdk.__file__).parent.parent / "notebooks"


def course_folder() -> Path:
    """Return where the notebooks of the course lie: in the installed package or in the checkout."""
    for folder in (INSIDE_THE_PACKAGE, BESIDE_THE_PACKAGE):
        if any(folder.glob("*.ipynb")):
            return folder
    raise StorageError(
        "the notebooks of the course are not here", where=str(INSIDE_THE_PACKAGE), hint="install wan-sdk again"
    )


def lab(
    folder: Annotated[Path, typer.Argument(help="Where to put your copy of the course.")] = Path("wan_course"),
    reset: Annotated[bool, typer.Option("--reset", help="Put back the notebooks as they were shipped.")] = False,
    open_lab: Annotated[bool, typer.Option("--open/--no-open", help="Open JupyterLab on it.")] = True,
    json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
) -> None:
    """Copy the course into a folder of your own and open JupyterLab there; your changes are kept."""
    notebooks = sorted(course_folder().glob("*.ipynb"))
    for notebook in notebooks:
        target = folder / notebook.name
        if reset or not target.exists():
            copy_whole(notebook, target)
    if json:
        names = [notebook.name for notebook in notebooks]
        print_json({"schema": "wan_sdk.Course/1", "folder": str(folder), "notebooks": names})
    else:
        print(f"the course is in {folder}", flush=True)
    if open_lab:
        raise typer.Exit(subprocess.call([sys.executable, "-m", "jupyter", "lab", str(folder)]))  # noqa: S603
