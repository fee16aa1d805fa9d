import math

import numpy as np

from wan_sdk.marking.watermark import carriers, front
from wan_sdk.marking.watermark.geometry import Pose
from wan_sdk.marking.watermark.search import Search, Sheets


def search_of(frames: int) -> Search:
    timeline = front.Timeline()
    rng = np.random.default_rng(0)
    for _ in range(frames):
        timeline.add(rng.standard_normal((64, 96), dtype=np.float32))
    return Search(Sheets(timeline, (64, 96)), (carriers.carriers(),), math.log(1e-9))


def test_one_picture_has_no_stretches_of_time_to_look_at():
    search = search_of(frames=1)
    search.account.open_stage()
    tries = [(sheet, Pose()) for sheet in search.sheets.quarters]
    assert tries == []
    assert not search.wide(tries)
    assert not search.patches(tries)
    assert not search.near(tries)
    assert (search.account.cells, search.log_p) == (0, 0.0)
