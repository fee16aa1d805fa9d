import numpy as np
import pytest

from tests.marking.watermark import clips
from wan_sdk.errors import UsageError
from wan_sdk.marking.watermark import carriers, detect, embed, front
from wan_sdk.marking.watermark.correlate import Correlator
from wan_sdk.marking.watermark.detection import gather
from wan_sdk.marking.watermark.geometry import Pose, Sheet

PAYLOAD = 0x4C1F00000000ABCD


@pytest.fixture(scope="module")
def crop():
    return embed(clips.panning_texture(frames=2), PAYLOAD).pixels[:, 40:244, 60:400]


def test_batches_score_like_one_by_one(crop):
    from wan_sdk.marking.watermark.torch_search import BatchCorrelator

    timeline, shape, _ = gather(crop)
    sheet = Sheet(front.flatten(timeline.mean()), shape)
    waves = (carriers.carriers(), carriers.carriers(None, 1))
    poses = [Pose(), Pose(204 / 288), Pose(0.9, turn=0.1), Pose(2.0), Pose(1.1, 0.8), Pose(0.8, quarter=1)]
    tries = [(sheet, pose) for pose in poses]
    single = {pose: peaks for _, pose, peaks in Correlator(waves).peaks(tries)}
    batched = {pose: peaks for _, pose, peaks in BatchCorrelator(waves, "cpu").peaks(tries)}
    assert set(single) == set(batched) == set(poses)
    for pose in poses:
        assert [p.z for p in batched[pose]] == pytest.approx([p.z for p in single[pose]], rel=0.03)
    best, same = max(single[poses[1]], key=lambda p: p.z), max(batched[poses[1]], key=lambda p: p.z)
    assert best.z > 10
    assert (best.x, best.y, best.flip, best.variant) == (same.x, same.y, same.flip, same.variant)


def test_a_device_that_is_not_here_is_refused():
    with pytest.raises(UsageError, match="cannot be used here"):
        detect(clips.panning_texture(frames=1), device="xpu:7")


@pytest.mark.gpu
def test_a_crop_is_found_on_the_card(crop):
    found = detect(crop, device="cuda")
    assert found.payload == PAYLOAD
    assert found.geometry.scale == pytest.approx(204 / 288, rel=0.01)
    assert not detect(np.roll(crop, 1, 0)[:1] // 2 + 60, key=bytes(32), device="cuda", effort="deep").present
