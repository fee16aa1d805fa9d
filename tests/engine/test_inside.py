"""Looking inside changes nothing and reads what is there."""

import itertools

import numpy as np
import pytest
import torch

from tests.engine import tiny
from wan_sdk.engine.inside import look_inside, noise_levels, through_vae
from wan_sdk.engine.protocol import CancelToken, StepDone
from wan_sdk.errors import Cancelled, EngineError


@pytest.mark.parametrize(("name", "task"), tiny.CASES)
def test_a_watched_call_gives_the_same_numbers(shared_engine, name, task):
    call = tiny.call(name, task)
    plain = shared_engine.denoise(call, tiny.inputs(call))
    told = []
    words = ["ball"] if "ball" in call.prompt else []
    inside = look_inside(shared_engine, call, tiny.inputs(call), words=words, listen=told.append)
    np.testing.assert_array_equal(inside.latents, plain.values)
    steps = inside.steps
    assert [step.index for step in steps] == list(range(1, len(steps) + 1))
    assert all(earlier.sigma > later.sigma for earlier, later in itertools.pairwise(steps))
    after = [event.sigma for event in told if isinstance(event, StepDone)]
    assert [step.sigma for step in steps[1:]] == after[:-1]  # to the last digit: the model is told rounded levels
    assert steps[0].noisy.shape == steps[0].clean.shape == (*plain.values.shape[1:], 3)
    assert all(step.guidance > 0 for step in steps) == (call.guidance_scale > 1)


def test_words_share_the_attention_that_there_is(shared_engine):
    call = tiny.call("t2v", "t2v", prompt="a red ball on the beach")
    words = ["a red ball on the beach", "red", "ball"]
    step = look_inside(shared_engine, call, tiny.inputs(call), words=words).steps[0]
    everything, red, ball = step.attention
    assert step.attention.shape[1:] == (3, 2, 3)
    assert (red > 0).all()
    assert (red + ball < everything).all()
    assert everything.max() < 1  # padding takes part too


def test_attention_is_what_the_model_computes(shared_engine):
    """A value of one on a word, zero elsewhere: what attention makes of it is the share of that word."""
    call = tiny.call("t2v", "t2v", prompt="a red ball", num_inference_steps=1, guidance_scale=1.0)
    parts = shared_engine._pool.parts(shared_engine._checkpoint(shared_engine._model(call.model)))
    shares = []

    def catch(attention, args, options):
        names = ("hidden_states", "encoder_hidden_states")
        hidden, text = ({**dict(zip(names, args, strict=False)), **options}[name] for name in names)
        query, key = attention.norm_q(attention.to_q(hidden)), attention.norm_k(attention.to_k(text))
        query, key = (part.unflatten(2, (attention.heads, -1)).transpose(1, 2) for part in (query, key))
        value = torch.zeros(1, attention.heads, text.shape[1], 1)
        value[:, :, 1] = 1.0  # "red" is the second token
        shares.append(torch.nn.functional.scaled_dot_product_attention(query, key, value)[0, :, :, 0].mean(0))

    handles = [block.attn2.register_forward_pre_hook(catch, with_kwargs=True) for block in parts.experts[0].blocks]
    try:
        inside = look_inside(shared_engine, call, tiny.inputs(call), words=["red"])
    finally:
        for handle in handles:
            handle.remove()
    expected = torch.stack(shares).mean(0).reshape(3, 2, 3).numpy()
    np.testing.assert_allclose(inside.steps[0].attention[0], expected, rtol=1e-4)


def test_the_expert_of_low_noise_takes_over_at_the_boundary(shared_engine):
    call = tiny.call("a14b-t2v", "t2v", num_inference_steps=8)
    steps = look_inside(shared_engine, call, tiny.inputs(call)).steps
    assert {step.expert for step in steps} == {0, 1}
    assert all(step.expert == (step.sigma < call.boundary_ratio) for step in steps)


def test_a_word_that_is_not_there(shared_engine):
    call = tiny.call("t2v", "t2v", prompt="a red ball")
    with pytest.raises(EngineError, match="'boat' is not in the prompt") as caught:
        look_inside(shared_engine, call, tiny.inputs(call), words=["boat"])
    assert "a red ball" in caught.value.hint


def test_no_hook_stays_behind(shared_engine):
    call = tiny.call("t2v", "t2v")
    cancel = CancelToken()

    def stop(event):
        if isinstance(event, StepDone):
            cancel.cancel()

    with pytest.raises(Cancelled):
        look_inside(shared_engine, call, tiny.inputs(call), listen=stop, cancel=cancel)
    parts = shared_engine._pool.parts(shared_engine._checkpoint(shared_engine._model(call.model)))
    for module in parts.experts[0].modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks


def test_noise_levels_fall_from_one_to_nothing(tiny_models):
    model = tiny_models["tiny-t2v"]
    levels = {shift: noise_levels(model, steps=10, shift=shift) for shift in (1.0, 5.0)}
    for values in levels.values():
        assert values.shape == (11,)
        assert values[0] == pytest.approx(1, abs=0.01)
        assert values[-1] == 0
        assert (np.diff(values) < 0).all()
    assert (levels[5.0][1:-1] > levels[1.0][1:-1]).all()


def test_through_the_vae_and_back(shared_engine):
    clip = tiny.sliding_square(9, 32, 48)
    back, painted, latents = through_vae(shared_engine, "tiny-t2v", clip)
    assert back.shape == clip.shape
    assert painted.shape == (*latents.shape[1:], 3)
