"""A style is undone so far that what is left resembles the same clip without it."""

import numpy as np
import pytest

from wan_sdk.nano.ruler.paper import undone
from wan_sdk.nano.ruler.points import sized_gray
from wan_sdk.nano.world import build, render, sample


def gray(style, seed=3):
    fixed = {"place": "meadow", "time": "day", "weather": "clear", "subject": "cat", "camera": "pan", "companion": None}
    scene = build(sample(np.random.default_rng(seed), 1, style=style, **fixed), 5, fps=12)
    pictures = render(scene, 96, 160)[0]
    return sized_gray(((pictures + 1) * 127.5).round().byte().permute(1, 2, 3, 0).numpy())


def unlikeness(one, other):
    """Mean difference of the slopes, which is what the ruler looks at."""
    return np.abs(np.diff(one, axis=2) - np.diff(other, axis=2)).mean()


@pytest.mark.parametrize("style", ["watercolour", "pencil", "vintage"])
def test_one_of_the_clips_without_a_style_is_nearly_the_plain_one(style):
    plain, styled = gray("plain"), gray(style)
    found = undone(styled)
    assert all(each.shape == styled.shape for each in found)
    least = min(unlikeness(each, plain) for each in found)
    assert least < 0.7 * unlikeness(styled, plain)


def test_hatching_leaves_no_doubt_and_dark_clips_have_no_style():
    assert len(undone(gray("pencil"))) == 1
    dark = np.random.default_rng(0).uniform(0, 1, (3, 96, 160)).astype(np.float32)
    assert undone(dark)[0] is dark
    assert len(undone(dark)) == 1


def test_a_black_pixel_does_not_hide_hatching():
    drawn = gray("pencil")
    drawn[:, 40, 60] = 0
    (found,) = undone(drawn)
    assert np.isfinite(found).all()
    assert unlikeness(found, gray("plain")) < 0.7 * unlikeness(drawn, gray("plain"))
