"""Kill, interrupt, a full disk, a second process: files are whole or absent, and the next render works."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.studio_fixtures import SMALL
from wan_sdk import Shot
from wan_sdk.engine.protocol import StageStarted
from wan_sdk.errors import StorageError
from wan_sdk.studio import Studio

SHOT = Shot("a boat on the sea", steps=2, seed=1, size=SMALL)
STAGES = ("load", "text", "denoise", "decode", "mark", "encode", "sign")

PROGRAM = """
import sys, resource
from wan_sdk import Shot, Size
from wan_sdk.studio import Studio
from wan_sdk.engine.protocol import StageStarted
gallery, stage, action = sys.argv[1:]

def listen(event):
    if isinstance(event, StageStarted) and event.stage == stage:
        if action == "full":
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        else:
            print("reached", flush=True)
            import time; time.sleep(60)

import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    take = Studio("nano", gallery=gallery).render(
        Shot("a boat on the sea", steps=2, seed=1, size=Size(160, 96)), listen=listen
    )
    print("done", take.id, flush=True)
except Exception as problem:
    print(type(problem).__name__, flush=True)
"""


def start(gallery, stage, action):
    command = [sys.executable, "-c", PROGRAM, str(gallery), stage, action]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def check_whole(gallery, studio):
    assert studio.gallery.takes() == []
    assert list(gallery.glob("*.mp4")) == []
    take = studio.render(SHOT)
    assert take.verify().state == "TRUSTED"
    assert len(list(gallery.glob("*.mp4"))) == 1


@pytest.mark.parametrize("stage", ["denoise", "mark", "sign"])
def test_a_killed_render_leaves_the_gallery_whole(studio, tmp_path, stage):
    process = start(tmp_path / "takes", stage, "wait")
    assert process.stdout.readline().strip() == "reached"
    process.send_signal(signal.SIGKILL)
    process.wait()
    check_whole(tmp_path / "takes", studio)


@pytest.mark.parametrize("stage", STAGES)
def test_an_interrupt_at_any_stage_leaves_gallery_and_engine_whole(studio, tmp_path, stage):
    reached = []

    def interrupt(event):
        if isinstance(event, StageStarted) and event.stage == stage and not reached:
            reached.append(stage)
            raise KeyboardInterrupt

    if stage == "load":
        studio.unload()
    with pytest.raises(KeyboardInterrupt):
        studio.render(SHOT.with_seed(STAGES.index(stage) + 10), listen=interrupt)
    assert studio.gallery.takes() == []
    assert list((tmp_path / "takes").glob("*.mp4")) == []
    assert studio.render(SHOT.with_seed(STAGES.index(stage) + 10)).verify().state == "TRUSTED"


@pytest.mark.parametrize("stage", ["decode", "encode"])
def test_a_disk_that_fills_is_a_typed_error_and_leaves_nothing_half_written(studio, tmp_path, stage):
    process = start(tmp_path / "takes", stage, "full")
    out, _ = process.communicate(timeout=300)
    assert out.split() == ["StorageError"]
    check_whole(tmp_path / "takes", studio)


def test_two_processes_may_render_into_one_gallery(studio, tmp_path):
    gallery = tmp_path / "takes"
    processes = [start(gallery, "none", "wait") for _ in range(2)]
    ids = [process.communicate(timeout=300)[0].split()[1] for process in processes]
    assert all((gallery / f"{id}.mp4").exists() for id in ids)
    assert studio.render(SHOT.with_seed(9)).verify().state == "TRUSTED"
    found = Studio("nano", gallery=gallery).render(SHOT)
    assert found.reused
    assert found.id in ids


def test_what_a_crash_left_behind_is_swept_when_it_is_old(studio, tmp_path):
    studio.gallery.prepare()
    old, new = (tmp_path / "takes" / f".incoming-1-{age}.mp4" for age in ("old", "new"))
    for path in (old, new):
        path.write_bytes(b"half")
    yesterday = time.time() - 2 * 24 * 3600
    os.utime(old, (yesterday, yesterday))
    studio.gallery.prepare()
    assert (old.exists(), new.exists()) == (False, True)


def test_latents_on_a_full_disk_are_a_typed_error(studio, monkeypatch):
    studio.gallery.prepare()

    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    import numpy as np

    with pytest.raises(StorageError, match="No space left"):
        studio.gallery.put_latents("key", np.zeros(3, np.float32))
    assert list((studio.gallery.folder / "latents").iterdir()) == []
