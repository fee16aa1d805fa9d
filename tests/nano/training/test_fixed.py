"""A smaller world, said on the command line."""

import json
import re

import numpy as np
import pytest
import torch

from wan_sdk.errors import UsageError
from wan_sdk.nano.train import main
from wan_sdk.nano.training.data import Drawn
from wan_sdk.nano.training.fixed import read_fixed
from wan_sdk.nano.world import sample

BALL = ["subject=ball", "camera=pan,zoom", "companion=none"]


def test_words_become_what_the_world_takes():
    fixed = read_fixed([*BALL, "colour=red"])
    assert fixed == {"subject": "ball", "camera": ["pan", "zoom"], "companion": None, "colour": "red"}
    assert read_fixed(["camera=pan", "companion=any"]) == {"camera": "pan", "companion": "any"}
    assert read_fixed([]) == {}
    drawn = sample(np.random.default_rng(0), 5, **fixed)
    assert len(set(drawn["subject"])) == len(set(drawn["colour"])) == 1


@pytest.mark.parametrize(
    ("words", "said", "hint"),
    [
        (["subjekt=ball"], "no attribute 'subjekt'", "did you mean 'subject'"),
        (["subject=bal"], "no subject 'bal'", "did you mean 'ball'"),
        (["camera=pan,zooom"], "no camera 'zooom'", "did you mean 'zoom'"),
        (["camera=pan,"], "no camera ''", "static, pan"),
        (["companion=None"], "no companion 'None'", "did you mean 'none'"),
        (["ball"], "'ball' is not NAME=VALUE", "subject=ball"),
        (["subject=ball", "subject=car"], "subject is said twice", "once"),
    ],
)
def test_what_the_world_does_not_have_is_refused_with_the_nearest_right_word(words, said, hint):
    with pytest.raises(UsageError, match=re.escape(said)) as caught:
        read_fixed(words)
    assert hint in caught.value.hint


def test_the_command_line_refuses_in_the_same_words_and_trains_nothing(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["vae", "--tiny", "--out", str(tmp_path / "run"), "--fixed", "subject=bal"])
    assert "did you mean 'ball'" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_stage_trains_and_is_measured_on_the_smaller_world_and_says_so(tmp_path, monkeypatch):
    worlds = []
    began = Drawn.__init__

    def noted(self, *args, **options):
        began(self, *args, **options)
        worlds.append(self.fixed)

    monkeypatch.setattr(Drawn, "__init__", noted)
    torch.set_num_threads(1)
    main(["vae", "--tiny", "--minutes", "0.01", "--out", str(tmp_path), "--fixed", *BALL])
    log = json.loads((tmp_path / "vae" / "log.json").read_text())
    assert log["runs"][-1]["fixed"] == {"subject": "ball", "camera": "['pan', 'zoom']", "companion": "None"}
    assert len(worlds) >= 2  # what is trained on, and what is held out
    assert all(world == read_fixed(BALL) for world in worlds)
