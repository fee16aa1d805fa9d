"""Previews: the map from latents to colours, and what is seen after each step."""

import numpy as np
import pytest
import torch

from tests.engine import tiny
from wan_sdk import models
from wan_sdk.engine import checkpoint
from wan_sdk.engine.decode import decode_frames, encode_frames
from wan_sdk.engine.preview import LatentColours, fit_colours
from wan_sdk.engine.protocol import EngineInputs, StepDone


@pytest.fixture(scope="module")
def nano_vae():
    from diffusers import AutoencoderKLWan

    folder = checkpoint.find(models.get("nano")).folder
    return AutoencoderKLWan.from_pretrained(folder / "vae", dtype=torch.float32).eval()


def test_the_map_is_linear_and_clipped():
    colours = LatentColours(np.float32([[1, 0, 0], [0, -1, 0]]), np.float32([0, 0.5, 0.25]))
    latents = torch.tensor([0.5, 2.0]).view(2, 1, 1, 1).expand(2, 3, 2, 4)
    painted = colours.paint(latents)
    assert painted.shape == (3, 2, 4, 3)
    np.testing.assert_array_equal(painted[0, 0, 0], [128, 0, 64])


def test_a_preview_looks_like_the_clip(nano_vae):
    clip = tiny.sliding_square(9, 96, 160)
    latents = encode_frames(nano_vae, clip)
    seen = fit_colours(nano_vae).paint(latents).astype(float)
    decoded = np.concatenate(list(decode_frames(nano_vae, latents)))[::4]
    small = decoded.reshape(3, 12, 8, 20, 8, 3).mean((2, 4))
    assert seen.shape == small.shape
    assert np.abs(seen - small).mean() < 16
    for channel in range(3):
        assert np.corrcoef(seen[..., channel].ravel(), small[..., channel].ravel())[0, 1] > 0.9


@pytest.mark.parametrize("sampler", ["unipc", "euler", "dpm1"])
@pytest.mark.parametrize(("name", "task"), [("t2v", "t2v"), ("ti2v", "i2v"), ("a14b-t2v", "v2v")])
def test_the_last_preview_is_of_the_result(shared_engine, name, task, sampler):
    call = tiny.call(name, task, sampler=sampler)
    steps = []
    result = shared_engine.denoise(
        call, tiny.inputs(call), listen=lambda event: steps.append(event) if isinstance(event, StepDone) else None
    )
    parts = shared_engine._pool.parts(shared_engine._checkpoint(shared_engine._model(call.model)))
    expected = shared_engine._pool.colours(parts).paint(torch.from_numpy(result.values)).astype(int)
    seen = steps[-1].preview()
    assert seen.shape == (3, *result.values.shape[-2:], 3)
    assert np.abs(seen - expected).max() <= 1
    if task == "i2v":  # the given frame is shown from the first step on
        assert np.abs(steps[0].preview()[0] - expected[0]).max() <= 1


def test_previews_can_be_looked_at_later_and_never(fresh_engine):
    call = tiny.call("t2v", "t2v")
    steps = []
    fresh_engine.denoise(
        call, EngineInputs(), listen=lambda event: steps.append(event) if isinstance(event, StepDone) else None
    )
    assert not fresh_engine._pool._colours  # nothing was fitted for pictures nobody looked at
    first, last = steps[0].preview(), steps[-1].preview()
    assert np.abs(first.astype(int) - last).max() > 0
