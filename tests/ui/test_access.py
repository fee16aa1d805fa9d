"""What we draw can be used without seeing, without a mouse, on light and dark pages: axe-core finds nothing serious."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from wan_sdk import notebook
from wan_sdk.engine.protocol import StageStarted, StepDone
from wan_sdk.notebook.progress import Progress
from wan_sdk.spec import Camera, Scene, Shot
from wan_sdk.take import Take, Takes

from ..notebook.conftest import MakeTake, _first_take, _shared_home, gallery, make_take, own_home, plan_of, scene, take
from .lab import Lab

__all__ = ["_first_take", "_shared_home", "gallery", "make_take", "own_home", "scene", "take"]  # fixtures

pytestmark = [pytest.mark.browser]

PAGE = """<!doctype html><html lang="en"><head><title>Notebook</title></head>
<body style="background:{ground};color:{ink}"><main><h1>Notebook</h1>{content}</main></body></html>"""


OUTPUTS = ".jp-Notebook .jp-OutputArea-output"


def serious_in(page: Any, part: str | None = None) -> list[str]:
    """Return what axe-core finds serious in a page, or in the parts of it that a selector names."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, context=part).response["violations"]
    serious = [item for item in found if item["impact"] in ("serious", "critical")]
    return [f"{item['id']}: {item['help']}: {node['html'][:200]}" for item in serious for node in item["nodes"]]


@pytest.mark.parametrize(("ground", "ink"), [("#fff", "#111"), ("#111", "#eee")], ids=["light", "dark"])
def test_nothing_serious_is_found(
    browser: Any, take: Take, make_take: MakeTake, scene: Scene, ground: str, ink: str
) -> None:
    progress = Progress("Harbour", plan_of(scene))
    progress.hear(StageStarted(0, "denoise"))
    progress.hear(StepDone(0, 3, 12, 0.5, 1.0, lambda: np.zeros((7, 12, 20, 3), np.uint8)))
    takes = Takes([take, make_take(take.shot.with_seed(8), 8)], {"seed": [7, 8]})
    shown = [take, plan_of(scene), scene, Shot("a boat", seconds=2), Camera.pan(20), take.verify(), takes]
    content = "".join(notebook.mimebundle(thing)["text/html"] for thing in shown) + progress.html()
    content += takes.sheet()._repr_mimebundle_()["text/html"]
    page = browser.new_page()
    try:
        page.set_content(PAGE.format(content=content, ground=ground, ink=ink))
        assert serious_in(page) == []
    finally:
        page.close()


TAKES = """
from wan_sdk import Shot, Size
from wan_sdk.notebook import browse, explore
shot = Shot("a green star above the sea", seconds=2, steps=1, size=Size(160, 96))
takes = shot.sweep(seed=range(2), guidance=[1, 3]).render()
takes
"""


@pytest.mark.timeout(600)
def test_nothing_serious_is_found_in_a_sheet_the_explorer_and_the_gallery_browser(lab: Lab) -> None:
    """As they stand in a notebook, with what a person opened in them.

    The contrast of text is looked at on the pages above: axe-core sees none in JupyterLab's panels, where the colours
    are JupyterLab's own.
    """
    lab.write("access.ipynb", TAKES, "takes.sheet()", 'explore(takes[0].shot.with_camera("pan left"))', "browse()")
    lab.open("access.ipynb")
    lab.run_all()
    explorer, browser = (lab.page.locator(".jp-Cell").nth(index) for index in (2, 3))
    explorer.get_by_text("Plan of the shot").wait_for()
    browser.locator("select option").filter(has_text="green star").first.click()
    browser.locator("video").wait_for()
    browser.get_by_role("button", name="Verify").click()
    browser.get_by_text("TRUSTED").first.wait_for()
    assert lab.page.locator(OUTPUTS).count() >= 4
    assert serious_in(lab.page, OUTPUTS) == []

    browser.get_by_role("button", name="Fork").click()
    browser.get_by_text("Plan of the shot").wait_for()
    explorer.get_by_label("steps").fill("many")
    explorer.get_by_label("steps").press("Enter")
    explorer.get_by_text("Not yet:").wait_for()
    assert serious_in(lab.page, OUTPUTS) == []
