"""Captions say what is in the clip, in words that the model knows."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wan_sdk.nano.attributes import COLOURS, NAMES, SUBJECTS, camera_of
from wan_sdk.nano.language import grammar
from wan_sdk.nano.language.captions import camera_caption, caption
from wan_sdk.nano.language.tokenizer import save_tokenizer
from wan_sdk.nano.language.vocabulary import END, PAD, TEXT_LENGTH, UNKNOWN, VOCABULARY, encode, known_words, tokens
from wan_sdk.nano.world import sample
from wan_sdk.spec.camera_moves import Move, Together
from wan_sdk.spec.camera_words import words_of

DRAWN = sample(np.random.default_rng(0), 1500)


def captions(full=False, seed=0, drawn=DRAWN):
    dice = random.Random(seed)
    return [caption(dice, drawn, i, full) for i in range(len(drawn["subject"]))]


def says(text, words):
    padded = f" {' '.join(tokens(text))} "
    return any(f" {' '.join(tokens(word))} " in padded for word in words.split("|"))


@pytest.mark.parametrize("full", [False, True])
def test_every_word_is_known_and_every_caption_fits(full):
    for text in captions(full):
        assert set(tokens(text)) <= known_words()
        assert len(tokens(text)) < TEXT_LENGTH
        assert text == text.strip(" ,")
        assert "  " not in text
        assert "{" not in text


def test_every_known_word_is_used():
    used = {token for seed in range(6) for text in captions(seed=seed) for token in tokens(text)}
    never = {word for word in known_words() - used if word.isalpha()}
    assert len(never) < 12, sorted(never)


def test_a_full_caption_says_everything():
    for i, text in enumerate(captions(full=True)):
        value = {name: names[DRAWN[name][i]] for name, names in NAMES.items()}
        assert says(text, grammar.SUBJECT_WORDS[value["subject"]])
        assert says(text, grammar.COLOUR_WORDS[value["colour"]])
        if value["place"] not in ("room", "moon"):
            assert says(text, grammar.WEATHER_WORDS[value["weather"]])
            assert says(text, grammar.TIME_WORDS[value["time"]])
        if value["style"] != "plain":
            assert says(text, grammar.STYLE_WORDS[value["style"]])
        places = grammar.PLACE_WORDS, grammar.PLACE_CROSSED, grammar.PLACE_ABOVE
        assert any(says(text, table[value["place"]]) for table in places)


def test_two_subjects_are_both_said():
    drawn = sample(np.random.default_rng(1), 200, companion="any")
    for i, text in enumerate(captions(drawn=drawn)):
        assert says(text, grammar.SUBJECT_WORDS[SUBJECTS[drawn["companion"][i]]])
    colours = [
        says(text, grammar.COLOUR_WORDS[COLOURS[drawn["companion_colour"][i]]])
        for i, text in enumerate(captions(drawn=drawn))
    ]
    assert np.mean(colours) > 0.9


def test_a_camera_move_is_never_left_out_and_unsaid_means_static():
    moves = [word for words in grammar.CAMERA_WORDS.values() for word in words.split("|")]
    stems = {token for phrase in moves for token in tokens(phrase.replace("{", " ").replace("}", " "))} | {"holds"}
    for i, text in enumerate(captions()):
        if DRAWN["camera_kind"][i, 0] > 0:
            assert stems & set(tokens(text))


def test_camera_captions_use_the_words_of_the_spec_and_those_of_people():
    camera = Together((Move("pan", 20.0), Move("zoom", 1.3)))
    said = {camera_caption(random.Random(seed), camera) for seed in range(60)}
    assert words_of(camera) in said
    assert len(said) > 20


@given(st.integers(0, 1499))
@settings(max_examples=60, deadline=None)
def test_the_words_of_any_drawn_camera_are_known(i):
    assert set(tokens(words_of(camera_of(DRAWN, i)))) <= known_words()


def test_verbs_may_leave_out_the_way():
    drawn = sample(np.random.default_rng(2), 400, subject="ball", place="meadow", motion="left", companion=None)
    texts = captions(drawn=drawn)
    assert any("rolls over green grass" in text and "left" not in text for text in texts)
    assert sum("left" in text for text in texts) > 200


@pytest.mark.parametrize(
    "prompt",
    [
        "a red ball rolls over green grass at sunset",
        "a boat on the sea at dawn",
        "a yellow bird above the sea, watercolour",
        "a golden robot dancing in the rain at night, zoom in",
    ],
)
def test_people_are_understood(prompt):
    assert set(tokens(prompt)) <= known_words()


def test_decimals_and_large_numbers_split_into_known_tokens():
    assert tokens("1.3 times 0.45 12.5 120 1.333") == [
        *("1", ".", "3", "times", "0", ".", "4", "5", "12", ".", "5", "1", "20", "1", ".", "3", "3", "3")
    ]


def test_the_saved_tokenizer_reads_as_encode_does(tmp_path):
    save_tokenizer(tmp_path)
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    texts = [*captions()[:300], "", "Ein Élan, 1.35 × 120%!", "цветок", "don't 3.14.15"]
    for text in texts:
        read = tokenizer(text, padding="max_length", max_length=TEXT_LENGTH, truncation=True)["input_ids"]
        assert read == encode(text)


def test_the_empty_prompt_is_its_end_alone():
    assert encode("") == [VOCABULARY[END]] + [VOCABULARY[PAD]] * (TEXT_LENGTH - 1)
    assert VOCABULARY[UNKNOWN] in encode("an elephant")


def test_the_vocabulary_is_numbered_without_gaps():
    assert sorted(VOCABULARY.values()) == list(range(len(VOCABULARY)))
