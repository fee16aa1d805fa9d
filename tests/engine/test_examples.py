"""The examples in the docstrings of the engine do what they say."""

import doctest
import importlib

import pytest

ROOMS = ("checkpoint", "decode", "local", "machine", "schedulers", "weights")


@pytest.mark.parametrize("room", ROOMS)
def test_examples(room):
    result = doctest.testmod(importlib.import_module(f"wan_sdk.engine.{room}"))
    assert result.attempted
    assert not result.failed
