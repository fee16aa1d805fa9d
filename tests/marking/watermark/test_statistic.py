"""The bound holds for every content: checked on pictures, and on spectra made to break it."""

import math

import numpy as np
import pytest
from scipy import stats

from tests.marking.watermark import clips
from wan_sdk.marking.watermark import carriers, front, reading, statistic
from wan_sdk.marking.watermark.detection import gather
from wan_sdk.marking.watermark.geometry import Pose, Sheet

KEYS = [i.to_bytes(32, "big") for i in range(1000, 1160)]


def identity_scores(clip):
    timeline, shape, _ = gather(clip)
    q = reading.coefficients(Sheet(front.flatten(timeline.mean()), shape), Pose())
    everything = np.ones(len(q), bool)
    return np.array([statistic.score(q, carriers.carriers(key), everything) for key in KEYS])


@pytest.mark.parametrize("make", [clips.panning_texture, clips.flat_cartoon, clips.frozen_photo])
def test_scores_of_unmarked_clips_are_standard_normal(make):
    z = identity_scores(make(frames=3))
    assert stats.kstest(z, "norm").pvalue > 0.01
    assert abs(z.mean()) < 0.3
    assert 0.8 < z.std() < 1.2
    smallest = min(math.exp(statistic.tail(value)) for value in z)
    assert smallest > 1 / (100 * len(z))


@pytest.mark.parametrize("power", [0.0, 1.0, 4.0])
def test_the_tail_bound_holds_for_any_spectrum(power):
    rng = np.random.default_rng(4)
    size = rng.exponential(1, 60) ** power
    phase = rng.integers(0, 65536, (40_000, 60)) * (2 * np.pi / 65536)
    z = (size * np.cos(phase)).sum(1) / math.sqrt((size**2).sum() / 2)
    for t in (1.0, 2.0, 3.0):
        seen = np.mean(z >= t)
        assert seen <= math.exp(statistic.tail(t)) + 3 * math.sqrt(seen / len(z))


def test_a_joint_p_of_two_uniform_ones_is_uniform():
    rng = np.random.default_rng(5)
    pairs = np.log(rng.uniform(size=(40_000, 2)))
    p = np.exp([statistic.joint(a, b) for a, b in pairs])
    for level in (0.01, 0.1, 0.5):
        assert np.mean(p <= level) == pytest.approx(level, abs=4 * math.sqrt(level / len(p)))


def test_what_is_tried_is_paid_for():
    account = statistic.Account()
    account.open_stage()
    one = account.pilot(8, 1)
    account.open_stage()
    assert account.pilot(8, 1000) == pytest.approx(one + math.log(3 * 1000))
    account.attempts = 1
    first = account.payload(12, reading.WORDS)
    account.attempts = 5
    assert account.payload(12, reading.WORDS) == pytest.approx(first + math.log(15))
    assert account.log_payload == first


def test_a_mirrored_canvas_has_mirrored_coefficients():
    canvas = np.random.default_rng(6).standard_normal((256, 256)).astype(np.float32)
    straight = statistic.coefficients(np.ascontiguousarray(canvas[:, ::-1]))
    turned = statistic.flipped(statistic.coefficients(canvas))
    kx, _ = carriers.lattice()
    inner = kx > 8
    assert np.abs(straight - turned)[inner].max() < 0.35
    assert np.corrcoef(straight[inner].real, turned[inner].real)[0, 1] > 0.995


def test_memory_does_not_grow_with_length():
    timeline = front.Timeline()
    for i in range(1000):
        timeline.add(np.full((4, 6), float(i), np.float32))
    assert len(timeline.windows) <= front.MOST_WINDOWS
    assert timeline.length == 8
    assert timeline.mean() == pytest.approx(np.full((4, 6), 499.5), rel=1e-6)
    spans = list(timeline.stretches(12))
    assert (spans[0][0], spans[-1][1], len(spans)) == (0, 1000, 12)
