"""What the stages share."""

from wan_sdk.nano.training.run import Run


def test_processes_begin_at_different_shapes_and_leave_none_out(tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "1")
    run, shapes = Run("text", tmp_path, 1), ("a", "b", "c", "d", "e", "f")
    assert run.from_elsewhere(shapes) == list(shapes)
    run.ranks = 2
    for rank, order in enumerate(("abcdef", "defabc")):
        run.rank = rank
        assert run.from_elsewhere(shapes) == list(order)
