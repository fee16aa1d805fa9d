import math

import numpy as np
import pytest

from wan_sdk.marking.watermark import carriers, climb, front
from wan_sdk.marking.watermark.correlate import Scores
from wan_sdk.marking.watermark.geometry import GRID, Pose, Sheet, matrices
from wan_sdk.marking.watermark.search import Search, Stage
from wan_sdk.marking.watermark.sheets import Sheets


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


class Noting:
    """Stand in for numpy or a device, and note what is asked for when; nothing scores."""

    def __init__(self):
        self.asked = []

    def begun(self, tries):
        self.asked.append(("begin", len(tries)))
        return lambda: self.waited(len(tries))

    def waited(self, count):
        self.asked.append(("wait", count))
        return Scores(np.zeros((count, 2, 1)), np.zeros((count, 2, 1), np.int64))

    def coefficients(self, tries):
        self.asked.append(("read", len(tries)))
        return [np.ones(len(carriers.lattice()[0]), np.complex64)] * len(tries)

    def tops(self, starts):
        yield [(0.0, start.pose) for start in starts]


@pytest.mark.parametrize("device", [None, "cpu", "cuda"])
def test_a_device_is_set_to_the_next_wide_stage_while_words_are_read(monkeypatch, device):
    search = search_of(frames=2)
    search.device = device
    search.__dict__["_work"] = work = Noting()
    whole = search.sheets.whole
    tries = [[(whole, Pose(1 + n / 10))] * n for n in range(1, 5)]
    every = [
        Stage(search.wide, lambda: tries[1]),
        Stage(search.near, lambda: tries[2], wide=False),
        Stage(search.wide, lambda: tries[3]),
    ]
    monkeypatch.setattr("wan_sdk.marking.watermark.search.stages", lambda *_: every)
    search.run("fast")
    # two are read of each wide stage: a pose straight and mirrored
    first, near = [("begin", 2), ("wait", 2), ("read", 2)], [("read", 3)]
    last = [("wait", 4), ("read", 2)]
    order = [*first, ("begin", 4), *near, *last] if device == "cuda" else [*first, *near, ("begin", 4), *last]
    assert work.asked == order
    assert search.account.stages == 3


def test_many_poses_have_the_matrices_and_the_copies_of_each():
    poses = [Pose(), Pose(0.4), Pose(2.5, 1.3, -0.2), Pose(0.7, 0.8, 0.1)]
    linear = matrices(poses)
    np.testing.assert_allclose(linear, [pose.matrix for pose in poses], atol=1e-12)
    sheet = Sheet(np.zeros((256, 455), np.float32), (720, 1280))
    sizes = [sheet.levels[at].shape for at in sheet.level_at(linear, GRID / 2)]
    assert sizes == [sheet.level_for(pose.matrix, GRID / 2).shape for pose in poses]
    assert sizes[2] == (256, 455)
    assert sizes[1][0] < 128 * 0.75


def test_the_best_peaks_come_first_with_their_places():
    z, cell = np.zeros((3, 2, 1)), np.zeros((3, 2, 1), np.int64)
    z[1, 1, 0], cell[1, 1, 0] = 9.0, 128 * GRID + 64
    z[2, 0, 0] = 4.0
    (first, peak), (second, _), *rest = Scores(z, cell).falling()
    assert (first, peak.z, peak.x, peak.y, peak.flip, peak.variant) == (1, 9.0, 0.5, 1.0, True, 0)
    assert second == 2
    assert [number for number, _ in rest] == [0, 0, 1, 2]


@pytest.mark.parametrize("pose", [Pose(1.01, 0.99, 0.03), Pose(1.0, 1.0, 0.02), Pose(1.0201, 0.99, 0.03)])
def test_a_climb_ends_near_the_top(monkeypatch, pose):
    sizes = []

    def hill(start, pose, size):
        sizes.append(size)
        return 10 - 100 * (abs(pose.scale - 1.02) + abs(pose.aspect - 0.99) + abs(pose.turn - 0.03)), pose

    monkeypatch.setattr(climb, "_settled", hill)
    start = climb.Start(Sheet(np.zeros((64, 64), np.float32), (64, 64)), carriers.carriers(), pose)
    z, top = climb.climb(start)
    assert z > 9.7
    assert abs(top.scale - 1.02) < 0.002
    assert sizes[0] == GRID
    assert set(sizes[1:]) == {climb.REFINE}
    assert 15 <= len(sizes) - 1 <= 30
