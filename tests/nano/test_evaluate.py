"""The table: what counts as right, and the whole of it on tiny weights."""

import json
import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from diffusers import UniPCMultistepScheduler, WanPipeline
from PIL import Image

from wan_sdk.nano.attributes import NAMES
from wan_sdk.nano.evaluate import main
from wan_sdk.nano.evaluation.judge import TINY_JUDGE, Judge, readings_of_targets, save_judge, targets_of
from wan_sdk.nano.evaluation.own_words import own_words, parse
from wan_sdk.nano.evaluation.ruled import in_processes
from wan_sdk.nano.evaluation.score import (
    Expected,
    confusions,
    expected,
    iou,
    markdown,
    relative_error,
    rows_of,
    verdicts,
)
from wan_sdk.nano.evaluation.specs import change, draw_specs, psnr, say
from wan_sdk.nano.language.captions import caption, told_caption
from wan_sdk.nano.language.tokenizer import save_tokenizer
from wan_sdk.nano.language.vocabulary import tokens
from wan_sdk.nano.training.networks import TINY, make_text_encoder, make_transformer, make_vae
from wan_sdk.nano.world import build, sample
from wan_sdk.nano.world.truth import subject_boxes

SPECS = draw_specs(400)


def true_readings(attributes):
    boxes = subject_boxes(build(attributes, frames=5), 96, 160)
    return readings_of_targets(targets_of({name: torch.as_tensor(value) for name, value in attributes.items()}, boxes))


@pytest.fixture(scope="module")
def readings():
    return true_readings(SPECS.attributes)


def test_a_perfect_reader_is_always_right(readings):
    rows = rows_of(SPECS.wants, readings, readings)
    assert len(rows) == 20
    assert all(row.generated == row.truth == 1.0 for row in rows)
    assert not confusions(SPECS.wants, readings)


def test_a_reader_of_other_clips_is_hardly_ever_right(readings):
    rows = {row.name: row for row in rows_of(SPECS.wants, readings[1:] + readings[:1])}
    assert rows["subject"].generated < 0.2
    assert rows["camera, kind and way"].generated < 0.2
    assert rows["amount within 25 %"].generated < 0.2
    assert rows["two subjects, both with their colours"].generated < 0.1


def test_captions_that_tell_are_the_captions_of_the_training():
    drawn = sample(np.random.default_rng(1), 60)
    plain, telling = random.Random(4), random.Random(4)
    for i in range(60):
        assert caption(plain, drawn, i) == told_caption(telling, drawn, i)[0]


def test_what_is_told_to_be_said_is_said():
    words = {
        "colour": {"red": "red crimson scarlet"},
        "style": {"neon": "neon"},
        "time": {"night": "night dark midnight moonlight moon"},
    }
    drawn = sample(
        np.random.default_rng(2), 300, colour="red", style="neon", time="night", companion=None, place="city"
    )
    dice, unsaid = random.Random(0), 0
    for i in range(300):
        text, said = told_caption(dice, drawn, i)
        for name, table in words.items():
            spoken = set(tokens(text)) & set(next(iter(table.values())).split())
            if name == "time":  # "neon night look" says night, too
                assert name not in said or spoken
            else:
                assert (name in said) == bool(spoken), text
        unsaid += "colour" not in said
    assert 5 < unsaid < 40


def test_a_number_in_the_caption_is_an_amount_that_counts():
    drawn = sample(np.random.default_rng(2), 200, camera="pan", companion=None)
    dice = random.Random(0)
    for i in range(200):
        text, said = told_caption(dice, drawn, i)
        assert ("amount" in said) == any(token.isdigit() for token in tokens(text)), text
        want = expected(drawn, i, said)
        assert want.amounts == ({"pan": drawn["camera_amount"][i, 0]} if "amount" in said else {})


@pytest.mark.parametrize("name", ["size", "time", "weather", "style"])
def test_what_is_unsaid_means_its_default_or_nothing(name):
    default = {"size": "medium", "time": "day", "weather": "clear", "style": "plain"}[name]
    drawn = sample(np.random.default_rng(3), 200, place="city", companion=None)
    for i in range(200):
        value = NAMES[name][drawn[name][i]]
        unsaid = getattr(expected(drawn, i, frozenset()), name)
        assert unsaid == (default if value == default else None)
        assert getattr(expected(drawn, i, frozenset([name])), name) == value


