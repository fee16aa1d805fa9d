"""Waves tell a camera that films them from one that would not."""

import numpy as np
import pytest

from wan_sdk.nano.ruler.points import choose, sized_gray
from wan_sdk.nano.ruler.rig import rig_of
from wan_sdk.nano.ruler.water import water_of
from wan_sdk.nano.world import build, render, sample
from wan_sdk.spec.camera_moves import Move

FRAMES, FPS = 25, 12
USUAL = {"time": "day", "weather": "clear", "style": "plain", "subject": "boat", "motion": "still", "companion": None}


def water(place, camera):
    scene = build(sample(np.random.default_rng(4), 1, camera=camera, place=place, **USUAL), FRAMES, FPS)
    pictures = render(scene, 96, 160)[0]
    pixels = ((pictures + 1) * 127.5).round().byte().permute(1, 2, 3, 0).numpy()
    return water_of(choose(sized_gray(pixels)), FPS)


def cost(water, **amounts):
    dials = {kind: amount * np.linspace(0, 1, FRAMES) for kind, amount in amounts.items()}
    return water.cost(rig_of(dials, FRAMES, 0.6))


def test_a_still_camera_over_the_sea_films_the_waves():
    sea = water("sea", Move("static", 0))
    assert cost(sea) < 0.6
    assert cost(sea) < min(cost(sea, dolly=-0.2), cost(sea, pedestal=0.2), cost(sea, pan=10.0)) - 0.05


@pytest.mark.parametrize(("kind", "amount"), [("dolly", -0.3), ("pedestal", 0.2)])
def test_waves_tell_how_far_a_camera_went(kind, amount):
    sea = water("sea", Move(kind, amount))
    amounts = amount * np.linspace(0.5, 1.5, 21)
    best = amounts[np.argmin([cost(sea, **{kind: each}) for each in amounts])]
    assert best == pytest.approx(amount, rel=0.1)


@pytest.mark.parametrize("place", ["meadow", "desert"])
def test_there_are_no_waves_on_land(place):
    assert cost(water(place, Move("static", 0))) > 0.9
