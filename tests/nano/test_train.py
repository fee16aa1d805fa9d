"""The whole training in its tiny setting, through the command line, and what it exports in the stock pipelines."""

import json

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKLWan, WanImageToVideoPipeline, WanPipeline, WanTransformer3DModel
from PIL import Image

from wan_sdk.engine.upscaler import enlarge_twice, load_upscaler
from wan_sdk.nano.train import main
from wan_sdk.nano.training.networks import TINY

_SECONDS = 0.05  # minutes a stage


@pytest.fixture(scope="module")
def training(tmp_path_factory):
    folder = tmp_path_factory.mktemp("training")
    torch.set_num_threads(1)
    main(["all", "--tiny", "--minutes", str(_SECONDS), "--out", str(folder)])
    return folder


@pytest.fixture(scope="module")
def pipeline(training):
    return WanPipeline.from_pretrained(training / "nano", dtype=torch.float32)


_CALL = {"height": 32, "width": 48, "num_frames": 5, "num_inference_steps": 2, "max_sequence_length": 64}


@pytest.mark.parametrize(("stage", "loss"), [("text", "loss"), ("vae", "l1"), ("transformer", "loss")])
def test_each_stage_learns_and_says_so_in_its_log(training, stage, loss):
    log = json.loads((training / stage / "log.json").read_text())
    assert log["finished"]
    assert log["runs"][0]["versions"]["torch"]
    assert all(len(digest) == 64 for digest in log["sha256"].values())
    untrained = {"text": 32.0, "vae": 0.6, "transformer": 2.1}[stage]
    assert log["rows"][-1][loss] < untrained


def test_the_log_says_at_which_shape_steps_were_skipped(training):
    log = json.loads((training / "transformer" / "log.json").read_text())
    assert log["skipped_by_shape"] == {shape.name: 0 for shape in TINY.shapes}


def test_the_student_learns_at_every_one_of_its_four_levels(training):
    rows = json.loads((training / "four_step" / "log.json").read_text())["rows"]
    assert {"loss_1", "loss_2", "loss_3", "loss_4"} <= set(rows[-1])
    assert all(0 < rows[-1][f"loss_{node}"] < 2 for node in (1, 2, 3, 4))


def test_the_stock_pipeline_makes_a_clip_from_the_exported_folder(pipeline):
    frames = pipeline("a red ball", generator=torch.Generator().manual_seed(0), output_type="np", **_CALL).frames
    assert frames.shape == (1, 5, 32, 48, 3)
    assert frames.std() > 0.01


def test_the_stock_image_pipeline_starts_on_the_given_picture(pipeline):
    both = [
        WanImageToVideoPipeline(**pipeline.components, expand_timesteps=True)(
            Image.new("RGB", (48, 32), colour),
            "a red ball",
            generator=torch.Generator().manual_seed(0),
            output_type="latent",
            **_CALL,
        ).frames
        for colour in ("red", "blue")
    ]
    assert not torch.allclose(both[0][:, :, 0], both[1][:, :, 0], atol=0.05)


def test_the_exported_folder_does_not_say_where_it_was_made(training):
    texts = [path.read_text() for path in (training / "nano").rglob("*.json")]
    assert len(texts) > 6
    assert not any(str(training) in text for text in texts)


def test_the_four_step_transformer_loads_as_the_stock_class(training):
    student = WanTransformer3DModel.from_pretrained(training / "nano" / "transformer_4step")
    assert student.config.num_layers == TINY.transformer["num_layers"]


def test_the_upscaler_is_measured_beside_lanczos_and_exported(training):
    log = json.loads((training / "upscaler" / "log.json").read_text())
    assert log["upscaler_db_clean"] >= log["lanczos_db_clean"] - 0.1
    frames = np.zeros((2, 16, 24, 3), np.uint8)
    assert enlarge_twice(load_upscaler(training / "nano" / "upscaler"), frames).shape == (2, 32, 48, 3)


def test_a_decoder_that_learns_alone_leaves_the_latents_as_they_are(training, tmp_path):
    earlier = training / "nano"
    main(["vae", "--tiny", "--minutes", "0.02", "--from", str(earlier), "--keep-latents", "--out", str(tmp_path)])
    before, after = (AutoencoderKLWan.from_pretrained(folder / "vae") for folder in (earlier, tmp_path / "vae"))
    assert (after.config.latents_mean, after.config.latents_std) == (
        before.config.latents_mean,
        before.config.latents_std,
    )
    changed = {
        name.split(".")[0] for name, value in before.state_dict().items() if not value.equal(after.state_dict()[name])
    }
    assert changed == {"decoder", "post_quant_conv"}


def test_latents_are_kept_only_of_an_earlier_model(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["vae", "--tiny", "--keep-latents", "--out", str(tmp_path)])
    assert "add --from FOLDER" in capsys.readouterr().err


def test_a_stage_goes_on_where_it_stopped(training):
    before = json.loads((training / "vae" / "log.json").read_text())
    main(["vae", "--tiny", "--minutes", "0.02", "--out", str(training)])
    after = json.loads((training / "vae" / "log.json").read_text())
    assert len(after["runs"]) == 2
    assert after["rows"][: len(before["rows"])] == before["rows"]
    assert after["rows"][-1]["step"] > before["rows"][-1]["step"]
    assert after["seconds_of_training"] > before["seconds_of_training"]
