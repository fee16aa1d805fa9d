from __future__ import annotations

import json

import pytest

from .lab import Lab

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

# So many steps that they are not over before somebody stops them.
LONG = """
from wan_sdk import Shot, Size
shot = Shot("a blue cube on sand", seconds=2, steps=400, seed={seed}, size=Size(160, 96))
"""

# Notes when each step was done, and how many were done when the button's word has arrived.
COUNTED = """
import time
from wan_sdk.engine.protocol import StepDone
moments, at_request = [], []

def count(event):
    if isinstance(event, StepDone):
        moments.append(time.time())

def cancel(ask=job.cancel):
    ask()
    at_request.append(len(moments))

job.listen(count)
job.cancel = cancel
job
"""


def test_cancel_stops_a_submitted_job_and_leaves_words_behind(lab: Lab) -> None:
    lab.write(
        "cancel.ipynb",
        LONG.format(seed=1) + "job = shot.submit()" + COUNTED,
        "1 + 1",
        "import json\nprint(json.dumps([job.state, at_request, moments]))",
    )
    lab.open("cancel.ipynb")
    lab.run_cell(0)
    panel = lab.page.locator(".jp-Cell").nth(0)
    panel.locator("img[alt*='as it looks after step']").wait_for()
    lab.screenshot("running")
    lab.run_cell(1)  # the notebook is free meanwhile
    lab.page.locator(".jp-Cell").nth(1).get_by_text("2", exact=True).first.wait_for()
    steps = panel.locator("progress").get_attribute("value")
    assert steps
    assert 0 < int(steps) < 400

    button = panel.get_by_role("button", name="Cancel")
    button.evaluate("b => b.addEventListener('click', () => { window.clicked = Date.now() / 1000; }, true)")
    button.click()
    panel.get_by_text("cancelled").first.wait_for()
    lab.run_cell(2)
    state, at_request, moments = json.loads(lab.text(2))
    assert state == "cancelled"
    assert len(at_request) == 1
    assert at_request[0] <= len(moments) <= at_request[0] + 1  # the step that was under way, and no other
    clicked = lab.page.evaluate("() => window.clicked")
    assert sum(moment > clicked for moment in moments) <= 4  # the word needs some milliseconds from page to kernel
    assert panel.get_by_role("button", name="Cancel").count() == 0
    saved = lab.save("cancel.ipynb")
    kinds = {kind for output in saved["cells"][0]["outputs"] for kind in output.get("data", {})}
    assert "application/vnd.jupyter.widget-view+json" not in kinds
    assert "cancelled" in str(saved["cells"][0]["outputs"])
    assert lab.errors == []


def test_interrupt_stops_a_blocking_render_and_the_next_one_works(lab: Lab) -> None:
    lab.write("interrupt.ipynb", LONG.format(seed=2) + "shot.render()", "take = shot.with_steps(2).render()\ntake")
    lab.open("interrupt.ipynb")
    lab.run_cell(0, wait=False)
    panel = lab.page.locator(".jp-Cell").nth(0)
    panel.locator("img[alt*='as it looks after step']").wait_for()
    lab.interrupt()
    panel.get_by_text("stopped while denoising").wait_for()
    lab.run_cell(1)
    (video,) = lab.videos()
    assert video["ready"] == 4
    lab.save("interrupt.ipynb")
    assert lab.errors == []


def test_a_closed_notebook_still_says_how_far_it_came(lab: Lab) -> None:
    lab.write("closed.ipynb", LONG.format(seed=3) + "job = shot.submit()\njob")
    lab.open("closed.ipynb")
    lab.run_cell(0)
    lab.page.locator(".jp-Cell progress").wait_for()
    lab.save("closed.ipynb")
    lab.stop_kernel()
    lab.open("closed.ipynb")
    assert "running" in lab.text(0)
    assert "as of" in lab.text(0)
