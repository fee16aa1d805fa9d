import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from wan_sdk.nano.training.data import Drawn
from wan_sdk.nano.training.versions import draw_other_versions, other_versions, with_remnants
from wan_sdk.nano.world import render, sample


def drawn(count, seed=5, fixed=()):
    rng = np.random.default_rng(seed)
    return draw_other_versions(rng, sample(rng, count), fixed)


def test_another_version_differs_in_style_or_colour_alone():
    attributes = drawn(400)
    pairs = [(values[:100], values[300:]) for values in attributes.values()]
    changed = {name for name, (one, other) in zip(attributes, pairs, strict=True) if (one != other).any()}
    assert changed == {"style", "colour"}
    restyled, recoloured = (attributes[name][:100] != attributes[name][300:] for name in ("style", "colour"))
    assert (restyled ^ recoloured).all()
    assert 0.3 < restyled.mean() < 0.7
    assert not recoloured[attributes["companion"][:100] >= 0].any()


@pytest.mark.parametrize("name", ["style", "colour"])
def test_what_is_fixed_stays(name):
    rng = np.random.default_rng(1)
    attributes = sample(rng, 40, **{name: "watercolour" if name == "style" else "red"})
    assert draw_other_versions(rng, attributes, [name]) is attributes


def test_two_versions_have_one_layout_and_their_own_captions():
    attributes, scene, ids = next(iter(Drawn(7, 8, 5, versions=True)))
    with torch.no_grad():
        clips = render(scene, 32, 48)
    others = other_versions(clips)
    assert torch.equal(scene["pose"][:2], scene["pose"][-2:])
    assert torch.equal(scene["track"][:2], scene["track"][-2:])
    assert torch.equal(others[:2], clips[-2:]) and torch.equal(others[2:6], clips[2:6])
    assert all((one - other).abs().mean() > 0.002 for one, other in zip(clips[:2], others[:2], strict=True))
    assert len(ids) == len(attributes["style"]) == 8


@given(st.floats(0.01, 0.94), st.integers(0, 2**31))
def test_noise_with_a_remnant_lies_on_the_way_from_the_source(level, seed):
    """From x = (1 - r) y + r n the straight way to z is z + s / r (x - z): some r from `level` to .95 explains it."""
    chance = torch.Generator().manual_seed(seed)
    clip, source, noise = (torch.randn(64, 1, 1, 2, 2, generator=chance) for _ in range(3))
    torch.manual_seed(seed)
    levels = torch.full((64,), level)
    kept = (with_remnants(noise, clip, source, levels) - noise) / (source - clip)
    share = kept.flatten(1).median(1).values
    some = share > 1e-3
    first = 1 / (1 + share[some])
    assert 0 < some.float().mean() < 0.7
    assert (first >= max(level, 0.45) - 1e-3).all() and (first <= 0.951).all()


def test_a_clip_without_another_version_and_the_highest_levels_keep_pure_noise():
    clip, source, noise = (torch.randn(64, 1, 1, 2, 2) for _ in range(3))
    assert torch.equal(with_remnants(noise, clip, clip, torch.full((64,), 0.5)), noise)
    assert torch.equal(with_remnants(noise, clip, source, torch.full((64,), 0.97)), noise)
