"""The notebooks of the course: clean in git, in step with their text, and running."""

import os
from pathlib import Path

import jupytext
import nbclient
import nbformat
import pytest

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_without_outputs_and_in_step_with_its_text(path):
    notebook = nbformat.read(path, as_version=4)
    assert "widgets" not in notebook.metadata
    for cell in notebook.cells:
        assert not cell.get("outputs"), f"{path.name} has outputs"
        assert cell.get("execution_count") is None
    text = jupytext.read(path.with_suffix(".py"))
    assert [cell.source for cell in text.cells] == [cell.source for cell in notebook.cells]


def test_the_first_lesson_runs_from_top_to_bottom(tmp_path):
    execute(FOLDER / "01_first_take.ipynb", tmp_path)


@pytest.mark.course
@pytest.mark.parametrize("path", NOTEBOOKS[1:], ids=lambda path: path.stem)
def test_a_lesson_runs_from_top_to_bottom(path, tmp_path):
    execute(path, tmp_path)


def execute(path, folder):
    notebook = nbformat.read(path, as_version=4)
    env = {**os.environ, "WAN_SDK_HOME": str(folder / "home"), "WAN_SDK_OFFLINE": "1"}
    client = nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}})
    client.execute(env=env)
    errors = [out for cell in notebook.cells for out in cell.get("outputs", []) if out.output_type == "error"]
    assert not errors