def test_colour_and_place_have_no_default():
    want = expected(sample(np.random.default_rng(3), 1, companion=None), 0, frozenset())
    assert (want.colour, want.place) == (None, None)


def test_a_way_that_is_not_said_may_be_either():
    drawn = sample(np.random.default_rng(3), 1, motion="left", companion=None)
    want = expected(drawn, 0, frozenset(["crossing"]))
    assert want.motion == ("left", "right")
    reading = replace(true_readings(drawn)[0], motion="right")
    assert verdicts(want, reading)["motion"]
    assert "motion, direction" not in verdicts(want, reading)
    assert not verdicts(expected(drawn, 0, frozenset(["motion"])), reading)["motion, direction"]


@pytest.mark.parametrize(
    ("kind", "read", "asked", "error"),
    [("pan", 24, 20, 0.2), ("pan", -20, 20, 2.0), ("zoom", 1.0, 2.0, 1.0), ("zoom", 0.5, 2.0, 2.0), ("zoom", 4, 2, 1)],
)
def test_amounts_are_compared_in_parts_of_what_was_asked(kind, read, asked, error):
    assert relative_error(kind, read, asked) == pytest.approx(error)


def test_an_amount_of_the_wrong_move_is_wrong(readings):
    drawn = sample(np.random.default_rng(3), 1, camera="pan", companion=None)
    want, right = expected(drawn, 0, frozenset(["amount"])), true_readings(drawn)[0]
    assert verdicts(want, right)["amount within 10 %"]
    near = replace(right, amounts=right.amounts | {"pan": right.amounts["pan"] * 1.2})
    assert verdicts(want, near)["amount within 25 %"]
    assert not verdicts(want, near)["amount within 10 %"]
    assert not verdicts(want, replace(right, moves=("truck right",)))["amount within 25 %"]


def test_two_subjects_count_in_either_order_but_each_with_its_own_colour():
    want = Expected("cat", "red", companion="ball", companion_colour="blue")
    reading = replace(
        true_readings(sample(np.random.default_rng(0), 1))[0],
        subject="ball", colour="blue", companion="cat", companion_colour="red",
    )  # fmt: skip
    assert verdicts(want, reading)["two subjects, both with their colours"]
    mixed = replace(reading, colour="red", companion_colour="blue")
    assert verdicts(want, mixed)["two subjects"]
    assert not verdicts(want, mixed)["two subjects, both with their colours"]


def test_moves_in_turn_have_an_order_and_moves_at_once_have_none():
    reading = replace(
        true_readings(sample(np.random.default_rng(0), 1))[0], moves=("zoom in", "pan left"), join="in turn"
    )
    turn = Expected(moves=("pan left", "zoom in"), join="in turn")
    once = Expected(moves=("pan left", "zoom in"), join="at once")
    assert not verdicts(turn, reading)["two moves in turn, kinds, ways and order"]
    assert verdicts(turn, reading)["two moves, kinds and ways"]
    assert not verdicts(once, reading)["two moves at once, kinds, ways and order"]
    assert verdicts(once, replace(reading, join="at once"))["two moves at once, kinds, ways and order"]


def test_overlap_of_boxes():
    assert iou((0, 0, 0.5, 1), (0, 0, 0.5, 1)) == 1
    assert iou((0, 0, 0.5, 1), (0.25, 0, 0.75, 1)) == pytest.approx(1 / 3)
    assert iou((-1, 0, 0.5, 1), (0, 0, 0.5, 1)) == 1
    assert iou((0, 0, 0.1, 0.1), (0.5, 0.5, 1, 1)) == 0


def test_a_hundred_prompts_of_our_own_with_something_to_read_in_each():
    prompts = own_words()
    assert len({prompt for prompt, _ in prompts}) == 100
    assert all(want.subject and want.colour and (want.place or want.weather or want.moves) for _, want in prompts)
    moves = {move for _, want in prompts for move in want.moves}
    assert len(moves) == 18
    assert {want.subject for _, want in prompts} == set(NAMES["subject"])
    assert {want.colour for _, want in prompts} == set(NAMES["colour"])


