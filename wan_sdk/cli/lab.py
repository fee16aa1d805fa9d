"""``wan-sdk lab``: the course in JupyterLab."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

import wan_sdk
from wan_sdk.errors import StorageError

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
) -> None:
    """Copy the course into a folder of your own and open JupyterLab there; your changes are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    for notebook in sorted(course_folder().glob("*.ipynb")):
        target = folder / notebook.name
        if reset or not target.exists():
            shutil.copyfile(notebook, target)
    print(f"the course is in {folder}")
    if open_lab:
        raise typer.Exit(subprocess.call([sys.executable, "-m", "jupyter", "lab", str(folder)]))  # noqa: S603
