"""A fit depends on where it begins, and on nothing else."""

import numpy as np
import pytest

from wan_sdk.nano.ruler.depths import World
from wan_sdk.nano.ruler.fitting import FINE, ROUGH, Scene, fit
from wan_sdk.nano.ruler.paths import free_curves
from wan_sdk.nano.ruler.points import choose, sized_gray
from wan_sdk.nano.world import build, render, sample

FRAMES, WAVES = 9, 0.03


@pytest.fixture(scope="module")
def points():
    fixed = {"place": "sea", "time": "day", "weather": "clear", "style": "plain", "camera": "dolly", "companion": None}
    scene = build(sample(np.random.default_rng(2), 1, **fixed), FRAMES, fps=12)
    pictures = render(scene, 96, 160)[0]
    return choose(sized_gray(((pictures + 1) * 127.5).round().byte().permute(1, 2, 3, 0).numpy()))


@pytest.mark.parametrize("world", [World(), World(waves=WAVES)])
def test_fits_of_one_scene_do_not_depend_on_each_other(points, world):
    scene = Scene(points, FRAMES, 0.6, world)
    dolly, truck = ({kind: free_curves(kind, FRAMES)} for kind in ("dolly", "truck"))
    begin = {"dolly": np.linspace(0.05, 0.3, 6)}
    first = fit(scene, dolly, begin, ROUGH)
    fit(scene, truck, {"truck": np.full(6, 0.4)}, FINE)
    again = fit(scene, dolly, begin, ROUGH)
    assert again.cost == first.cost
    assert np.array_equal(again.dials["dolly"], first.dials["dolly"])