def test_a_line_of_own_words_with_an_unknown_word_is_refused():
    with pytest.raises(ValueError, match="elephant"):
        parse("an elephant | elephant")


def test_a_changed_clip_differs_in_its_style_or_its_colour_alone():
    old = SPECS.attributes
    new, restyled = change(old)
    assert ((new["style"] != old["style"]) == restyled).all()
    assert ((new["colour"] != old["colour"]) == ~restyled).all()
    wants = say(new, 0, full=True).wants
    assert all(want.style and want.colour for want in wants)


def test_likeness_is_a_figure_for_each_clip():
    black = torch.zeros(2, 3, 5, 8, 8, dtype=torch.uint8)
    assert psnr(black, black + 255).tolist() == pytest.approx([0.0, 0.0])


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    torch.manual_seed(0)
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("evaluate")
    WanPipeline(
        tokenizer=save_tokenizer(folder / "tokenizer"),
        text_encoder=make_text_encoder(TINY),
        vae=make_vae(TINY),
        scheduler=UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0),
        transformer=make_transformer(TINY),
        expand_timesteps=True,
    ).save_pretrained(folder / "nano")
    make_transformer(TINY).save_pretrained(folder / "nano" / "transformer_4step")
    save_judge(Judge(TINY_JUDGE), folder / "judge")
    return folder


def evaluated(folders, *options):
    out = folders / "table.json"
    always = ["--weights", folders / "nano", "--judge", folders / "judge", "--out", out]
    always += ["--prompts", 5, "--size", "48x32", "--frames", 5, "--batch", 4]
    main([str(option) for option in [*always, *options]])
    return json.loads(out.read_text())


def test_the_whole_table(folders, capsys):
    sheet = folders / "sheet.jpg"
    table = evaluated(folders, "--steps", 2, "--i2v", 2, "--v2v", 4, "--own-words", "--drift", "--sheet", sheet)
    rows = {row["name"]: row for row in table["rows"]}
    asked = {
        "subject", "place", "sharpness", "VAE, PSNR on held-out renders", "v2v: new style", "v2v: new colour",
        "v2v: overlap (IoU) of the subject with the source", "i2v: first frame, PSNR (beside it: the VAE alone)",
        "own words: subject", "own words: all of it",
    }  # fmt: skip
    assert asked <= set(rows)
    assert rows["own words: all of it"]["count"] == 100
    kept = rows["i2v: first frame, PSNR (beside it: the VAE alone)"]
    assert kept["generated"] == pytest.approx(kept["truth"], abs=0.5)
    assert table["sampling"]["steps"] == 2
    assert table["command"].startswith("python -m wan_sdk.nano.evaluate --weights")
    assert len(table["sha256"]["judge"]["judge.safetensors"]) == 64
    assert Image.open(sheet).width > 1000
    assert markdown(table).splitlines()[0] in capsys.readouterr().out


def test_clips_can_be_made_anew_alone_and_with_a_guidance_of_their_own(folders):
    table = evaluated(folders, "--steps", 2, "--v2v", 4, "--skip-text")
    assert {row["name"].split(":")[0] for row in table["rows"]} == {"v2v"}
    assert (table["sampling"]["guidance"], table["sampling"]["restyle_guidance"]) == (2.5, 1.5)
    assert evaluated(folders, "--v2v", 2, "--skip-text", "--guidance", 4)["sampling"]["restyle_guidance"] == 4


def test_what_looks_at_clips_from_text_needs_them(folders, capsys):
    with pytest.raises(SystemExit):
        evaluated(folders, "--skip-text", "--drift")
    assert "--skip-text leaves out" in capsys.readouterr().err


def test_no_clips_are_measured_in_no_time():
    assert in_processes(len, []) == []


def test_four_steps_are_taken_without_guidance(folders):
    table = evaluated(folders, "--transformer", "transformer_4step")
    assert (table["sampling"]["steps"], table["sampling"]["guidance"]) == (4, 1.0)
    assert "transformer_4step/diffusion_pytorch_model.safetensors" in table["sha256"]["weights"]
