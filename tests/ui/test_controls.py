"""Knobs in a real notebook: the explorer and the gallery browser answer to what a person does."""

from __future__ import annotations

import pytest

from .lab import Lab

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

EXPLORE = """
from wan_sdk import Shot, Size
from wan_sdk.notebook import browse, explore
explorer = explore(Shot("a yellow cube on snow", seconds=2, steps=2, seed=5, size=Size(160, 96)))
explorer
"""


def test_the_explorer_follows_renders_and_keeps(lab: Lab) -> None:
    lab.write("explore.ipynb", EXPLORE, "explorer.kept[0]", "browse()")
    lab.open("explore.ipynb")
    lab.run_cell(0)
    knobs = lab.page.locator(".jp-Cell").nth(0)
    knobs.get_by_text("Plan of the shot").wait_for()
    camera = knobs.get_by_placeholder("slow push in, then pan left")
    camera.fill("pan left by 30 degrees")
    camera.press("Enter")
    knobs.locator("img[alt*='pans 30 degrees to the left']").wait_for()
    steps = knobs.get_by_label("steps")
    steps.fill("many")
    steps.press("Enter")
    knobs.get_by_text("Not yet:").wait_for()
    assert knobs.get_by_role("button", name="Render").is_disabled()
    lab.screenshot("refused")
    steps.fill("1")
    steps.press("Enter")
    knobs.get_by_text("Plan of the shot").wait_for()

    knobs.get_by_role("button", name="Render").click()
    knobs.locator("video").wait_for()
    lab.screenshot("rendered")
    knobs.get_by_role("button", name="Keep").click()
    knobs.get_by_text("explorer.kept[0]").wait_for()
    lab.run_cell(1)  # what was kept stays, without widgets
    assert lab.outputs(1).locator("video").count() == 1

    lab.run_cell(2)
    browser = lab.page.locator(".jp-Cell").nth(2)
    browser.get_by_placeholder("harbour dawn").fill("yellow cube")
    browser.get_by_placeholder("harbour dawn").press("Enter")
    browser.get_by_text("1 found").wait_for()
    browser.locator("select option").filter(has_text="yellow cube").click()
    browser.locator("video").wait_for()
    browser.get_by_role("button", name="Verify").click()
    browser.get_by_text("TRUSTED").first.wait_for()
    browser.get_by_role("button", name="Fork").click()
    browser.get_by_text("Plan of the shot").wait_for()
    lab.screenshot("forked")
    assert all(video["ready"] == 4 for video in lab.videos())
    lab.save("explore.ipynb")
    assert lab.errors == []
