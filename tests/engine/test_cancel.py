"""Stopping at any moment leaves the pool as if nothing had been."""

import socket
import threading

import numpy as np
import pytest

from tests.engine import tiny
from wan_sdk import models
from wan_sdk.engine.local import LocalEngine
from wan_sdk.engine.protocol import CancelToken, EngineInputs, StageStarted, StepDone
from wan_sdk.errors import Cancelled


@pytest.mark.parametrize(("name", "task"), [("t2v", "t2v"), ("a14b-i2v", "flf2v"), ("ti2v", "v2v")])
def test_a_cancelled_call_stops_within_a_step_and_leaves_no_trace(shared_engine, name, task):
    call = tiny.call(name, task)
    whole = shared_engine.denoise(call, tiny.inputs(call)).values
    cancel = CancelToken()
    steps = []

    def listen(event):
        if isinstance(event, StepDone):
            steps.append(event.index)
            if event.index == 2:
                cancel.cancel()

    with pytest.raises(Cancelled):
        shared_engine.denoise(call, tiny.inputs(call), listen=listen, cancel=cancel)
    assert steps == [1, 2]
    np.testing.assert_array_equal(shared_engine.denoise(call, tiny.inputs(call)).values, whole)


@pytest.mark.parametrize("stage", ["load", "text", "denoise"])
def test_control_c_at_any_stage_leaves_the_engine_working(tiny_models, stage):
    engine = LocalEngine(tiny_models, dtype="float32", device="cpu")
    call = tiny.call("t2v", "t2v")

    def press(event):
        if isinstance(event, StageStarted) and event.stage == stage:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.denoise(call, EngineInputs(), listen=press)
    fresh = LocalEngine(tiny_models, dtype="float32", device="cpu").denoise(call, EngineInputs()).values
    np.testing.assert_array_equal(engine.denoise(call, EngineInputs()).values, fresh)


def test_caches_on_the_transformer_are_reset_after_a_stop(fresh_engine):
    from diffusers import FirstBlockCacheConfig

    call = tiny.call("t2v", "t2v", num_inference_steps=6)
    parts = fresh_engine._pool.parts(fresh_engine._checkpoint(fresh_engine._model(call.model)))
    parts.experts[0].enable_cache(FirstBlockCacheConfig(threshold=0.2))
    whole = fresh_engine.denoise(call, EngineInputs()).values

    def press(event):
        if isinstance(event, StepDone) and event.index == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fresh_engine.denoise(tiny.call("t2v", "t2v", seed=99), EngineInputs(), listen=press)
    np.testing.assert_array_equal(fresh_engine.denoise(call, EngineInputs()).values, whole)


def test_threads_take_turns_and_get_what_they_would_get_alone(shared_engine):
    calls = [tiny.call("t2v", "t2v", seed=seed) for seed in range(3)]
    alone = [shared_engine.denoise(call, EngineInputs()).values for call in calls]
    together = [None] * len(calls)

    def work(index):
        together[index] = shared_engine.denoise(calls[index], EngineInputs()).values

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_call_that_waits_for_its_turn_can_be_cancelled(shared_engine):
    cancel = CancelToken()
    cancel.cancel()
    with shared_engine._turn, pytest.raises(Cancelled):
        shared_engine.denoise(tiny.call("t2v", "t2v"), EngineInputs(), cancel=cancel)


def test_no_socket_is_opened(tiny_models, monkeypatch):
    def refuse(*_args, **_options):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    known = {**tiny_models, "nano": models.get("nano")}
    engine = LocalEngine(known, offline=True, download=True, device="cpu")
    for call in (tiny.call("i2v", "i2v"), tiny.call("ti2v", "t2v")):
        list(engine.decode(call, engine.denoise(call, tiny.inputs(call)).values))
