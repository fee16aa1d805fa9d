import numpy as np
import pytest

from wan_sdk.bench.marks_screen import CAMERA, filmed_off_a_screen


def filmed(clip, slant=0.0, seed=1):
    return filmed_off_a_screen(clip, slant, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def white():
    return np.full((9, 90, 160, 3), 230, np.uint8)


def test_a_camera_of_30_pictures_a_second_sees_the_screen_in_nine_tenths_of_its_width(white):
    frames = filmed(white)
    assert frames.shape == (16, *CAMERA[::-1], 3)
    lit = frames[8, CAMERA[1] // 2, :, 1] > 100
    assert lit.sum() == pytest.approx(0.9 * CAMERA[0], rel=0.01)


def test_a_slant_brings_its_corners_in(white):
    lit = [(filmed(white, slant)[8, ..., 1] > 100).mean() for slant in (0.0, 0.1)]
    assert lit[1] < 0.92 * lit[0]


def test_the_hand_shakes_and_the_sensor_is_noisy(white):
    frames = filmed(white).astype(int)
    inside = frames[:, 300:400, 600:700, 1]
    assert 1 < np.diff(inside, axis=0).std() < 12
    left = (frames[..., CAMERA[1] // 2, :, 1] > 100).argmax(-1)
    assert 0 < left.std() < 4


def test_colours_come_through_and_grow_warmer(white):
    seen = filmed(white)[8, 340:380, 620:660].reshape(-1, 3).mean(0)
    assert seen[0] > seen[1] > seen[2] > 150


def test_the_same_chance_gives_the_same_film(white):
    assert np.array_equal(filmed(white, 0.05), filmed(white, 0.05))
    assert not np.array_equal(filmed(white, 0.05), filmed(white, 0.05, seed=2))
