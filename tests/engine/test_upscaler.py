import json

import numpy as np
import pytest
import torch

from wan_sdk.engine.decode import enlarged
from wan_sdk.engine.upscaler import Upscaler, enlarge_twice, load_upscaler
from wan_sdk.errors import DamagedWeights
from wan_sdk.nano.training.upscaler import save_upscaler


@pytest.fixture
def upscaler():
    torch.manual_seed(1)
    made = Upscaler(width=8)
    torch.nn.init.normal_(made.last.weight, std=0.05)
    return made.half().float()  # as it comes back from a file in half precision


def test_what_was_saved_makes_the_same_frames(upscaler, tmp_path):
    frames = np.random.default_rng(2).integers(0, 256, (6, 16, 24, 3), np.uint8)
    save_upscaler(upscaler, tmp_path)
    again = load_upscaler(tmp_path)
    np.testing.assert_array_equal(enlarge_twice(again, frames), enlarge_twice(upscaler, frames))


def test_a_frame_does_not_depend_on_those_beside_it(upscaler):
    frames = np.random.default_rng(3).integers(0, 256, (7, 16, 24, 3), np.uint8)
    whole = enlarge_twice(upscaler, frames)
    pieces = np.concatenate([enlarge_twice(upscaler, frames[:1]), enlarge_twice(upscaler, frames[1:])])
    assert np.abs(whole.astype(int) - pieces).max() <= 1


def test_untrained_it_is_nearly_what_it_adds_to():
    frames = enlarged(np.random.default_rng(4).integers(0, 256, (1, 6, 8, 3), np.uint8), 4)
    difference = np.abs(enlarge_twice(Upscaler(), frames).astype(int) - enlarged(frames, 2))
    assert difference.mean() < 2


@pytest.mark.parametrize("spoil", ["model.safetensors", "config.json"])
def test_a_damaged_file_is_named(upscaler, tmp_path, spoil):
    save_upscaler(upscaler, tmp_path)
    (tmp_path / spoil).write_bytes(b"{}")
    with pytest.raises(DamagedWeights) as refusal:
        load_upscaler(tmp_path)
    assert str(tmp_path) in str(refusal.value)


def test_another_width_than_promised_is_refused(upscaler, tmp_path):
    save_upscaler(upscaler, tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"width": 12}))
    with pytest.raises(DamagedWeights):
        load_upscaler(tmp_path)
