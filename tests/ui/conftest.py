"""A real JupyterLab in a real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from .lab import Lab

ARTEFACTS = Path(os.environ.get("WAN_SDK_ARTEFACTS", Path(__file__).parents[2] / "artefacts" / "ui"))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="session")
def address(folder: Path) -> Iterator[str]:
    """Start JupyterLab on a free port of this machine, with a home of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {
        **os.environ,
        "HOME": str(folder / "home"),
        "JUPYTER_CONFIG_DIR": str(folder / "home" / "config"),
        "JUPYTER_DATA_DIR": str(folder / "home" / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "home" / "runtime"),
        "IPYTHONDIR": str(folder / "home" / "ipython"),
        "WAN_SDK_HOME": str(folder / "home" / "wan"),
        "WAN_SDK_GALLERY": "wan_takes",
        "WAN_SDK_OFFLINE": "1",
    }
    (folder / "work").mkdir()
    quiet = folder / "home" / "config" / "labconfig" / "default_setting_overrides.json"
    quiet.parent.mkdir(parents=True)
    news = {"fetchNews": "false", "checkForUpdates": False}
    quiet.write_text(json.dumps({"@jupyterlab/apputils-extension:notification": news}), "utf-8")
    log = (folder / "lab.log").open("wb")
    server = subprocess.Popen(
        [
            sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
            "--IdentityProvider.token=ui", f"--ServerApp.root_dir={folder / 'work'}", "--expose-app-in-browser",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.extension_manager=readonly",
        ],
        env=env, stdout=log, stderr=subprocess.STDOUT,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{url}/api/status?token=ui", server, folder / "lab.log")
        yield url
    finally:
        server.terminate()
        server.wait(20)
        log.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    found = os.environ.get("WAN_SDK_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert found, "Chromium is not installed: apt-get install chromium"
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, headless=True, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def lab(address: str, folder: Path, browser: object, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """A fresh page of JupyterLab; a screenshot of how it ends is kept, and its console must be clean."""
    lab = Lab(browser, address, folder / "work", ARTEFACTS / request.node.name)
    yield lab
    lab.close()


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(240):
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            assert server.poll() is None, log.read_text(errors="replace")[-2000:]
            time.sleep(0.25)
    raise AssertionError(f"JupyterLab did not start: {log.read_text(errors='replace')[-2000:]}")
