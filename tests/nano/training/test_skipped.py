import json

import torch

from wan_sdk.nano.training.networks import NANO
from wan_sdk.nano.training.run import Run
from wan_sdk.nano.training.skipped import SkippedSteps


def test_the_log_says_how_many_steps_each_shape_lost(tmp_path):
    run = Run("transformer", tmp_path, minutes=1, scale=NANO.only(["25x192x320", "25x240x240"]))
    skipped = SkippedSteps(run)
    for step in range(10):
        skipped.count(0, torch.tensor(step != 3))
        skipped.count(1, torch.tensor(step == 3))
    assert skipped.so_far() == 10
    skipped.note()
    run.journal.finish()
    log = json.loads((run.out / "log.json").read_text())
    assert log["skipped_by_shape"] == {"25x192x320": 1, "25x240x240": 9}
