"""What we draw can be used without seeing, without a mouse, on light and dark pages: axe-core finds nothing serious."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from wan_sdk import notebook
from wan_sdk.engine.protocol import StageStarted, StepDone
from wan_sdk.notebook.progress import Progress
from wan_sdk.spec import Camera, Scene, Shot
from wan_sdk.take import Take

from ..notebook.conftest import _first_take, _shared_home, gallery, own_home, plan_of, scene, take

__all__ = ["_first_take", "_shared_home", "gallery", "own_home", "scene", "take"]  # fixtures

pytestmark = [pytest.mark.browser]

PAGE = """<!doctype html><html lang="en"><head><title>Notebook</title></head>
<body style="background:{ground};color:{ink}"><main><h1>Notebook</h1>{content}</main></body></html>"""


@pytest.mark.parametrize(("ground", "ink"), [("#fff", "#111"), ("#111", "#eee")], ids=["light", "dark"])
def test_nothing_serious_is_found(browser: Any, take: Take, scene: Scene, ground: str, ink: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    progress = Progress("Harbour", plan_of(scene))
    progress.hear(StageStarted(0, "denoise"))
    progress.hear(StepDone(0, 3, 12, 0.5, 1.0, lambda: np.zeros((7, 12, 20, 3), np.uint8)))
    shown = [take, plan_of(scene), scene, Shot("a boat", seconds=2), Camera.pan(20), take.verify()]
    content = "".join(notebook.mimebundle(thing)["text/html"] for thing in shown) + progress.html()
    page = browser.new_page()
    try:
        page.set_content(PAGE.format(content=content, ground=ground, ink=ink))
        found = Axe().run(page).response["violations"]
    finally:
        page.close()
    serious = [f"{item['id']}: {item['help']}" for item in found if item["impact"] in ("serious", "critical")]
    assert serious == []
