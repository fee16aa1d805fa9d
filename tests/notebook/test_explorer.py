from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.studio_fixtures import SMALL
from wan_sdk import models
from wan_sdk.gallery import Gallery
from wan_sdk.notebook import browse, explore
from wan_sdk.spec import Camera, Look, Scene, Shot, Size
from wan_sdk.studio import Studio

from .conftest import MakeTake, keep
from .markup import read


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio("nano", gallery=tmp_path / "takes")


def turn(explorer: Any, **knobs: Any) -> None:
    for name, value in knobs.items():
        getattr(explorer, f"_{name}").value = value


def test_turning_a_knob_writes_the_shot_and_the_plan_follows(studio: Studio) -> None:
    explorer = explore(Shot("a boat", seconds=2), studio=studio)
    assert "12" in read(explorer._plan.value).text
    turn(explorer, prompt="a yellow boat", camera="pan right by 20 degrees", steps="6", guidance="4.5", seed="3")
    assert explorer.value == Shot("a yellow boat", seconds=2, camera=Camera.pan(20), steps=6, guidance=4.5, seed=3)
    plan = read(explorer._plan.value).text
    assert "a yellow boat" in plan
    assert read(explorer._drawing.value).all("img")


def test_empty_fields_follow_the_authors(studio: Studio) -> None:
    explorer = explore(Shot("a boat", seconds=2, steps=6, seed=1), studio=studio)
    turn(explorer, steps="", seed=" ")
    assert explorer.value == Shot("a boat", seconds=2)


@pytest.mark.parametrize(
    ("knob", "value", "words"),
    [
        ("steps", "many", "whole number"),
        ("steps", "0", "steps"),
        ("guidance", "nan", "guidance"),
        ("seconds", "90", "nano makes"),
        ("camera", "xyzzy", "camera"),
        ("prompt", "", "empty"),
        ("seed", "1.5", "whole number"),
    ],
)
def test_what_cannot_be_is_said_and_render_waits(studio: Studio, knob: str, value: str, words: str) -> None:
    explorer = explore(Shot("a boat", seconds=2), studio=studio)
    turn(explorer, **{knob: value})
    assert words in read(explorer._plan.value).text
    assert explorer._render_button.disabled
    turn(explorer, **{knob: {"seconds": "2", "prompt": "a boat"}.get(knob, "")})
    assert not explorer._render_button.disabled


def test_what_the_knobs_do_not_show_is_kept(studio: Studio) -> None:
    camera = Camera.handheld(1, seed=5)
    shot = Shot("a boat", seconds=2, look=Look("ink", negative="photo"), name="pier", camera=camera, size="480p")
    explorer = explore(shot, studio=studio)
    turn(explorer, prompt="a ship")
    assert explorer.value == shot.with_prompt("a ship")


def test_a_scene_is_turned_shot_by_shot(studio: Studio, scene: Scene) -> None:
    explorer = explore(scene, studio=studio)
    explorer._which.value = 1
    assert explorer._prompt.value == "a yellow bird above the sea"
    turn(explorer, prompt="a red bird")
    assert [shot.prompt for shot in explorer.value.shots] == ["a boat on the sea at dawn", "a red bird", "waves"]
    assert explorer.value.transitions == scene.transitions
    assert "3 calls" in read(explorer._plan.value).text


def test_sizes_are_those_of_the_model(studio: Studio) -> None:
    explorer = explore("a boat", studio=studio)
    assert [value for _, value in explorer._size.options] == ["", *(Size(*size) for size in models.get("nano").sizes)]


def test_render_and_keep(studio: Studio) -> None:
    explorer = explore(Shot("a red ball on sand", seconds=2, steps=1, seed=1, size=SMALL), studio=studio)
    job = explorer.render()
    take = job.result(300)
    for _ in range(100):
        if explorer.result is not None:
            break
        __import__("time").sleep(0.1)
    assert explorer.result.id == take.id
    assert read(explorer._screen.value).all("video")
    explorer.keep()
    assert [kept.id for kept in explorer.kept] == [take.id]
    assert "explorer.kept[0]" in explorer._message.value


def test_a_terminal_shows_text(studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    explore("a boat", studio=studio)._ipython_display_()
    browse(studio=studio)._ipython_display_()
    assert "Explorer of Shot('a boat'" in capsys.readouterr().out


@pytest.fixture
def full(gallery: Gallery, make_take: MakeTake) -> Gallery:
    from .test_sheet_view import grey

    for number, prompt in enumerate(["a boat on the sea", "a bird on a wall", "<b>boat</b> & bird"]):
        keep(gallery, Shot(prompt, seconds=2, seed=number), number, frames=grey(number))
    return gallery


def test_searching(full: Gallery, studio: Studio) -> None:
    browser = browse(full, studio=studio)
    assert len(browser.search()) == 3
    browser._words.value = "boat"
    assert [clip.shot.seed for clip in browser._found] == [2, 0]
    browser._seed.value = "0"
    assert [clip.shot.prompt for clip in browser._found] == ["a boat on the sea"]
    browser._seed.value = "one"
    assert "no seed" in read(browser._message.value).text
    browser._seed.value, browser._words.value, browser._since.value = "", "", 24 * 3600
    assert len(browser._found) == 3
    assert "a bird on a wall" in repr(browser)


def test_opening_verifying_and_forking(full: Gallery, studio: Studio) -> None:
    browser = browse(full, studio=studio)
    browser._list.value = 0
    assert browser.chosen.shot.prompt == "<b>boat</b> & bird"
    assert read(browser._screen.value).all("video")
    assert browser.verify().state == "TRUSTED"
    assert "TRUSTED" in read(browser._verdict.value).text
    forked = browser.fork()
    assert forked.value == browser.chosen.shot
    assert browser.chosen.path.exists()


def test_a_clip_that_was_deleted_is_said_to_be_gone(full: Gallery, studio: Studio) -> None:
    browser = browse(full, studio=studio)
    browser._found[1].path.unlink()
    browser.open(1)
    assert "is gone" in read(browser._screen.value).text


def test_an_empty_gallery(studio: Studio, tmp_path: Path) -> None:
    browser = browse(tmp_path / "nothing", studio=studio)
    assert "0 found, 0 kept" in read(browser._message.value).text


def test_ten_thousand_takes_are_listed_quickly(full: Gallery, studio: Studio) -> None:
    import sqlite3
    import time

    with sqlite3.connect(full._index) as index:
        columns = [row[1] for row in index.execute("PRAGMA table_info(takes)")]
        row = dict(zip(columns, index.execute("SELECT * FROM takes LIMIT 1").fetchone(), strict=True))
        more = [tuple({**row, "id": f"{number:016x}", "seed": number}.values()) for number in range(10_000)]
        index.executemany(f"INSERT INTO takes VALUES ({','.join('?' * len(columns))})", more)
    begun = time.perf_counter()
    browser = browse(full, studio=studio)
    assert time.perf_counter() - begun < 5
    assert "The newest 50" in read(browser._message.value).text
    browser._seed.value = "9999"
    assert len(browser._found) == 1
