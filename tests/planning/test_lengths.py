import pytest
from hypothesis import given
from hypothesis import strategies as st

from wan_sdk import models
from wan_sdk.errors import LengthNotSupported
from wan_sdk.planning.lengths import LEEWAY_SECONDS, at_size, frames_for, frames_within

MODELS = st.sampled_from(models.catalogue())


@pytest.mark.parametrize(
    ("model", "seconds", "frames"),
    [
        ("wan2.2-t2v-a14b", 5, 81),
        ("wan2.2-t2v-a14b", 2, 33),
        ("wan2.2-t2v-a14b", None, 81),
        ("wan2.2-t2v-a14b", 0.05, 5),
        ("wan2.2-t2v-a14b", 10.5, 161),
        ("wan2.2-ti2v-5b", 5, 121),
        ("wan2.2-ti2v-5b", 2, 49),
        ("nano", 2, 25),
        ("nano", 2.5, 25),
        ("nano", 1.6, 25),
        ("nano", None, 25),
        ("nano", 1, 13),
        ("nano", 1.5, 13),
        ("nano", 4, 49),
        ("nano", 4.5, 49),
    ],
)
def test_seconds_become_frames(model, seconds, frames):
    assert frames_for(seconds, models.get(model)) == frames


@pytest.mark.parametrize(
    ("model", "seconds"), [("nano", 3), ("nano", 0.5), ("nano", 5), ("wan2.2-t2v-a14b", 11), ("wan2.2-ti2v-5b", 60)]
)
def test_a_length_too_far_from_any_is_refused_with_the_nearest(model, seconds):
    with pytest.raises(LengthNotSupported) as caught:
        frames_for(seconds, models.get(model), where="Shot 'pier'")
    assert str(caught.value).startswith(f"Shot 'pier': seconds is {seconds}; {model} makes ")
    assert caught.value.hint.startswith("the nearest is ")
    assert ("shot.continuing()" in caught.value.hint) == (seconds > 4.1)


def test_the_lengths_of_training_are_named():
    with pytest.raises(LengthNotSupported, match=r"nano makes 1\.08, 2\.08 or 4\.08 s in one call"):
        frames_for(3, models.get("nano"))


@pytest.mark.parametrize("size", models.get("nano").sizes)
def test_a_size_of_one_length_refuses_the_others(size):
    nano = at_size(size, models.get("nano"))
    if size == (320, 192):
        assert nano == models.get("nano")
        return
    assert frames_for(2, nano) == 25
    with pytest.raises(LengthNotSupported, match=r"nano makes 2\.08 s at this size in one call"):
        frames_for(4, nano)
    with pytest.raises(LengthNotSupported):
        frames_within(24, nano)


@given(MODELS, st.floats(0.01, 3600))
def test_frames_are_always_legal_and_near(model, seconds):
    try:
        frames = frames_for(seconds, model)
    except LengthNotSupported:
        return
    smallest, largest = model.frames_allowed
    assert frames % 4 == 1
    assert smallest <= frames <= largest
    assert not model.frames_listed or frames in model.frames_listed
    assert abs(frames / model.fps - seconds) <= LEEWAY_SECONDS + 1e-9
    if not model.frames_listed and smallest <= seconds * model.fps <= largest:
        assert abs(frames - seconds * model.fps) <= 2 + 1e-9


@given(MODELS, st.integers(1, 10_000))
def test_a_clip_gives_the_most_frames_that_fit(model, available):
    try:
        frames = frames_within(available, model)
    except LengthNotSupported:
        assert available < model.frames_allowed[0]
        return
    assert frames % 4 == 1
    assert frames <= available
    assert model.frames_allowed[0] <= frames <= model.frames_allowed[1]
    if not model.frames_listed and available <= model.frames_allowed[1]:
        assert available - frames < 4
