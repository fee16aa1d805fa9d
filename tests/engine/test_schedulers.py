"""Noise schedules: the shift is what was said, and a late start is a part of the same schedule."""

import numpy as np
import pytest
import torch
from diffusers import UniPCMultistepScheduler

from wan_sdk.engine.schedulers import SAMPLERS, CleanPrediction, first_sigma, make_scheduler
from wan_sdk.errors import EngineError

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of DPM++


def test_unipc_is_that_of_the_authors_recipe():
    ours = make_scheduler("unipc", 5.0)
    theirs = UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=5.0)
    ours.set_timesteps(40), theirs.set_timesteps(40)
    torch.testing.assert_close(ours.sigmas, theirs.sigmas)
    torch.testing.assert_close(ours.timesteps, theirs.timesteps)


def test_euler_is_shifted_once():
    scheduler = make_scheduler("euler", 5.0)
    scheduler.set_timesteps(4)
    np.testing.assert_allclose(scheduler.timesteps, [1000, 937.5, 833.333, 625], atol=1e-2)


def test_the_distilled_nodes_of_dpm():
    scheduler = make_scheduler("dpm1", 3.0)
    scheduler.set_timesteps(4)
    np.testing.assert_allclose(scheduler.sigmas, [0.9997, 0.8996, 0.7496, 0.4997, 0], atol=2e-4)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("strength", [0.05, 0.4, 0.93, 1.0])
def test_a_late_start_is_the_end_of_the_same_schedule(sampler, strength):
    whole, late = make_scheduler(sampler, 3.0), make_scheduler(sampler, 3.0, start_sigma=strength)
    whole.set_timesteps(20), late.set_timesteps(20)
    count = len(late.timesteps)
    assert 1 <= count <= 20
    torch.testing.assert_close(late.sigmas, whole.sigmas[-count - 1 :])
    nearest = (whole.sigmas[:-1] - strength).abs().min()
    assert abs(first_sigma(late, 20) - strength) == pytest.approx(float(nearest), abs=1e-6)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_walks_from_noise_to_the_picture(sampler):
    """A model that always points from the one true picture to the noise leads there, and x_0 is it at every step."""
    generator = torch.Generator().manual_seed(0)
    picture, noise = (torch.randn(1, 4, 2, 3, 3, generator=generator) for _ in range(2))
    scheduler = make_scheduler(sampler, 3.0)
    scheduler.set_timesteps(6)
    scheduler.set_begin_index(0)
    latents = noise
    clean = CleanPrediction(scheduler, latents)
    for index, timestep in enumerate(scheduler.timesteps):
        sigma = scheduler.sigmas[index]
        velocity = (latents - picture) / sigma
        latents = scheduler.step(velocity, timestep, latents, return_dict=False)[0]
        torch.testing.assert_close(clean.after_step(index, latents), picture, atol=1e-4, rtol=0)
    torch.testing.assert_close(latents, picture, atol=1e-4, rtol=0)


def test_an_unknown_sampler_is_refused_with_the_nearest():
    with pytest.raises(EngineError, match="unipc, euler, dpm1") as caught:
        make_scheduler("unipcc", 3.0)
    assert caught.value.hint == "did you mean 'unipc'?"
