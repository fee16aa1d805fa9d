"""The same engine on a CUDA device."""

import numpy as np
import pytest
import torch

from tests.engine import tiny
from tests.engine.test_nano import RED
from wan_sdk import models
from wan_sdk.engine.local import LocalEngine
from wan_sdk.engine.protocol import EngineInputs, StepDone
from wan_sdk.errors import OutOfMemory

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize(("name", "task"), tiny.CASES)
def test_every_family_agrees_with_the_processor(tiny_models, shared_engine, name, task):
    engine = LocalEngine(tiny_models, dtype="float32", device="cuda:0")
    call = tiny.call(name, task)
    steps = []
    latents = engine.denoise(
        call, tiny.inputs(call), listen=lambda event: steps.append(event) if isinstance(event, StepDone) else None
    )
    assert latents.device == "cuda:0"
    expected = shared_engine.denoise(call, tiny.inputs(call)).values
    assert np.abs(latents.values - expected).mean() < 0.02
    assert steps[-1].preview().dtype == np.uint8
    assert np.concatenate(list(engine.decode(call, latents.values))).shape == (9, call.height, call.width, 3)


def test_nano_in_bfloat16_and_the_memory_comes_back():
    before = torch.cuda.memory_allocated()
    engine = LocalEngine(models.get)
    latents = engine.denoise(RED, EngineInputs())
    assert (latents.device, latents.dtype) == ("cuda:0", "bfloat16")
    on_gpu = np.concatenate(list(engine.decode(RED, latents.values)))
    on_cpu = np.concatenate(list(LocalEngine(models.get, device="cpu").decode(RED, latents.values)))
    assert np.abs(on_gpu.astype(int) - on_cpu).mean() < 1
    engine.unload()
    assert torch.cuda.memory_allocated() - before < 20e6


def test_a_full_device_is_told_with_numbers_and_can_be_used_again():
    engine = LocalEngine(models.get)
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(1e-4)  # a few megabytes
    try:
        with pytest.raises(OutOfMemory, match="iB asked for"):
            engine.denoise(RED, EngineInputs())
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert engine.denoise(RED, EngineInputs()).values.std() > 0.1
