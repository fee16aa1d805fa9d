"""The catalogue; run this file as a module to keep it again after its data changed on purpose."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import pytest

from wan_sdk import models
from wan_sdk.errors import SpecError, UnknownModel, UnknownName
from wan_sdk.models import negative

GOLDEN = Path(__file__).parents[1] / "data" / "catalogue.json"
EVERY = models.catalogue()
RUNNABLE_LAYOUTS = {"t2v", "i2v-clip", "flf2v-clip", "a14b-t2v", "a14b-i2v", "ti2v"}


def plain(model):
    return json.loads(json.dumps(asdict(model)))


def test_the_catalogue_is_as_it_was_last_read_against_its_sources():
    assert {model.key: plain(model) for model in EVERY} == json.loads(GOLDEN.read_text("utf-8"))


def test_names_are_unique_and_nano_comes_first():
    assert models.names() == tuple(model.key for model in EVERY)
    assert len(set(models.names())) == len(EVERY) == len({model.repo for model in EVERY})
    assert models.names()[0] == "nano"


@pytest.mark.parametrize("model", EVERY, ids=lambda model: model.key)
def test_every_number_is_possible(model):
    smallest, largest = model.frames_allowed
    for frames in (model.frames, smallest, largest, *model.frames_listed):
        assert frames % 4 == 1
    assert smallest <= model.frames <= largest
    if model.frames_listed:
        assert model.frames in model.frames_listed
        assert model.frames_allowed == (min(model.frames_listed), max(model.frames_listed))
    assert all(width % model.align == 0 and height % model.align == 0 for width, height in model.sizes)
    assert model.align % (32 if model.vae == "wan2.2" else 16) == 0
    assert len(model.guidance) == (2 if model.boundary is not None else 1)
    assert (model.boundary is not None) == model.layout.startswith("a14b")
    assert model.boundary is None or 0 < model.boundary < 1
    assert model.network.experts == (2 if model.boundary is not None else 1)
    assert model.fps > 0
    assert 1 <= model.steps <= 1000
    assert model.flow_shift > 0
    assert model.licence == "Apache-2.0"
    assert model.source
    assert model.tasks
    assert model.title
    assert model.delivered_lines >= 256
    assert not (model.upscaler or model.draft) or model.key == "nano"
    assert model.text_tokens == (64 if model.key == "nano" else 512)


@pytest.mark.parametrize("model", EVERY, ids=lambda model: model.key)
def test_what_cannot_run_says_why(model):
    assert model.runnable == (model.layout in RUNNABLE_LAYOUTS)
    assert bool(model.why_not) != model.runnable


@pytest.mark.parametrize("model", [m for m in EVERY if m.runnable], ids=lambda model: model.key)
def test_parameters_are_those_of_the_network(model):
    counted = model.network.parameters(text_width=128 if model.key == "nano" else 4096)
    if model.layout in ("i2v-clip", "flf2v-clip"):
        d = model.network.width
        counted += model.network.layers * 2 * d * d + 1280 * (1280 + d)
    assert counted == pytest.approx(model.parameters, rel=0.02)


@pytest.mark.parametrize("model", [m for m in EVERY if m.key != "nano"], ids=lambda model: model.key)
def test_weights_are_at_least_two_bytes_a_parameter_and_the_text_encoder(model):
    assert model.weights_gb >= (2 * model.parameters + 2 * 5.681e9) / 1e9
    assert model.download_gb >= model.weights_gb * 0.9


def test_resident_weights_agree_with_what_was_counted():
    assert models.get("wan2.2-t2v-a14b").weights_gb == pytest.approx(69, abs=0.5)
    assert models.get("wan2.2-ti2v-5b").weights_gb == pytest.approx(24, abs=0.5)


def test_negative_prompts_are_the_official_ones_word_for_word():
    assert models.get("wan2.2-t2v-a14b").negative == negative.WAN
    # sha256 of sample_neg_prompt in the authors' wan/configs/shared_config.py and wan_s2v_14B.py
    official = "ce96e0324e4b54ce4b6e867f669ca520952e1a34cc116543516b1897f0d3c47e"
    speech = "98afffdba82fbb1f87767b2e0d022cb2e4960f400d98c617f9b82bc707d09218"
    assert hashlib.sha256(negative.WAN.encode()).hexdigest() == official
    assert hashlib.sha256(models.get("wan2.2-s2v-14b").negative.encode()).hexdigest() == speech
    assert models.get("wan2.1-i2v-14b-480p").negative == "镜头晃动，" + negative.WAN
    assert models.get("wan2.1-flf2v-14b").negative == "镜头切换，镜头晃动，" + negative.WAN
    assert models.get("nano").negative == ""
    for term in (*negative.STYLE_TERMS, *negative.STILL_TERMS):
        assert term in negative.WAN


def test_recipes_where_diffusers_differs():
    a14b = models.get("wan2.2-t2v-a14b")
    assert (a14b.flow_shift, a14b.guidance, a14b.boundary, a14b.steps) == (12.0, (4.0, 3.0), 0.875, 40)
    assert models.get("wan2.1-i2v-14b-480p").flow_shift == 3.0
    assert models.get("wan2.1-i2v-14b-720p").flow_shift == 5.0
    assert models.get("wan2.1-flf2v-14b").flow_shift == 16.0


def test_get_takes_names_and_repositories_in_any_case():
    assert models.get("Wan2.2-TI2V-5B").key == "wan2.2-ti2v-5b"
    assert models.get("Wan-AI/Wan2.2-TI2V-5B-Diffusers").key == "wan2.2-ti2v-5b"


def test_an_unknown_model_is_told_the_nearest():
    with pytest.raises(UnknownModel, match=r"wan2\.2-t2v-a14b") as caught:
        models.get("wan2.2-t2v-14b")
    assert "did you mean" in caught.value.hint
    with pytest.raises(UnknownModel, match="'🎬'") as caught:
        models.get("🎬")
    assert "models.at" in caught.value.hint


def test_which_models_serve_a_task_or_a_role():
    assert "nano" in [model.key for model in models.serving("v2v")]
    assert [model.key for model in models.serving_role("last_frame")] == ["wan2.1-flf2v-14b", "wan2.2-i2v-a14b"]
    assert {model.key for model in models.serving_role("motion")} >= {"wan2.2-animate-14b", "wan2.1-vace-14b"}
    assert models.serving_role("voice") == ()
    assert models.serving("t2v", among=[models.get("wan2.2-i2v-a14b")]) == ()
    with pytest.raises(UnknownName, match="first_frame"):
        models.serving_role("first_fram")


def test_a_folder_of_ones_own(tmp_path):
    own = models.at(tmp_path / "My Wan (5B)", like="wan2.2-ti2v-5b", steps=30)
    assert (own.key, own.repo, own.steps) == ("my-wan-5b", str(tmp_path / "My Wan (5B)"), 30)
    assert own.sizes == models.get("wan2.2-ti2v-5b").sizes
    assert models.at("somewhere/nano", like="nano").key == "nano-own"
    assert models.at("x", like=own).align == 32


def test_a_folder_of_ones_own_is_checked(tmp_path):
    with pytest.raises(UnknownName, match="stepps") as caught:
        models.at(tmp_path, like="nano", stepps=3)
    assert "steps" in caught.value.hint
    with pytest.raises(UnknownModel):
        models.at(tmp_path, like="nanoo")
    with pytest.raises(SpecError, match="no name"):
        models.at("/", like="nano")


if __name__ == "__main__":
    GOLDEN.write_text(
        json.dumps({model.key: plain(model) for model in EVERY}, indent=1, ensure_ascii=False) + "\n", "utf-8"
    )
