"""What is shared, what is remembered, and that nothing shared is ever changed."""

import warnings

import diffusers
import numpy as np
import pytest
import torch

from tests.engine import tiny
from wan_sdk import models
from wan_sdk.engine import machine
from wan_sdk.engine.local import LocalEngine
from wan_sdk.engine.protocol import EngineInputs
from wan_sdk.engine.quiet import quiet
from wan_sdk.errors import EngineError, OutOfMemory
from wan_sdk.planning import Machine, resolve
from wan_sdk.spec import Shot, Size


def parts_of(engine, name):
    return engine._pool.parts(engine._checkpoint(engine._model(f"tiny-{name}")))


def test_equal_files_are_loaded_once(shared_engine):
    first, second, other = (parts_of(shared_engine, name) for name in ("t2v", "a14b-i2v", "ti2v"))
    assert first.components["text_encoder"] is second.components["text_encoder"] is other.components["text_encoder"]
    assert first.vae is second.vae
    assert first.vae is not other.vae
    assert first.experts[0] is not second.experts[0]
    assert second.experts[0] is not second.experts[1]


def test_a_student_shares_everything_but_the_transformer():
    engine = LocalEngine(models.get, dtype="float32", device="cpu")
    found = engine._checkpoint(models.get("nano"))
    teacher, student = (
        engine._pool.parts(found, transformer=folder) for folder in ("transformer", models.get("nano").draft.folder)
    )
    assert teacher.vae is student.vae
    assert teacher.components["text_encoder"] is student.components["text_encoder"]
    assert teacher.components.keys() == student.components.keys()


def test_nanos_vae_runs_in_the_engines_own_type_and_its_frames_can_not_be_told_apart():
    latents = np.random.default_rng(3).standard_normal((16, 3, 12, 20)).astype(np.float32)
    clips = []
    for dtype in ("float32", "bfloat16"):
        engine = LocalEngine(models.get, dtype=dtype, device="cpu")
        call = resolve(
            Shot("a boat", size=Size(160, 96)),
            catalogue=models.catalogue(),
            machine=Machine("cpu", "laptop", 16, 0.2),
            probes={},
        ).calls[0]
        clips.append(np.concatenate(list(engine.decode(call, latents))).astype(float))
        assert engine._pool.vae(engine._checkpoint(models.get("nano"))).dtype == getattr(torch, dtype)
    assert 10 * np.log10(255**2 / np.mean((clips[0] - clips[1]) ** 2)) > 45


def test_a_call_leaves_the_weights_as_they_were(tiny_models):
    engine = LocalEngine(tiny_models, dtype="bfloat16", device="cpu")
    parts = parts_of(engine, "ti2v")
    before = {
        f"{part}.{name}": (value.dtype, value.clone())
        for part in ("transformer", "vae", "text_encoder")
        for name, value in parts.components[part].state_dict().items()
    }
    for task in ("t2v", "i2v", "v2v"):
        call = tiny.call("ti2v", task)
        latents = engine.denoise(call, tiny.inputs(call))
        assert latents.dtype == "bfloat16"
        list(engine.decode(call, latents.values))
    for part in ("transformer", "vae", "text_encoder"):
        for name, value in parts.components[part].state_dict().items():
            dtype, old = before[f"{part}.{name}"]
            assert value.dtype == dtype
            torch.testing.assert_close(value, old, atol=0, rtol=0)
    assert parts.vae.dtype == torch.float32
    assert parts.experts[0].dtype == torch.bfloat16
    kept = parts.experts[0].condition_embedder.time_embedder.linear_1.weight
    assert kept.dtype == torch.float32


def test_a_text_is_embedded_once(fresh_engine):
    call = tiny.call("t2v", "t2v", num_inference_steps=1)
    passes = []
    parts_of(fresh_engine, "t2v").components["text_encoder"].register_forward_hook(lambda *_: passes.append(1))
    for _ in range(2):
        fresh_engine.denoise(call, EngineInputs())
    assert len(passes) == 2  # the prompt and the negative prompt
    fresh_engine.denoise(tiny.call("t2v", "t2v", num_inference_steps=1, prompt="a blue boat"), EngineInputs())
    assert len(passes) == 3


def test_unload_forgets_everything_and_the_next_call_loads_again(fresh_engine):
    call = tiny.call("t2v", "t2v")
    before = fresh_engine.denoise(call, EngineInputs())
    fresh_engine.unload()
    assert not fresh_engine._pool._parts
    assert not fresh_engine._pool._prompts
    np.testing.assert_array_equal(fresh_engine.denoise(call, EngineInputs()).values, before.values)


def test_decoding_loads_the_vae_alone(fresh_engine):
    list(fresh_engine.decode(tiny.call("t2v", "t2v"), np.zeros((16, 1, 4, 6), np.float32)))
    assert [key.partition(":")[0] for key in fresh_engine._pool._parts] == ["vae"]


def test_another_model_makes_room_when_both_do_not_fit(fresh_engine, monkeypatch):
    parts_of(fresh_engine, "t2v")
    monkeypatch.setattr(machine, "free_memory", lambda: 1000)
    second = parts_of(fresh_engine, "a14b-t2v")
    assert set(fresh_engine._pool._parts) == set(second.keys.values())


def test_running_out_of_memory_says_how_much(shared_engine, monkeypatch):
    call = tiny.call("t2v", "t2v")

    def full(*_args, **_options):
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes.")

    monkeypatch.setattr(parts_of(shared_engine, "t2v").experts[0], "forward", full)
    with pytest.raises(
        OutOfMemory, match=r"cpu ran full at 48x32, 9 frames: 99 bytes asked for, \d+\.\d GB free"
    ) as caught:
        shared_engine.denoise(call, EngineInputs())
    assert "smaller" in caught.value.hint


def test_a_failure_inside_the_model_is_told_in_our_words(shared_engine, monkeypatch):
    def broken(*_args, **_options):
        raise RuntimeError("shapes do not match\nand ten lines of C++")

    monkeypatch.setattr(parts_of(shared_engine, "t2v").experts[0], "forward", broken)
    with pytest.raises(EngineError, match=r"the model failed: shapes do not match$"):
        shared_engine.denoise(tiny.call("t2v", "t2v"), EngineInputs())


def test_the_libraries_are_quiet_for_us_and_talk_again_after(capsys):
    level = diffusers.utils.logging.get_verbosity()
    filters = list(warnings.filters)
    with quiet(), quiet():
        diffusers.utils.logging.get_logger("diffusers.anything").warning("a long story")
        assert not diffusers.utils.logging.is_progress_bar_enabled()
    assert capsys.readouterr().err == ""
    assert diffusers.utils.logging.get_verbosity() == level
    assert diffusers.utils.logging.is_progress_bar_enabled()
    assert warnings.filters == filters


def test_a_render_says_nothing_on_the_terminal(tiny_models, capfd):
    engine = LocalEngine(tiny_models, dtype="float32", device="cpu")
    call = tiny.call("i2v", "i2v")
    list(engine.decode(call, engine.denoise(call, tiny.inputs(call)).values))
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")
