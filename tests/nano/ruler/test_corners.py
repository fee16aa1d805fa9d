"""The usual step of the picture is what the world itself does under a camera."""

import numpy as np
import pytest

from wan_sdk.nano.ruler.corners import usual_step
from wan_sdk.nano.world import build, sample
from wan_sdk.nano.world.flow import flow
from wan_sdk.spec.camera_moves import Move

FRAMES, HEIGHT, WIDTH = 13, 60, 100


def step_of_the_world(kind, amount):
    scene = build(sample(np.random.default_rng(0), 1, camera=Move(kind, amount), place="beach", companion=None), FRAMES)
    scene["parts"] = scene["parts"][:, :0]
    length = np.linalg.norm(flow(scene, HEIGHT, WIDTH)[0].numpy(), axis=0)
    return np.median(length.max((1, 2))) / HEIGHT


@pytest.mark.parametrize(
    ("kind", "amount"), [("pan", 5.0), ("tilt", -4.0), ("roll", 5.0), ("dolly", 0.1), ("truck", -0.1), ("orbit", 8.0)]
)
def test_the_fastest_place_moves_as_in_the_world(kind, amount):
    step = usual_step({kind: amount * np.linspace(0, 1, FRAMES)}, FRAMES, HEIGHT / WIDTH)
    assert step == pytest.approx(step_of_the_world(kind, amount), rel=0.1)


def test_no_move_is_no_step():
    assert usual_step({}, FRAMES, 0.6) == 0
    assert usual_step({"roll": np.zeros(FRAMES)}, FRAMES, 0.6) == pytest.approx(0, abs=1e-9)


def test_one_jump_is_not_usual():
    jump = np.where(np.arange(FRAMES) < 6, 0.0, 10.0)
    assert usual_step({"pan": jump}, FRAMES, 0.6) == pytest.approx(0, abs=1e-9)
