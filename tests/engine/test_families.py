"""Every family through the engine, for each of its tasks."""

import numpy as np
import pytest
import torch
from diffusers import DiffusionPipeline, UniPCMultistepScheduler, WanVideoToVideoPipeline
from PIL import Image

from tests.engine import tiny
from tests.engine.stock import run_stock
from wan_sdk.engine.protocol import EngineInputs, StageDone, StageStarted, StepDone
from wan_sdk.engine.quiet import quiet
from wan_sdk.errors import EngineError


@pytest.mark.parametrize(("name", "task"), tiny.CASES)
def test_a_clip_comes_out(shared_engine, name, task):
    call = tiny.call(name, task)
    events = []
    latents = shared_engine.denoise(call, tiny.inputs(call), listen=events.append)

    factor = 16 if name == "ti2v" else 8
    assert latents.values.shape == (48 if name == "ti2v" else 16, 3, call.height // factor, call.width // factor)
    assert latents.values.dtype == np.float32
    assert np.isfinite(latents.values).all()
    assert latents.values.std() > 0.1
    assert (latents.dtype, latents.device, latents.model) == ("float32", "cpu", call.model)

    stages = [(type(event), event.stage) for event in events if not isinstance(event, StepDone)]
    assert stages == [(kind, stage) for stage in ("load", "text", "denoise") for kind in (StageStarted, StageDone)]
    assert list(latents.seconds) == ["load", "text", "denoise"]
    steps = [event for event in events if isinstance(event, StepDone)]
    assert [step.index for step in steps] == list(range(1, steps[0].total + 1))
    assert steps[-1].sigma == 0
    assert (steps[0].total == 4) == (task != "v2v")

    pieces = list(shared_engine.decode(call, latents.values))
    assert len(pieces[0]) == 1
    frames = np.concatenate(pieces)
    assert frames.shape == (9, call.height, call.width, 3)
    assert frames.dtype == np.uint8


@pytest.mark.parametrize(("name", "task"), tiny.CASES)
def test_a_seed_decides(shared_engine, name, task):
    call = tiny.call(name, task)
    first, again = (shared_engine.denoise(call, tiny.inputs(call)).values for _ in range(2))
    other = shared_engine.denoise(tiny.call(name, task, seed=8), tiny.inputs(call)).values
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1


@pytest.mark.parametrize(("name", "task"), [case for case in tiny.CASES if case[1] != "v2v"])
def test_equal_to_diffusers_own_call(shared_engine, tiny_models, name, task):
    call = tiny.call(name, task)
    inputs = tiny.inputs(call)
    stock = _stock(tiny_models[call.model].repo, task, name)
    expected = run_stock(stock, call, inputs)
    np.testing.assert_allclose(shared_engine.denoise(call, inputs).values, expected, atol=2e-5)


def test_video_to_video_equals_diffusers_own(shared_engine, tiny_models):
    steps, strength = 10, 0.5
    stock = DiffusionPipeline.from_pretrained(tiny_models["tiny-t2v"].repo)
    scheduler = UniPCMultistepScheduler.from_config(stock.scheduler.config)
    scheduler.set_timesteps(steps)
    sigma = float(scheduler.sigmas[steps - int(steps * strength)])  # where that share of the steps begins
    call = tiny.call("t2v", "v2v", num_inference_steps=steps, strength=sigma)
    inputs = tiny.inputs(call)

    with quiet():
        parts = {name: part for name, part in stock.components.items() if name != "transformer_2"}
        theirs = WanVideoToVideoPipeline(**parts)
        expected = (
            theirs(
                video=[Image.fromarray(frame) for frame in inputs.clip.pixels],
                prompt=call.prompt,
                negative_prompt=call.negative_prompt,
                height=call.height,
                width=call.width,
                num_inference_steps=steps,
                strength=strength,
                guidance_scale=call.guidance_scale,
                max_sequence_length=call.max_sequence_length,
                generator=torch.Generator("cpu").manual_seed(call.seed),
                output_type="latent",
            )
            .frames[0]
            .numpy()
        )
    np.testing.assert_allclose(shared_engine.denoise(call, inputs).values, expected, atol=2e-5)


def test_less_noise_stays_nearer_to_the_clip(shared_engine):
    call = tiny.call("t2v", "v2v", num_inference_steps=8)
    pixels = tiny.inputs(call).clip
    clean = shared_engine.denoise(tiny.call("t2v", "v2v", num_inference_steps=8, strength=0.01), tiny.inputs(call))
    distances = []
    for strength in (0.2, 0.5, 0.9):
        made = shared_engine.denoise(
            tiny.call("t2v", "v2v", num_inference_steps=8, strength=strength), EngineInputs(clip=pixels)
        )
        distances.append(np.abs(made.values - clean.values).mean())
    assert distances == sorted(distances)


@pytest.mark.parametrize("name", ["a14b-t2v", "a14b-i2v"])
def test_experts_share_the_steps_at_the_boundary(fresh_engine, name):
    task = tiny.FAMILIES[name].tasks[0]
    call = tiny.call(name, task, num_inference_steps=8)
    seen = {"high": [], "low": []}
    parts = fresh_engine._pool.parts(fresh_engine._checkpoint(fresh_engine._model(call.model)))
    for label, expert in zip(seen, parts.experts, strict=True):
        expert.register_forward_pre_hook(
            lambda _module, _args, kwargs, label=label: seen[label].append(float(kwargs["timestep"].flatten()[0])),
            with_kwargs=True,
        )
    fresh_engine.denoise(call, tiny.inputs(call))
    assert len(seen["high"]) + len(seen["low"]) == 16
    assert min(seen["high"]) >= call.boundary_ratio * 1000 > max(seen["low"])

    for calls in seen.values():
        calls.clear()
    gentle = tiny.call(name, "v2v", num_inference_steps=8, strength=0.3)
    fresh_engine.denoise(gentle, tiny.inputs(gentle))
    assert not seen["high"]
    assert seen["low"]


def test_no_guidance_no_second_pass(fresh_engine):
    call = tiny.call("t2v", "t2v", guidance_scale=1.0)
    passes = []
    parts = fresh_engine._pool.parts(fresh_engine._checkpoint(fresh_engine._model(call.model)))
    parts.experts[0].register_forward_hook(lambda *_: passes.append(1))
    fresh_engine.denoise(call, tiny.inputs(call))
    assert len(passes) == call.num_inference_steps


@pytest.mark.parametrize("name", ["a14b-i2v", "ti2v"])
def test_the_given_frame_matters(shared_engine, name):
    call = tiny.call(name, "i2v")
    given = tiny.inputs(call)
    other = EngineInputs(first_frame=255 - given.first_frame)
    difference = shared_engine.denoise(call, given).values - shared_engine.denoise(call, other).values
    assert np.abs(difference).max() > 1e-3


@pytest.mark.parametrize(
    ("name", "task", "inputs", "field"),
    [
        ("a14b-i2v", "i2v", EngineInputs(), "first_frame"),
        ("a14b-i2v", "flf2v", EngineInputs(first_frame=np.zeros((32, 48, 3), np.uint8)), "last_frame"),
        ("a14b-i2v", "i2v", EngineInputs(first_frame=np.zeros((48, 32, 3), np.uint8)), "first_frame"),
        ("a14b-i2v", "i2v", EngineInputs(first_frame=np.zeros((32, 48, 3))), "first_frame"),
        ("t2v", "v2v", EngineInputs(), "clip"),
    ],
)
def test_missing_pictures_are_named(shared_engine, name, task, inputs, field):
    with pytest.raises(EngineError) as caught:
        shared_engine.denoise(tiny.call(name, task), inputs)
    assert caught.value.where == field


def test_a_task_of_another_family_is_refused_before_anything_is_loaded(fresh_engine):
    with pytest.raises(EngineError, match="can't do 'i2v' with it, but t2v, v2v"):
        fresh_engine.denoise(tiny.call("t2v", "i2v"), EngineInputs())
    assert not fresh_engine._pool._parts


def _stock(folder: str, task: str, name: str) -> DiffusionPipeline:
    from diffusers import WanImageToVideoPipeline

    with quiet():
        pipeline = DiffusionPipeline.from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    if task == "i2v" and name == "ti2v":
        return WanImageToVideoPipeline(**pipeline.components, expand_timesteps=True)
    return pipeline
