"""The judge learns, goes on, is written and read back; what it should answer is what is in the clip."""

import json

import numpy as np
import pytest
import torch

from wan_sdk.nano.evaluation.judge import (
    SIGNED_MOVES,
    TINY_JUDGE,
    Judge,
    JudgeShape,
    fit_clips,
    load_judge,
    read,
    readings_of_targets,
    save_judge,
    targets_of,
)
from wan_sdk.nano.training.judge import TINY_PORTION, judged_clips, load_copier, spoil, train_judge
from wan_sdk.nano.training.networks import TINY, make_vae
from wan_sdk.nano.training.run import Run
from wan_sdk.nano.world import build, sample
from wan_sdk.nano.world.truth import subject_boxes
from wan_sdk.spec.camera_moves import InTurn, Move, Together


def train(folder, minutes=0.04):
    torch.set_num_threads(1)
    run = Run("judge", folder, minutes, scale=TINY)
    train_judge(run)
    run.close()
    return json.loads((folder / "judge" / "log.json").read_text())


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("judge")
    return folder, train(folder)


def truth_of(**fixed):
    drawn = sample(np.random.default_rng(5), 4, **fixed)
    boxes = subject_boxes(build(drawn, frames=5), 96, 160)
    return drawn, targets_of({name: torch.as_tensor(value) for name, value in drawn.items()}, boxes)


def test_the_stage_learns_and_measures_itself_on_held_out_clips(trained):
    _, log = trained
    assert log["finished"]
    assert log["held_out"]["clips"] == 16
    assert 0 <= log["held_out"]["subject"] <= 1
    untrained = 35.0
    assert log["rows"][-1]["loss"] < untrained


def test_the_stage_goes_on_where_it_stopped(trained):
    folder, before = trained
    after = train(folder, 0.02)
    assert len(after["runs"]) == 2
    assert after["rows"][: len(before["rows"])] == before["rows"]
    assert after["rows"][-1]["step"] > before["rows"][-1]["step"]


def test_what_is_written_reads_the_same_again(trained):
    folder, _ = trained
    judge = load_judge(folder / "judge" / "judge")
    assert judge.shape == TINY_JUDGE
    clips = torch.rand(3, 3, 5, 32, 48) * 2 - 1
    save_judge(judge, folder / "again")
    again = load_judge(folder / "again")
    for one, other in zip(read(judge, clips, batch=2), read(again, clips), strict=True):
        assert (one.subject, one.moves, one.motion) == (other.subject, other.moves, other.motion)
        assert np.allclose(one.boxes, other.boxes, atol=1e-3)


def test_the_file_stays_under_twelve_megabytes():
    assert 4e6 < sum(parameter.numel() for parameter in Judge().parameters()) < 6e6


def test_every_weight_of_the_judge_learns():
    judge = Judge(TINY_JUDGE)
    answers = judge(torch.rand(2, 3, 3, 32, 48) * 2 - 1)
    sum((answer**2).sum() for answer in answers.values()).backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in judge.parameters())


def test_a_judge_sees_the_order_of_frames():
    torch.manual_seed(0)
    judge, clips = Judge(TINY_JUDGE).eval(), torch.rand(1, 3, 3, 32, 48) * 2 - 1
    assert not torch.allclose(judge(clips)["first_move"], judge(clips.flip(2))["first_move"], atol=1e-4)


@pytest.mark.parametrize(
    ("camera", "moves", "join"),
    [
        (Move("static", 0), ("static",), "single"),
        (Move("pan", -20), ("pan left",), "single"),
        (Move("zoom", 0.5), ("zoom out",), "single"),
        (Move("handheld", 0.6), ("handheld",), "single"),
        (Together((Move("orbit", 20), Move("pan", 10))), ("pan right", "orbit right"), "at once"),
        (InTurn((Move("roll", -20), Move("tilt", 10)), (0.5, 0.5)), ("roll counterclockwise", "tilt up"), "in turn"),
        (InTurn((Move("truck", 0.3), Move("static", 0)), (0.5, 0.5)), ("truck right",), "in turn"),
    ],
)
def test_the_camera_is_told_as_it_is(camera, moves, join):
    _, targets = truth_of(camera=camera)
    for reading in readings_of_targets(targets):
        assert (reading.moves, reading.join) == (moves, join)
        parts = [camera] if isinstance(camera, Move) else camera.parts
        for part in parts:
            if part.kind != "static":
                assert reading.amounts[part.kind] == pytest.approx(part.amount, rel=1e-4)


def test_of_two_that_stand_still_the_first_is_the_left_one():
    _, targets = truth_of(
        subject="cat", companion="ball", motion="still", colour="red", companion_colour="blue", companion_side=-1
    )
    reading = readings_of_targets(targets)[0]
    assert (reading.subject, reading.colour, reading.companion, reading.companion_colour) == (
        "ball", "blue", "cat", "red",
    )  # fmt: skip
    _, targets = truth_of(subject="cat", companion="ball", motion="left", companion_side=-1)
    assert readings_of_targets(targets)[0].subject == "cat"


def test_there_are_eighteen_moves_with_their_ways():
    assert len(SIGNED_MOVES) == len(set(SIGNED_MOVES)) == 18


def test_clips_of_other_sizes_keep_their_first_and_last_frame_and_their_mean():
    clips = torch.rand(2, 3, 49, 192, 320)
    fitted = fit_clips(clips, JudgeShape())
    assert fitted.shape == (2, 3, 13, 96, 160)
    for k, frame in ((0, 0), (6, 24), (12, 48)):
        assert torch.allclose(fitted[:, :, k].mean((-1, -2)), clips[:, :, frame].mean((-1, -2)), atol=1e-5)


def test_some_clips_are_spoilt_and_some_are_not():
    torch.manual_seed(0)
    clips = torch.rand(200, 3, 2, 8, 8) * 1.6 - 0.8
    same = (spoil(clips) == clips).flatten(1).all(1).float().mean()
    assert 0.35 < same < 0.6


def test_two_thirds_of_the_clips_of_the_smaller_size_go_through_the_vae_of_the_start(tmp_path):
    torch.manual_seed(0)
    make_vae(TINY).save_pretrained(tmp_path / "vae")
    run = Run("judge", tmp_path, 1, start=tmp_path, scale=TINY)
    plain, copied = (judged_clips(run, 3, TINY_PORTION, TINY_JUDGE, vae) for vae in (None, load_copier(run)))
    for spoilt in (2 * TINY_PORTION.rendered // 3, 0):
        (one, targets), (other, same_targets) = next(plain), next(copied)
        assert (one != other).flatten(1).any(1).sum() == spoilt
        assert all(torch.equal(targets[name], same_targets[name]) for name in targets)
