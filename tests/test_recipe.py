"""Recipes: written and read back, and keys that change with what they stand for."""

from dataclasses import replace

import pytest

from tests.planning.scenes import plan_of
from tests.test_gallery import CALL, RECIPE
from wan_sdk.planning.call import Input
from wan_sdk.recipe import MarkRecord, Recipe, cut_key, frames_key, latents_key, take_key
from wan_sdk.spec import Marking


def test_a_recipe_survives_json():
    assert Recipe.from_json(RECIPE.to_json()) == RECIPE


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "a ship"},
        {"seed": 8},
        {"num_inference_steps": 11},
        {"width": 176},
        {"strength": 0.5},
        {"transformer": "transformer_4step"},
        {"sampler": "euler"},
        {"inputs": (Input("first_frame", sha256="1" * 64),)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_key_of_latents_changes_with_anything_that_denoising_reads(change):
    assert latents_key(CALL, "w") != latents_key(replace(CALL, **change), "w")
    assert frames_key(CALL, "w") != frames_key(replace(CALL, **change), "w")


@pytest.mark.parametrize("change", [{"enlarge": 2}, {"enlarged_by": "upscaler"}, {"tier": "draft"}], ids=str)
def test_what_denoising_does_not_read_names_other_frames_and_the_same_latents(change):
    assert frames_key(CALL, "w") != frames_key(replace(CALL, **change), "w")
    assert latents_key(CALL, "w") == latents_key(replace(CALL, **change), "w")


# Computed by version 0.1.0 before latents had a key of their own. Galleries hold what was made under them.
KEPT_KEYS = {
    "nano-shot": "db02be9a3b3fa5710c3f71d01f07d139534d17435945fb543f50c5426a34a7ca",
    "nano-draft": "7fde985aa289462636cdc8444bb1bd6fff08796c14d7a982aa91ff27b37e1c77",
    "13b-v2v": "460494200f8bfc1d5c6bc1fb0e0e7fda860e90b1c48bf0ff86839b86914476d4",
    "5b-scene": "ed232ac5ec10c9600936436d762f0c7bba13c9ae0b50ad2cfde545d479246044",
    "a14b-i2v": "a1f2cb841bf4fae424790031ab0194be8f925943519b47ca142ad9d0b0904546",
    "a14b-scene": "5ce7253e09a90611f75043c3be3fefaee33399cdff4d0eac0331179c3ca14c13",
}


@pytest.mark.parametrize("plan", KEPT_KEYS)
def test_takes_keep_the_names_they_had_before_latents_had_a_key_of_their_own(plan):
    call = plan_of(plan).calls[0]
    if plan == "nano-shot":  # the recipe's guidance was 3 then
        call = replace(call, guidance_scale=3.0)
    key = frames_key(call, "w" * 64)
    assert key == KEPT_KEYS[plan]
    assert (latents_key(call, "w" * 64) == key) == (call.enlarge == 1)  # as nothing of such a call only decodes


def test_the_key_of_latents_knows_the_weights_and_the_shot_before_but_not_the_number_of_the_shot():
    assert latents_key(CALL, "w") != latents_key(CALL, "v")
    assert latents_key(CALL, "w") != latents_key(CALL, "w", "before")
    assert latents_key(CALL, "w") == latents_key(replace(CALL, shot=3), "w")


def test_a_take_marked_otherwise_is_another_take():
    keys = {
        take_key("l", Marking(), None),
        take_key("l", Marking(), "Ada"),
        take_key("l", Marking(prompt="include"), None),
    }
    assert len(keys) == 3
    assert cut_key(["a", "b"], None, Marking(), None) != cut_key(["b", "a"], None, Marking(), None)


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (MarkRecord(True, "4c1f"), "signed, watermarked"),
        (MarkRecord(True, None), "signed, no watermark"),
        (MarkRecord(False, None, unmarked_on_purpose=True), "unmarked on purpose"),
    ],
)
def test_the_slate_says_which_marks_there_are(record, words):
    assert record.words() == words
