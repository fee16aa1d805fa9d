"""Plans, verdicts, storyboards, scenes: the tables of a notebook."""

from __future__ import annotations

import datetime as dt

import pytest

from wan_sdk.marking.verdict import EXIT_CODES, Verdict
from wan_sdk.notebook import mimebundle, storyboard
from wan_sdk.notebook.camera_path import camera_path_png
from wan_sdk.notebook.storyboard import Storyboard
from wan_sdk.spec import Camera, Scene, Shot
from wan_sdk.take import Take

from .conftest import HOSTILE, plan_of
from .markup import read


def test_a_plan_says_what_runs_and_what_was_changed(scene: Scene) -> None:
    plan = plan_of(scene)
    bundle = mimebundle(plan)
    page = read(bundle["text/html"])
    assert bundle["text/plain"] == str(plan)
    assert len(page.all("tr")) == 1 + 3 + 1 + len(plan.changes)
    for words in ("Harbour", "3 calls", "640x384", "can't carry the watermark", "a boat on the sea at dawn"):
        assert words in page.text


@pytest.mark.parametrize("prompt", HOSTILE)
def test_hostile_prompts_in_plans_boards_and_shots(prompt: str) -> None:
    scene = Scene("<b>title</b>").shot(prompt, seconds=2)
    for thing in (plan_of(scene), scene, scene[0]):
        bundle = mimebundle(thing)
        page = read(bundle["text/html"])
        assert "\u202e" not in page.text
        assert len(page.text) < 6000


def test_a_verdict_says_what_is_proved_and_by_what() -> None:
    verdict = Verdict(
        "TRUSTED",
        "harbour.mp4",
        ("the signature and every hash hold",),
        {
            "c2pa": {"found": True, "valid": True, "trusted": True, "codes": []},
            "watermark": {"present": True, "verdict": "CONFIRMED", "payload": "4c1f", "log10_p": -312.4},
            "ledger": {"found": True, "route": "essence"},
            "fingerprint": {},
        },
        ({"title": "<b>take</b>", "relation": "componentOf", "state": "TRUSTED"},),
        "Ada Films",
        dt.datetime(2026, 11, 24, 9, 30, tzinfo=dt.UTC),
    )
    page = read(mimebundle(verdict)["text/html"])
    for words in ("✔ TRUSTED", "Ada Films", "2026-11-24 at 09:30 UTC", "id 4c1f", "once in 10^312", "<b>take</b>"):
        assert words in page.text


@pytest.mark.parametrize("state", sorted(EXIT_CODES))
def test_every_verdict_can_be_shown(state: str) -> None:
    page = read(mimebundle(Verdict(state))["text/html"])  # type: ignore[arg-type]
    assert state in page.text


def test_a_real_verdict_is_shown(take: Take) -> None:
    page = read(mimebundle(take.verify())["text/html"])
    assert "TRUSTED" in page.text
    assert "C2PA credentials; they hold" in page.text


def test_the_storyboard_of_a_scene_draws_its_cameras(scene: Scene) -> None:
    board = storyboard(scene)
    page = read(board._repr_mimebundle_()["text/html"])
    assert len(page.all("img")) == 2  # the second shot has no move
    assert "dissolve of 0.5 s" in page.text
    assert "through #ffffff" in page.text
    assert "3. waves (2 s; the camera tilts 15 degrees down" in repr(board)


def test_the_storyboard_of_takes_shows_their_pictures(take: Take, scene: Scene) -> None:
    page = read(Storyboard(scene, (take, None, None))._repr_mimebundle_()["text/html"])
    assert (page.all("img")[0]["src"] or "").startswith("data:image/jpeg")
    take.path.unlink()
    fresh = Take(take.id, take.path, take.recipe)
    assert "its file is gone" in read(Storyboard(scene, (fresh, None, None))._repr_mimebundle_()["text/html"]).text


@pytest.mark.parametrize(
    "camera",
    [
        Camera.static(),
        Camera.pan(90),
        Camera.zoom(0.2),
        Camera.dolly(-5),
        Camera.roll(45) & Camera.truck(2),
        Camera.orbit(180),
        Camera.handheld(),
    ],
)
def test_every_camera_can_be_drawn(camera: Camera) -> None:
    assert camera_path_png(camera).startswith(b"\x89PNG")
    assert read(mimebundle(camera)["text/html"]).all("img")


def test_a_pan_to_the_right_is_drawn_to_the_right() -> None:
    from io import BytesIO

    import numpy as np
    from PIL import Image

    pixels = np.asarray(Image.open(BytesIO(camera_path_png(Camera.pan(30)))).convert("RGB")).astype(int)
    orange = (np.abs(pixels - (230, 159, 0)).sum(axis=-1) < 90).nonzero()[1]
    blue = (np.abs(pixels - (86, 180, 233)).sum(axis=-1) < 90).nonzero()[1]
    assert orange.mean() > blue.mean() + 20


def test_what_is_unknown_shows_its_text() -> None:
    assert mimebundle(3) == {"text/plain": "3"}
    assert "seconds" in read(mimebundle(Shot("a", seconds=2))["text/html"]).text
