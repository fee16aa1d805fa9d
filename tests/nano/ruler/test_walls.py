"""A room is known by the foot of its wall, wherever a camera takes it."""

import numpy as np
import pytest

from wan_sdk.nano.ruler.points import choose, sized_gray
from wan_sdk.nano.ruler.rig import rig_of
from wan_sdk.nano.ruler.walls import sureness
from wan_sdk.nano.world import build, render, sample
from wan_sdk.spec.camera_moves import Move

FRAMES, FPS = 13, 6
USUAL = {"time": "day", "weather": "clear", "style": "plain", "subject": "cat", "motion": "still", "companion": None}


def sure(place, kind="static", amount=0.0, supposed=None):
    camera = Move(kind, amount)
    scene = build(sample(np.random.default_rng(4), 1, camera=camera, place=place, **USUAL), FRAMES, FPS)
    pictures = render(scene, 96, 160)[0]
    pixels = ((pictures + 1) * 127.5).round().byte().permute(1, 2, 3, 0).numpy()
    way = np.linspace(0, 1, FRAMES)
    supposed = {kind: amount} if supposed is None else supposed
    dials = {name: (np.log(size) if name == "zoom" else size) * way for name, size in supposed.items() if size}
    zoomed = dials["zoom"][-1] if "zoom" in dials else 0.0
    return sureness(choose(sized_gray(pixels)), rig_of(dials, FRAMES, 0.6), zoomed)


@pytest.mark.parametrize(
    ("kind", "amount"), [("static", 0.0), ("dolly", 0.3), ("zoom", 1.5), ("truck", 0.3), ("pan", 20.0), ("roll", 20.0)]
)
def test_a_room_is_told_from_places_outdoors(kind, amount):
    assert sure("room", kind, amount) > 0.35
    assert max(sure(place, kind, amount) for place in ("meadow", "beach", "city")) < 0.25


def test_a_wall_is_not_where_another_camera_would_film_it():
    assert sure("room", "pedestal", 0.3) > sure("room", "pedestal", 0.3, supposed={}) + 0.2
