"""The model in the package, through the engine: its pictures follow its words, and stock pipelines load it."""

import dataclasses

import numpy as np
import pytest
import torch
from diffusers import WanPipeline

from tests.engine.stock import run_stock
from tests.nano.judged import told_by
from wan_sdk import models
from wan_sdk.engine import checkpoint
from wan_sdk.engine.local import LocalEngine
from wan_sdk.engine.protocol import EngineInputs
from wan_sdk.media.frames import Frames
from wan_sdk.nano.evaluation.score import Expected
from wan_sdk.planning import Machine, resolve
from wan_sdk.planning.call import Call
from wan_sdk.spec import Shot

LAPTOP = Machine("cpu", "laptop", memory_gb=16, tflops=0.13)

RED = Call(
    shot=0,
    model="nano",
    task="t2v",
    prompt="a large red ball on the beach",
    negative_prompt="",
    width=160,
    height=96,
    num_frames=25,
    fps=12.0,
    num_inference_steps=12,
    guidance_scale=3.0,
    guidance_scale_2=None,
    flow_shift=3.0,
    boundary_ratio=None,
    sampler="unipc",
    max_sequence_length=64,
    seed=7,
)


@pytest.fixture(scope="module")
def engine():
    return LocalEngine(models.get, device="cpu")


@pytest.fixture(scope="module")
def red_clip(engine):
    return rendered(engine, RED, EngineInputs())


def rendered(engine, call, inputs):
    return np.concatenate(list(engine.decode(call, engine.denoise(call, inputs).values)))


def redness(frames):
    return frames[..., 0].astype(float) - frames[..., 2]


def test_text_decides_the_picture(engine, red_clip):
    assert red_clip.shape == (25, 96, 160, 3)
    assert red_clip.std() > 20
    blue = dataclasses.replace(RED, prompt="a large blue ball on the beach", num_inference_steps=6)
    assert (
        np.percentile(redness(red_clip), 97) > np.percentile(redness(rendered(engine, blue, EngineInputs())), 97) + 30
    )


def test_a_clip_starts_on_the_given_picture(engine, red_clip):
    call = dataclasses.replace(RED, task="i2v", seed=8, num_inference_steps=4)
    clip = rendered(engine, call, EngineInputs(first_frame=red_clip[0]))
    error = np.mean((clip[0].astype(float) - red_clip[0]) ** 2)
    assert 10 * np.log10(255**2 / error) > 25


def test_restyling_keeps_the_layout(engine, red_clip):
    call = dataclasses.replace(
        RED, task="v2v", strength=0.5, num_inference_steps=8, prompt="a large red ball on the beach, pencil drawing"
    )
    clip = rendered(engine, call, EngineInputs(clip=Frames(red_clip, 12.0)))
    small = [each.reshape(25, 12, 8, 20, 8, 3).mean((2, 4, 5)).ravel() for each in (clip, red_clip)]
    assert np.corrcoef(*small)[0, 1] > 0.6
    assert np.abs(clip.astype(float) - red_clip).mean() > 3


DRAFTS = {
    "a red ball on the beach": Expected("ball", "red", place="beach"),
    "a green turtle in the desert, the camera pans 20 degrees to the right": Expected(
        "turtle", "green", place="desert", moves=("pan right",)
    ),
    "a yellow house in the snow at night": Expected("house", "yellow", place="snow", time="night"),
}


def test_drafts_at_the_native_size_read_right(engine):
    calls = [
        resolve(Shot(prompt, seed=3), catalogue=models.catalogue(), machine=LAPTOP, probes={}, tier="draft").calls[0]
        for prompt in DRAFTS
    ]
    assert {(call.transformer, call.width, call.height) for call in calls} == {("transformer_4step", 320, 192)}
    native = [dataclasses.replace(call, enlarge=1, enlarged_by=None) for call in calls]
    clips = np.stack([rendered(engine, call, EngineInputs()) for call in native])
    told = told_by(torch.from_numpy(clips).permute(0, 4, 1, 2, 3), DRAFTS.values())
    assert len(told) >= 10
    assert sum(told) >= len(told) - 1


def test_the_stock_pipeline_loads_the_shipped_folder_and_makes_the_same_clip(engine):
    pipeline = WanPipeline.from_pretrained(checkpoint.find(models.get("nano")).folder, dtype=torch.float32)
    assert pipeline.transformer.config.num_layers == models.get("nano").network.layers
    own = LocalEngine(models.get, device="cpu", dtype="float32")
    call = dataclasses.replace(RED, num_inference_steps=2, num_frames=13)
    ours = own.denoise(call, EngineInputs()).values
    np.testing.assert_allclose(ours, run_stock(pipeline, call, EngineInputs()), atol=1e-4)
