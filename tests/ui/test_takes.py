from __future__ import annotations

import json

import pytest

from .lab import Lab

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

RENDER = """
from wan_sdk import Camera, Shot, Size
shot = Shot("a red ball rolls over green grass at sunset", seconds=2, seed=1, size=Size(160, 96))
shot = shot.with_camera(Camera.pan(degrees=20))
take = shot.render()
take
"""


def assert_plays(lab: Lab, count: int = 1) -> None:
    videos = lab.videos()
    assert len(videos) == count
    for video in videos:
        assert video["ready"] == 4
        assert video["time"] > 0.1
        assert video["controls"]
        assert not video["autoplayed"]


def test_a_take_plays_after_the_cell_after_reopening_and_untrusted(lab: Lab) -> None:
    lab.write("take.ipynb", RENDER, "take.verify()", "shot.plan()")
    lab.open("take.ipynb")
    lab.run_all()
    assert_plays(lab)
    assert "signed, watermarked" in lab.text(0)
    assert "TRUSTED" in lab.text(1)
    lab.screenshot("rendered")
    saved = lab.save("take.ipynb")
    assert "widgets" not in saved["metadata"]
    assert lab.errors == []

    lab.stop_kernel()
    lab.open("take.ipynb")
    assert lab.trusted()
    assert_plays(lab)
    lab.screenshot("reopened")

    saved["metadata"]["from"] = "somebody else"  # its signature fits no longer: a notebook that came by mail
    (lab.folder / "mailed").mkdir()
    (lab.folder / "mailed" / "take.ipynb").write_text(json.dumps(saved), "utf-8")
    lab.open("mailed/take.ipynb")
    assert not lab.trusted()
    assert_plays(lab)
    assert "signed, watermarked" in lab.text(0)
    lab.screenshot("untrusted")
    assert lab.video_width() == 480
    lab.page.set_viewport_size({"width": 700, "height": 900})
    lab.page.wait_for_timeout(500)
    assert lab.video_width() < 330, "on a narrow page the player shrinks instead of being cut off"
    lab.screenshot("narrow")
    assert lab.errors == []
