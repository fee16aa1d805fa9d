"""A gallery with real takes: plans of real scenes, clips that were really marked, encoded and signed.

Only the model is left out: the pictures are drawn, since nothing here depends on what they show.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wan_sdk import models
from wan_sdk.gallery import Gallery
from wan_sdk.marking.deliver import deliver
from wan_sdk.marking.manifest import Claims
from wan_sdk.media.frames import Frames
from wan_sdk.notebook.budget import Budget
from wan_sdk.planning import Plan, resolve
from wan_sdk.planning.call import Machine
from wan_sdk.recipe import MarkRecord, Recipe
from wan_sdk.spec import Camera, Marking, Scene, Shot, Transition
from wan_sdk.take import Take

HOSTILE = [
    '<script>alert("x")</script><img src=x onerror=alert(1)>',
    '"><b onmouseover=alert(1)>boat</b>',
    "x" * 10_000,
    "👩‍🚒🌊🏳️‍🌈 雨の港 مرفأ",
    "line one\nline two\r\n\tline three",
    "</figcaption></figure>&amp;&lt;",
]
# A prompt may not hold these; a file's title, a signer's name or a recipe from elsewhere may.
HIDDEN = ["a boat \u202eaes eht no\u202c at dawn", "a\u200bb\u2060c\ufeffd\x00e\x1bf", "\ud800", "\u2066x\u2069"]


@pytest.fixture(scope="session", autouse=True)
def _shared_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One home for this room: what was signed once for many tests stays trusted."""
    home = tmp_path_factory.mktemp("notebook_home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WAN_SDK_HOME", str(home))
        yield home


@pytest.fixture(autouse=True)
def own_home(_shared_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WAN_SDK_HOME", str(_shared_home))
    monkeypatch.setenv("WAN_SDK_OFFLINE", "1")
    monkeypatch.delenv("WAN_SDK_EMBED_MB", raising=False)
    monkeypatch.setattr("wan_sdk.notebook.player.NOTEBOOK", Budget())
    return _shared_home


def plan_of(x: Any) -> Plan:
    machine = Machine("cpu", "a laptop", 16.0, 0.1)
    return resolve(
        x, catalogue=models.catalogue(), machine=machine, probes={}, model=None, default_model="nano", tier="exact"
    )


def moving(count: int, width: int, height: int, seed: int) -> Frames:
    """A textured picture that slides: what a codec and a watermark meet in real film."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (height // 16 + 2, (width + 4 * count) // 16 + 2, 3)).astype(np.uint8)
    big = np.kron(coarse, np.ones((16, 16, 1), np.uint8))
    noise = rng.integers(-12, 12, big.shape)
    world = np.clip(big.astype(int) // 2 + 60 + noise, 0, 255).astype(np.uint8)
    return Frames(np.stack([world[:height, 4 * t : 4 * t + width] for t in range(count)]), 12.0)


MakeTake = Callable[..., Take]


def keep(gallery: Gallery, shot: Shot, seed: int = 0, *, frames: Frames | None = None) -> Take:
    call = plan_of(shot).calls[0]
    width, height = call.delivered_size
    frames = frames or moving(call.num_frames, width, height, seed)
    call = replace(call, fps=frames.fps)
    gallery.prepare()
    with gallery.incoming() as path:
        claims = Claims("t2v", model=call.model, seed=call.seed, width=width, height=height, fps=frames.fps,
                        frames=len(frames))  # fmt: skip
        delivered = deliver(frames, path, marking=Marking(watermark=None), claims=claims)
        recipe = Recipe(
            kind="take",
            spec=shot.to_dict(),
            calls=(call,),
            weights={},
            frames_sha256=delivered.frames_sha256,
            marks=MarkRecord(signed=True, watermark=None),
            seconds={"denoise": 6.0, "encode": 0.5},
        )
        taken = gallery.add(path, key=f"{seed}", latents=(), content_id=delivered.content_id, recipe=recipe,
                            words=shot.prompt)  # fmt: skip
    assert isinstance(taken, Take)
    return taken


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    return Gallery(tmp_path / "takes")


@pytest.fixture
def make_take(gallery: Gallery) -> MakeTake:
    return lambda shot, seed=0, **options: keep(gallery, shot, seed, **options)


SHOT = Shot("a red ball rolls over green grass", seconds=2, camera=Camera.pan(degrees=20), seed=7)


@pytest.fixture
def shot() -> Shot:
    return SHOT


@pytest.fixture(scope="session")
def _first_take(_shared_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Take:
    return keep(Gallery(tmp_path_factory.mktemp("first")), SHOT)


@pytest.fixture
def take(_first_take: Take, gallery: Gallery) -> Take:
    """A take with a gallery of its own, so that a test may do to its file what it likes."""
    shutil.copytree(_first_take.path.parent, gallery.folder)
    found = gallery.open(_first_take.id)
    assert isinstance(found, Take)
    return found


@pytest.fixture
def scene() -> Scene:
    return (
        Scene("Harbour", look="watercolour", seed=7)
        .shot("a boat on the sea at dawn", seconds=2, camera=Camera.zoom(1.3))
        .shot("a yellow bird above the sea", seconds=2, name="bird", via=Transition.dissolve(seconds=0.5))
        .shot(
            "waves",
            seconds=2,
            camera=Camera.tilt(degrees=-15).then(Camera.static()),
            via=Transition.fade(colour="white"),
        )
    )
