from __future__ import annotations

import pytest

from .lab import Lab

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

SWEEP = """
from wan_sdk import Camera, Scene, Shot, Size, Transition
shot = Shot("a green ball rolls over sand", seconds=2, steps=4, size=Size(160, 96))
takes = shot.sweep(seed=range(2), guidance=[2, 4]).render()
takes
"""


def test_a_sheet_is_one_clip_in_step_and_its_likes_show(lab: Lab) -> None:
    lab.write(
        "sheet.ipynb",
        SWEEP,
        'takes.sheet(rows="guidance", cols="seed")',
        "takes[0].compare(takes[1])",
        """
scene = (Scene("Harbour", seed=1, size=Size(160, 96)).then(shot.with_camera(Camera.zoom(1.3)))
         .shot("a red ball rolls over sand", seconds=2, steps=4, via=Transition.dissolve(0.5)))
cut = scene.render()
cut.storyboard()
""",
        "cut",
    )
    lab.open("sheet.ipynb")
    lab.run_all()
    assert lab.outputs(1).locator("video").count() == 1  # one clip cannot fall out of step
    assert "Sheet of 4 takes" in lab.text(1)
    assert lab.outputs(2).locator("video").count() == 1
    assert lab.outputs(3).locator("table img").count() == 2
    assert all(video["ready"] == 4 for video in lab.videos())
    for cell in range(1, 5):
        lab.page.locator(".jp-Cell").nth(cell).scroll_into_view_if_needed()
        lab.screenshot(f"cell {cell}")
    # The player is reached with the keyboard alone, and the space bar starts it.
    player = lab.outputs(1).locator("video")
    player.evaluate("v => { v.currentTime = 0; v.focus(); }")
    lab.page.keyboard.press("Space")
    lab.page.wait_for_function("v => !v.paused", arg=player.element_handle())
    lab.save("sheet.ipynb")
    assert lab.errors == []
