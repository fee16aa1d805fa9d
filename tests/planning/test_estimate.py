import pytest
from hypothesis import given
from hypothesis import strategies as st

from wan_sdk import models
from wan_sdk.engine import machine
from wan_sdk.planning import Machine, Probe, resolve
from wan_sdk.planning.estimate import forward_flop, sigmas, steps_run, tokens
from wan_sdk.spec import Reference, Scene, Shot, Size

SERVER = Machine("cuda", "server", 141, tflops=790, dtype="bfloat16")
WALK = Reference.video("walk.mp4", strength=0.6)
CLIP = Probe("video", "4" * 64, 832, 480, frames=81, fps=16.0, seconds=81 / 16)
PROBES = {WALK.with_strength(strength): CLIP for strength in (0.01, 0.6, 0.81, 1)}


def planned(shot, model, on=SERVER):
    return resolve(shot, catalogue=models.catalogue(), machine=on, probes=PROBES, model=model)


@pytest.mark.parametrize(
    ("key", "size", "seconds", "length", "teraflop", "run"),
    [
        ("wan2.1-t2v-1.3b", "480p", 5, 32_760, 283, 36),
        ("wan2.2-t2v-a14b", "480p", 5, 32_760, 1678, 170),
        ("wan2.2-t2v-a14b", "720p", 5, 75_600, 6523, 661),
        ("wan2.2-ti2v-5b", None, 5, 27_280, 517, 65),
        ("wan2.1-t2v-14b", "480p", 1, 7_800, 242, None),
    ],
)
def test_operations_and_seconds_agree_with_the_published_arithmetic(key, size, seconds, length, teraflop, run):
    plan = planned(Shot("a boat", size=size, seconds=seconds), key)
    model = models.get(key)
    assert tokens(plan.calls[0], model) == length
    assert forward_flop(model, length) / 1e12 == pytest.approx(teraflop, rel=0.005)
    if run:
        assert plan.estimates[0].denoise_seconds == pytest.approx(run, rel=0.01)


def test_shift_shares_the_steps_between_the_experts():
    call = planned(Shot("a boat"), "wan2.2-t2v-a14b").calls[0]
    assert sum(level >= 0.875 for level in sigmas(call)) == 26
    low_shift = planned(Shot("a boat", shift=3), "wan2.2-t2v-a14b").calls[0]
    assert sum(level >= 0.875 for level in sigmas(low_shift)) == 13


def test_guidance_of_one_halves_the_time():
    with_guidance = planned(Shot("a boat"), "wan2.1-t2v-14b").estimates[0]
    without = planned(Shot("a boat", guidance=1), "wan2.1-t2v-14b").estimates[0]
    assert without.denoise_seconds == pytest.approx(with_guidance.denoise_seconds / 2)
    only_high = planned(Shot("a boat", guidance=(4, 1)), "wan2.2-t2v-a14b").estimates[0].denoise_seconds
    both = planned(Shot("a boat"), "wan2.2-t2v-a14b").estimates[0].denoise_seconds
    assert only_high / both == pytest.approx((26 * 2 + 14) / 80)


@pytest.mark.parametrize(("strength", "steps"), [(0.01, 1), (0.6, 4), (0.81, 7), (1, 12)])
def test_a_late_start_runs_fewer_steps(strength, steps):
    plan = planned(Shot("ink", guidance=3, references=[WALK.with_strength(strength)]), "nano")
    assert steps_run(plan.calls[0]) == steps
    whole = planned(Shot("ink", seconds=4), "nano").estimates[0].denoise_seconds
    assert plan.estimates[0].denoise_seconds == pytest.approx(whole * steps / 12)


def test_a_measured_step_wins_and_is_scaled_to_the_call():
    measured = Machine("cuda", "server", 141, 790, {"wan2.2-t2v-a14b": 10.0}, "bfloat16")
    own = planned(Shot("a boat"), "wan2.2-t2v-a14b", measured)
    assert own.estimates[0].denoise_seconds == pytest.approx(400)
    assert own.estimates[0].measured
    larger = planned(Shot("a boat", size="720p"), "wan2.2-t2v-a14b", measured).estimates[0]
    assert larger.denoise_seconds == pytest.approx(400 * 6523 / 1678, rel=0.01)
    assert not planned(Shot("a boat"), "nano", measured).estimates[0].measured


# What `Studio.render` of one shot of nano took (docs/nano.md), middle of the range: denoising, decoding and enlarging,
# and marks, encoding and signing together.
MEASURED = [
    ({}, (9.2, 1.8, 0.8)),
    ({"tier": "draft"}, (1.4, 1.65, 0.8)),
    ({"size": Size(160, 96)}, (1.9, 0.4, 0.6)),
]


@pytest.mark.parametrize(("fields", "took"), MEASURED, ids=["12 steps", "a draft", "160x96"])
def test_the_seconds_of_two_cores_are_those_that_were_measured(fields, took, monkeypatch):
    monkeypatch.setattr(machine, "_cpu_flags", lambda: frozenset({"avx512f", "avx512_bf16"}))
    monkeypatch.setattr(machine, "_first_card", lambda: None)
    monkeypatch.setattr(machine, "usable_cores", lambda: 2)
    got = planned(Shot("a boat", **fields), "nano", machine.measure_machine()).estimates[0]
    for said, measured in zip((got.denoise_seconds, got.decode_seconds, got.finish_seconds), took, strict=True):
        assert said == pytest.approx(measured, rel=0.3)
    assert got.seconds == pytest.approx(sum(took), rel=0.3)


def test_joining_a_scene_takes_time_too():
    shots = (Shot("a boat"), Shot("a bird"))
    one, two = (planned(Scene("Two", shots[:count], seed=1), "nano") for count in (1, 2))
    assert two.cut_seconds > one.cut_seconds == one.estimates[0].finish_seconds
    assert one.seconds == one.estimates[0].seconds + one.cut_seconds


def test_memory_is_what_was_counted():
    assert planned(Shot("a boat", size="720p"), "wan2.2-t2v-a14b").memory_gb == pytest.approx(69 + 18.9, abs=1)
    assert planned(Shot("a boat"), "wan2.2-ti2v-5b").memory_gb == pytest.approx(24.2 + 20.7, abs=1)
    laptop = Machine("cpu", "laptop", 16, 0.13)
    assert planned(Shot("a boat"), "nano", laptop).memory_gb == pytest.approx(0.31 + 0.08 + 0.02, abs=0.02)


def test_a_draft_costs_a_sixth_and_the_upscaler_a_fifth_of_the_decoding():
    exact, draft = (planned(Shot("a boat", tier=tier), "nano").estimates[0] for tier in ("exact", "draft"))
    assert draft.denoise_seconds == pytest.approx(exact.denoise_seconds / 6)
    plain = planned(Shot("a boat"), models.get("nano").changed(upscaler=False)).estimates[0]
    assert exact.decode_seconds == pytest.approx(1.2 * plain.decode_seconds, rel=0.01)


@given(st.integers(1, 100), st.integers(1, 100), st.sampled_from(["480p", "720p"]))
def test_more_steps_or_pixels_never_take_less(steps, more, size):
    less = planned(Shot("a boat", steps=steps), "wan2.2-t2v-a14b")
    longer = planned(Shot("a boat", steps=steps + more, size=size), "wan2.2-t2v-a14b")
    assert longer.seconds > less.seconds
    assert longer.memory_gb >= less.memory_gb
