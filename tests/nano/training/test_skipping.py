import json

import pytest
import torch

from wan_sdk.nano.training.networks import NANO
from wan_sdk.nano.training.run import Run
from wan_sdk.nano.training.skipping import Skipping


@pytest.fixture
def run(tmp_path):
    return Run("transformer", tmp_path, minutes=1, scale=NANO.only(["25x192x320", "25x240x240"]))


def test_a_shape_that_is_mostly_skipped_goes_on_uncompiled(run):
    skipping = Skipping(run)
    for step in range(10):
        skipping.count(0, torch.tensor(step != 3))
        skipping.count(1, torch.tensor(step == 3))
    assert skipping.review() == 10
    assert skipping.uncompiled == {1}
    calls = []

    def backend(graph, inputs):
        calls.append(graph)
        return graph.forward

    double = torch.compile(lambda x: 2 * x, backend=backend)
    with skipping.kernels(1):
        assert torch.equal(double(torch.ones(2)), torch.full((2,), 2.0))
    assert not calls
    with skipping.kernels(0):
        double(torch.ones(2))
    assert len(calls) == 1


def test_few_steps_are_no_reason_yet(run):
    skipping = Skipping(run)
    for _ in range(4):
        skipping.count(1, torch.tensor(False))
    assert skipping.review() == 4
    assert not skipping.uncompiled


def test_the_log_names_the_shapes(run):
    skipping = Skipping(run)
    for _ in range(6):
        skipping.count(1, torch.tensor(False))
    skipping.review()
    skipping.note()
    run.journal.finish()
    log = json.loads((run.out / "log.json").read_text())
    assert log["skipped_by_shape"] == {"25x192x320": 0, "25x240x240": 6}
    assert log["uncompiled"] == ["25x240x240"]
