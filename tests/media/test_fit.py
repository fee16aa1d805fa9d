from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wan_sdk.errors import MediaError
from wan_sdk.media.fit import enlarge, fit, fit_inside, retime, retimed_indices
from wan_sdk.media.frames import Frames

from .conftest import moving_clip

sides = st.integers(1, 70)


@settings(max_examples=60, deadline=None)
@given(sides, sides, sides, sides)
def test_fit_always_gives_the_size_asked_for(width: int, height: int, to_width: int, to_height: int) -> None:
    grey = np.full((height, width, 3), 77, np.uint8)
    result = fit(grey, to_width, to_height)
    assert result.shape == (to_height, to_width, 3)
    assert (result == 77).all()


def test_fit_keeps_the_middle_and_its_proportions() -> None:
    picture = np.zeros((100, 300, 3), np.uint8)
    picture[:, 100:200] = 200
    assert (fit(picture, 50, 50) == 200).all()


def test_fit_returns_what_already_fits() -> None:
    picture = np.zeros((4, 6, 3), np.uint8)
    assert fit(picture, 6, 4) is picture


def test_a_clip_is_fitted_frame_by_frame() -> None:
    clip = moving_clip(4).pixels
    together = fit(clip, 40, 40)
    assert np.array_equal(together, np.stack([fit(picture, 40, 40) for picture in clip]))
    assert np.array_equal(enlarge(clip, 3)[:2], enlarge(clip[:2], 3))


@pytest.mark.parametrize("factor", [0, -1, 1.5])
def test_enlarging_takes_whole_factors(factor: float) -> None:
    with pytest.raises(MediaError, match="whole factor"):
        enlarge(np.zeros((4, 4, 3), np.uint8), factor)  # type: ignore[arg-type]


def test_enlarging_is_the_same_every_time() -> None:
    clip = moving_clip(3).pixels
    assert enlarge(clip, 1) is clip
    assert np.array_equal(enlarge(clip, 3), enlarge(clip.copy(), 3))


@given(st.integers(2, 500), st.integers(2, 500))
@settings(max_examples=40, deadline=None)
def test_fit_inside_stays_inside_and_even(width: int, height: int) -> None:
    result = fit_inside(np.zeros((height, width, 3), np.uint8), 426, 240)
    assert result.shape[0] <= 240
    assert result.shape[1] <= 426
    assert result.shape[0] % 2 == result.shape[1] % 2 == 0


@given(st.integers(1, 300), st.floats(1, 120), st.floats(1, 120))
def test_another_speed_keeps_length_order_and_the_first_frame(count: int, fps: float, to_fps: float) -> None:
    indices = retimed_indices(count, fps, to_fps)
    assert indices[0] == 0
    assert (np.diff(indices) >= 0).all()
    assert indices[-1] < count
    assert abs(len(indices) / to_fps - count / fps) <= max(0.5 / to_fps + 1e-9, 1 / to_fps if len(indices) == 1 else 0)


def test_retime() -> None:
    clip = moving_clip(12, fps=12)
    half = retime(clip, 6)
    assert (len(half), half.fps, half.seconds) == (6, 6, clip.seconds)
    assert np.array_equal(half.pixels, clip.pixels[::2])
    assert retime(clip, 12).pixels is clip.pixels
    with pytest.raises(MediaError):
        retime(clip, 0)


@pytest.mark.parametrize("bad", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((4, 4, 4), np.uint8)])
def test_only_8_bit_rgb_is_fitted(bad: np.ndarray) -> None:
    with pytest.raises(MediaError, match="expected uint8"):
        fit(bad, 2, 2)


def test_bad_sizes() -> None:
    with pytest.raises(MediaError, match="no size"):
        fit(np.zeros((4, 4, 3), np.uint8), 0, 4)
    assert len(retime(Frames(np.zeros((0, 2, 2, 3), np.uint8), 12), 24)) == 0
