"""Recipes: written and read back, and keys that change with what they stand for."""

from dataclasses import replace

import pytest

from tests.test_gallery import CALL, RECIPE
from wan_sdk.recipe import MarkRecord, Recipe, cut_key, latents_key, take_key
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
        {"tier": "draft"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_key_of_latents_changes_with_anything_that_shapes_the_pictures(change):
    assert latents_key(CALL, "w") != latents_key(replace(CALL, **change), "w")


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
