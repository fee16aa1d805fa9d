"""The x-ray of nano: what a lesson shows must be there in the model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.studio_fixtures import SMALL
from wan_sdk.errors import EngineError, UsageError
from wan_sdk.marking.verify import verify
from wan_sdk.notebook import xray, xray_draw
from wan_sdk.notebook.picture import Picture
from wan_sdk.notebook.xray import Xray
from wan_sdk.spec import Reference, Shot
from wan_sdk.studio import Studio

from .conftest import moving
from .markup import read

BALL = Shot("a large red ball rolls over green grass", seconds=2, steps=6, seed=1, size=SMALL)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return Studio("nano", gallery=tmp_path_factory.mktemp("takes"))


@pytest.fixture(scope="module")
def trace(studio: Studio) -> Xray:
    return xray.look(BALL, words=["ball", "grass"], studio=studio)


def shown(picture: Picture) -> str:
    page = read(picture._repr_mimebundle_()["text/html"])
    assert page.all("img")[0]["alt"]
    return page.text


def test_every_side_of_a_run_can_be_drawn(trace: Xray) -> None:
    for draw in (trace.strip, trace.noise, trace.schedule, trace.guidance, trace.experts):
        assert shown(draw())
    assert "'ball'" in shown(trace.attention("ball"))
    assert "One expert makes all 6 steps" in shown(trace.experts())
    assert repr(trace) == "Xray of nano, 6 steps, seed 1; listened for ball, grass"


def test_noise_becomes_a_clip(trace: Xray) -> None:
    """Neighbouring frames are alike in a clip and unlike in noise."""

    def unlike(frames: np.ndarray) -> float:
        return float(np.abs(np.diff(frames.astype(int), axis=0)).mean())

    steps = trace.inside.steps
    assert unlike(steps[0].noisy) > 1.5 * unlike(steps[-1].clean)


def test_the_ball_is_where_the_picture_listens_to_it(trace: Xray) -> None:
    """The reddest places are where "ball" is heard more than elsewhere."""
    step = trace.inside.steps[-1]
    colours = step.clean.astype(float).reshape(7, 6, 2, 10, 2, 3).mean((2, 4))
    redness = colours[..., 0] - colours[..., 1:].mean(-1)
    heard = step.attention[0]
    inside = redness > np.quantile(redness, 0.9)
    assert heard[inside].mean() > 1.5 * heard[~inside].mean()


def test_pictures_of_generated_frames_are_signed(trace: Xray, tmp_path: Path) -> None:
    saved = trace.strip().save(tmp_path / "strip.png")
    assert verify(saved).state == "TRUSTED"


def test_a_word_that_was_not_listened_for(trace: Xray, studio: Studio) -> None:
    with pytest.raises(UsageError, match="was not listened for") as caught:
        trace.attention("sky")
    assert "words=['sky']" in (caught.value.hint or "")
    with pytest.raises(EngineError, match="not in the prompt"):
        xray.look(BALL, words=["sky"], studio=studio)


def test_shots_from_pictures_are_refused(studio: Studio) -> None:
    picture = Reference.image(np.zeros((96, 160, 3), np.uint8), role="first_frame")
    with pytest.raises(UsageError, match="text alone"):
        xray.look(BALL.with_reference(picture), studio=studio)


def test_schedules_need_no_weights() -> None:
    picture = xray.schedule("wan2.2-t2v-a14b", shifts=[1, 12])
    assert "expert of high noise" in shown(picture)
    assert len(picture.table) == 1 + 41


def test_a_run_counts_its_steps_as_the_schedule_does(studio: Studio) -> None:
    """The second of two steps begins just above half noise, which rounds to half."""
    run = xray.look(replace(BALL, steps=2, shift=1.0), studio=studio).schedule()
    plain = xray.schedule("nano", steps=2, shifts=[1.0])
    assert run.words == plain.words == "Steps above half noise, shift 1: 2 of 2"
    assert run.table == plain.table


def test_what_the_vae_loses(studio: Studio) -> None:
    words = xray.vae(moving(10, 320, 192, 0), studio=studio).words
    assert float(words.split(" dB")[0]) > 15
    assert "36 times fewer" in words


@pytest.mark.parametrize(
    ("height", "width", "native"), [(384, 640, (320, 192)), (640, 384, (192, 320)), (480, 480, (240, 240))]
)
def test_the_vae_gets_a_clip_in_the_size_of_its_shape(studio: Studio, height: int, width: int, native) -> None:
    pixels = np.zeros((5, height, width, 3), np.uint8)
    assert xray._native_size(pixels, pixels, studio.catalogue["nano"]) == native


def test_one_call_sweeps_a_knob(studio: Studio) -> None:
    sheet = xray.step_counts(BALL, [1, 2], studio=studio)
    assert "steps 1; steps 2" in sheet.words
    assert sheet.path.exists()


def test_heat_is_bright_where_values_are_high() -> None:
    values = np.zeros((1, 2, 2), np.float32)
    values[0, 0, 0] = 1
    (drawn,) = xray_draw.heat(np.zeros((1, 8, 8, 3), np.uint8), values, height=64)
    assert drawn[8, 8].sum() > 3 * drawn[56, 56].sum()
