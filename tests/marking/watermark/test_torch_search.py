import itertools

import numpy as np
import pytest

from tests.marking.watermark import clips
from wan_sdk.errors import UsageError
from wan_sdk.marking.watermark import bend, carriers, detect, embed, front
from wan_sdk.marking.watermark.climb import Start
from wan_sdk.marking.watermark.correlate import Correlator
from wan_sdk.marking.watermark.detection import gather
from wan_sdk.marking.watermark.geometry import Pose, Sheet

PAYLOAD = 0x4C1F00000000ABCD
PLACE = "x", "y", "flip", "variant"


@pytest.fixture(scope="module")
def crop():
    return embed(clips.panning_texture(frames=2), PAYLOAD).pixels[:, 40:244, 60:400]


@pytest.fixture(scope="module")
def sheet(crop):
    timeline, shape, _ = gather(crop)
    return Sheet(front.flatten(timeline.mean()), shape)


@pytest.fixture(scope="module")
def both():
    from wan_sdk.marking.watermark.torch_search import BatchCorrelator

    waves = carriers.carriers(), carriers.carriers(None, 1)
    return Correlator(waves), BatchCorrelator(waves, "cpu")


POSES = [
    *(Pose(), Pose(204 / 288), Pose(0.9, turn=0.1), Pose(2.0), Pose(1.3), Pose(1.1, 0.8), Pose(0.8, quarter=1)),
    *(Pose(1.25, 1.5, 0.2), Pose(1.25, 1 / 1.5), Pose(1.6, quarter=3)),
]


def test_batches_score_like_one_by_one(both, sheet):
    single, batched = (way.scores([(sheet, pose) for pose in POSES]) for way in both)
    assert single.z.shape == batched.cell.shape == (len(POSES), 2, 2)
    assert batched.z == pytest.approx(single.z, abs=2e-3)
    number, best = next(single.falling())
    assert best.z > 10
    assert POSES[number] == POSES[1]
    same = next(batched.falling())
    assert (number, best.x, best.y, best.flip, best.variant) == (same[0], *(getattr(same[1], n) for n in PLACE))


def test_maps_turned_by_quarters_share_their_batches(both, sheet, monkeypatch):
    monkeypatch.setattr(both[1], "_batch", 4)
    monkeypatch.setattr(both[1], "_unit", 2)
    other = Sheet(np.ascontiguousarray(sheet.values[::-1]), sheet.shape)
    tries = [
        (one, Pose(scale, 1.1, 0.05, quarter=q))
        for scale in (0.4, 1.0, 2.2)
        for q in range(4)
        for one in (sheet, other)
    ]
    single, batched = (way.scores(tries) for way in both)
    np.testing.assert_allclose(batched.z, single.z, atol=2e-3)
    np.testing.assert_array_equal(batched.cell, single.cell)


@pytest.mark.parametrize("unit", [1, 4])
def test_coefficients_of_many_poses_are_those_of_each(both, sheet, monkeypatch, unit):
    monkeypatch.setattr("wan_sdk.marking.watermark.torch_search.FINE_AT_ONCE", 4)
    monkeypatch.setattr(both[1], "_unit", unit)
    tries = [
        (sheet, pose) for pose in (Pose(), Pose(0.7, flip=True), Pose(1.2, 0.9, 0.1, x=0.3, quarter=1), *POSES[:3])
    ]
    single, batched = (way.coefficients(tries) for way in both)
    assert len(batched) == 6
    for one, same in zip(single, batched, strict=True):
        np.testing.assert_allclose(same, one, atol=1e-5)


def test_all_climbs_at_once_end_where_each_does(both, sheet, crop):
    waves = carriers.carriers()
    _, peak = next(both[0].scores([(sheet, Pose(0.712))]).falling())
    start = Pose(0.712, x=peak.x, y=peak.y)
    mirrored = Sheet(np.ascontiguousarray(sheet.values[:, ::-1]), sheet.shape)
    places = [(sheet, start), (mirrored, start.moved(flip=True)), (sheet, Pose(1.3))]
    alone, together = (list(way.tops([Start(s, waves, pose) for s, pose in places])) for way in both)
    assert [len(alone), len(together)] == [3, 1]
    single, batched = list(itertools.chain.from_iterable(alone)), together[0]
    for (z, pose), (same, near) in zip(single, batched, strict=True):
        assert same == pytest.approx(z, rel=0.005)
        for name in ("scale", "aspect", "turn", "x", "y"):
            assert getattr(near, name) == pytest.approx(getattr(pose, name), abs=1e-5)
    assert single[0][1].scale == pytest.approx(204 / 288, rel=0.003)
    assert single[1][0] == pytest.approx(single[0][0], rel=0.02)
    assert single[1][1].flip


def test_patches_are_compared_alike(both):
    rng = np.random.default_rng(0)
    seen, pattern = rng.standard_normal((2, bend.SIZE, bend.SIZE), dtype=np.float32)
    single, batched = (way.likeness(seen, pattern, 5) for way in both)
    assert batched == pytest.approx(single, abs=1e-5)


def test_a_search_in_batches_answers_like_one_without(crop):
    alone, batched = (detect(crop, device=device) for device in (None, "cpu"))
    assert alone.payload == batched.payload == PAYLOAD
    assert alone.hypotheses == batched.hypotheses
    assert batched.z_pilot == pytest.approx(alone.z_pilot, rel=0.02)
    assert batched.geometry.scale == pytest.approx(alone.geometry.scale, rel=0.002)


def test_a_device_that_is_not_here_is_refused():
    with pytest.raises(UsageError, match="cannot be used here"):
        detect(clips.panning_texture(frames=1), device="xpu:7")


@pytest.mark.gpu
def test_a_crop_is_found_on_the_card(crop):
    found = detect(crop, device="cuda")
    assert found.payload == PAYLOAD
    assert found.geometry.scale == pytest.approx(204 / 288, rel=0.01)
    assert not detect(np.roll(crop, 1, 0)[:1] // 2 + 60, key=bytes(32), device="cuda", effort="deep").present
