"""Tiny checkpoints of every family, made once, and an engine that knows them."""

import pytest
import torch

from tests.engine import tiny
from wan_sdk.engine.local import LocalEngine
from wan_sdk.engine.quiet import quiet


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    with quiet():
        saved = [tiny.save(name, folder / name) for name in tiny.FAMILIES]
    return {model.key: model for model in saved}


@pytest.fixture(scope="session")
def shared_engine(tiny_models):
    """One engine for all tests, in float32 so that it can be compared with diffusers' own calls."""
    return LocalEngine(tiny_models, dtype="float32", device="cpu")


@pytest.fixture
def fresh_engine(tiny_models):
    return LocalEngine(tiny_models, dtype="float32", device="cpu")


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
