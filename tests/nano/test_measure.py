"""The ruler reads from pixels what the world knows to be so."""

import math

import cv2
import numpy as np
import pytest

from wan_sdk.media.frames import Frames
from wan_sdk.nano.attributes import COLOURS
from wan_sdk.nano.measure import Measurement, drift, measure, psnr
from wan_sdk.nano.world import build, render, sample
from wan_sdk.spec.camera_moves import InTurn, Move, Together


def clip(camera, seed=1, frames=13, fps=6, **fixed):
    usual = {"place": "meadow", "time": "day", "weather": "clear", "style": "plain", "subject": "cat", "size": "medium"}
    fixed = usual | {"motion": "still", "companion": None, "colour": "red"} | fixed
    scene = build(sample(np.random.default_rng(seed), 1, camera=camera, **fixed), frames, fps=fps)
    pictures = render(scene, 96, 160)[0]
    return Frames(((pictures + 1) * 127.5).round().byte().permute(1, 2, 3, 0).numpy(), fps=fps)


@pytest.mark.parametrize(
    ("kind", "amount"),
    [
        *(("pan", 20.0), ("pan", -12.0), ("tilt", 12.0), ("roll", -20.0), ("zoom", 1.5), ("zoom", 0.7)),
        *(("truck", 0.3), ("pedestal", 0.3), ("dolly", 0.3), ("orbit", 25.0)),
    ],
)
def test_kind_way_and_amount_of_a_move_are_read(kind, amount):
    read = measure(clip(Move(kind, amount))).amounts
    assert set(read) == {kind}
    if kind == "zoom":
        assert math.log(read[kind]) == pytest.approx(math.log(amount), rel=0.1)
    else:
        assert read[kind] == pytest.approx(amount, rel=0.15)


def test_a_still_camera_is_still_even_if_the_subject_moves():
    for motion in ("still", "right"):
        read = measure(clip(Move("static", 0), motion=motion))
        assert read.words == "the camera holds still"
        assert read.amounts == {}
        assert read.drift < 0.003


@pytest.mark.parametrize(
    "shown",
    [
        {"weather": "rain", "motion": "right"},
        {"weather": "snowing", "motion": "up"},
        {"place": "sea", "motion": "left"},
        {"place": "moon", "motion": "right"},
    ],
)
def test_what_moves_by_itself_is_no_drift(shown):
    assert drift(clip(Move("static", 0), frames=25, fps=12, **shown)) < 0.001


@pytest.mark.parametrize(
    ("kind", "amount"), [("zoom", 1.1), ("dolly", 0.07), ("roll", -5.0), ("truck", 0.07), ("pedestal", 0.06)]
)
def test_the_slowest_moves_drift(kind, amount):
    assert 0.0025 < drift(clip(Move(kind, amount), frames=25, fps=12, weather="cloudy")) < 0.008


@pytest.mark.parametrize("step", [0.002, 0.005])
def test_a_small_drift_of_a_rainy_clip_is_read_as_it_is(step):
    still = clip(Move("static", 0), frames=25, fps=12, weather="rain")
    aside = [np.float32([[1, 0, step * still.height * t], [0, 1, 0]]) for t in range(len(still.pixels))]
    moved = [
        cv2.warpAffine(picture, move, (still.width, still.height), borderMode=cv2.BORDER_REPLICATE)
        for picture, move in zip(still.pixels, aside, strict=True)
    ]
    assert drift(still.with_pixels(np.stack(moved))) == pytest.approx(step, rel=0.35)


@pytest.mark.parametrize("style", ["watercolour", "vintage", "pencil"])
def test_a_style_that_stays_with_the_picture_does_not_hide_a_move(style):
    read = measure(clip(Move("truck", 0.3), style=style)).amounts
    assert set(read) == {"truck"}
    assert read["truck"] == pytest.approx(0.3, rel=0.15)


def test_waves_are_not_taken_for_a_move():
    read = measure(clip(Move("tilt", 12.0), place="sea", frames=25)).amounts
    assert set(read) == {"tilt"}
    assert read["tilt"] == pytest.approx(12, rel=0.1)


@pytest.mark.parametrize(("kind", "amount"), [("dolly", -0.3), ("pedestal", 0.15)])
def test_waves_tell_how_far_a_camera_went(kind, amount):
    read = measure(clip(Move(kind, amount), place="sea", frames=25, fps=12)).amounts
    assert set(read) == {kind}
    assert read[kind] == pytest.approx(amount, rel=0.1)


@pytest.mark.parametrize(("kind", "amount"), [("dolly", 0.3), ("zoom", 1.2)])
def test_going_toward_a_wall_is_told_from_a_zoom(kind, amount):
    read = measure(clip(Move(kind, amount), seed=2, place="room")).amounts
    assert set(read) == {kind}
    assert read[kind] == pytest.approx(amount, rel=0.1)


def test_an_enlarged_clip_measures_as_the_clip():
    small = clip(Move("orbit", 25.0))
    large = small.with_pixels(np.stack([cv2.resize(each, None, fx=3, fy=3) for each in small.pixels]))
    assert measure(large).amounts["orbit"] == pytest.approx(measure(small).amounts["orbit"], rel=0.05)


def test_two_moves_are_told_apart():
    read = measure(clip(Together((Move("pan", 20.0), Move("zoom", 1.5))), frames=25))
    assert isinstance(read.camera, Together)
    assert read.amounts["pan"] == pytest.approx(20, rel=0.15)
    read = measure(clip(InTurn((Move("tilt", 12.0), Move("pan", 20.0)), (0.5, 0.5)), frames=25))
    assert isinstance(read.camera, InTurn)
    assert [move.kind for move in read.camera.parts] == ["tilt", "pan"]


def test_colours_are_read_or_left_unread():
    right = wrong = 0
    for seed, colour in enumerate(COLOURS):
        read = measure_colour(clip(Move("static", 0), seed, frames=2, colour=colour, subject="ball"))
        right += read == colour
        wrong += read not in (colour, None)
    assert right >= 9
    assert wrong <= 2


def measure_colour(frames):
    return measure(frames).colour


def test_flicker_seam_and_first_frame_are_measured():
    frames = clip(Move("static", 0), motion="still")
    even = measure(frames, first_frame=frames.pixels[0])
    pixels = frames.pixels.copy()
    pixels[1::2] = np.clip(pixels[1::2].astype(int) + 12, 0, 255)
    flickering = measure(frames.with_pixels(pixels))
    assert even.first_frame_db == math.inf
    assert even.flicker < 1 < 10 < flickering.flicker
    pixels = frames.pixels.copy()
    pixels[7:] = pixels[7:, ::-1]
    assert measure(frames.with_pixels(pixels)).seam > 5


def test_psnr_is_that_of_the_textbook():
    assert psnr(np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 255, np.uint8)) == 0


@pytest.mark.parametrize("shape", [(2, 96, 160, 3), (5, 256, 64, 3), (1, 32, 32, 3)])
def test_clips_without_anything_to_see_are_still(shape):
    read = measure(Frames(np.full(shape, 120, np.uint8), fps=12))
    assert isinstance(read, Measurement)
    assert read.amounts == {}
    assert read.colour is None


def test_noise_is_measured_without_complaint():
    noise = np.random.default_rng(0).integers(0, 256, (5, 64, 96, 3), dtype=np.uint8)
    assert measure(Frames(noise, fps=24)).flicker >= 0
