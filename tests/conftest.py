"""Every test has a home of its own, so that no key, ledger or setting of the machine is touched."""

import os

# Workers share the cores: one with more threads than its share waits at every barrier for the others.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory, monkeypatch):
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("WAN_SDK_HOME", str(home))
    monkeypatch.setenv("WAN_SDK_OFFLINE", "1")
    for name in ("WAN_SDK_GALLERY", "WAN_SDK_MODEL", "WAN_SDK_EMBED_MB"):
        monkeypatch.delenv(name, raising=False)
    return home


pytest_plugins = ["tests.studio_fixtures"]
