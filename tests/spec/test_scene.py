"""Scenes: order, names, transitions, files."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from tests.spec import strategies as some
from wan_sdk.errors import SpecError, StorageError, UnknownName
from wan_sdk.spec import Character, Look, Marking, Scene, Shot, Transition

SCENE = (
    Scene("Harbour", look="watercolour", seed=7)
    .shot("a boat", name="pier", seconds=2)
    .shot("a bird", via=Transition.dissolve(0.5))
    .shot("waves", via="fade", name="waves")
)


def test_shots_are_found_by_number_and_name():
    assert len(SCENE) == 3
    assert SCENE["pier"] is SCENE[0]
    assert SCENE[-1] is SCENE["waves"]
    assert [shot.prompt for shot in SCENE] == ["a boat", "a bird", "waves"]
    assert SCENE[1:] == SCENE.shots[1:]
    for key in (3, -4, "peer", "a boat", True, None, 1.0):
        with pytest.raises(SpecError):
            SCENE[key]
    with pytest.raises(UnknownName) as caught:
        SCENE["peer"]
    assert "'pier'" in caught.value.hint


def test_a_misspelt_field_gets_a_hint():
    with pytest.raises(UnknownName) as caught:
        SCENE.shot("a boat", secnds=2)
    assert "'seconds'" in caught.value.hint


def test_transitions_stay_beside_their_shots():
    assert [via.kind for via in SCENE.transitions] == ["cut", "dissolve", "fade"]
    assert [via.kind for via in SCENE.without("pier").transitions] == ["cut", "fade"]
    assert [via.kind for via in SCENE.without(1).transitions] == ["cut", "fade"]
    other = SCENE.replacing("waves", Shot("storm"))
    assert (other[2].prompt, other.transitions[2].kind) == ("storm", "fade")
    assert SCENE.replacing(1, Shot("storm"), via="wipe").transitions[1].kind == "wipe"
    assert [via.kind for via in SCENE.with_shots(*SCENE).transitions] == ["cut"] * 3
    with pytest.raises(SpecError, match="first shot"):
        Scene("Harbour").shot("a boat", via="dissolve")
    with pytest.raises(SpecError, match="transitions"):
        Scene("Harbour", [Shot("a boat")], transitions=["cut", "cut"])


@some.few
@given(some.scenes())
def test_with_returns_a_copy_and_never_changes_the_receiver(scene):
    before = repr(scene), hash(scene)
    values = {
        "title": "Other", "look": Look("ink"), "seed": 12, "size": "1:1", "fps": 17, "model": "nano",
        "marking": Marking(label="always"),
    }  # fmt: skip
    for field, value in values.items():
        changed = getattr(scene, f"with_{field}")(value)
        assert getattr(changed, field) == value
        assert changed.shots == scene.shots
    assert scene.with_look("ink").look == Look("ink")
    assert len(scene.shot("one more")) == len(scene) + 1
    assert scene.with_look(None).look is None
    assert (repr(scene), hash(scene)) == before


def test_cast():
    scene = Scene("Harbour", cast=[Character("Mara", looks="red raincoat")]).shot("{Mara} waves", name="pier")
    assert scene.prompt_of("pier") == "Mara (red raincoat) waves"
    assert scene.with_cast(Character("Mara"), Character("Tom")).cast == (Character("Mara"), Character("Tom"))
    with pytest.raises(UnknownName) as caught:
        scene.shot("{Mira} waves").prompt_of(1)
    assert caught.value.where == "Shot 1 of Scene 'Harbour'"
    assert "{Mara}" in caught.value.hint
    with pytest.raises(SpecError, match="twice"):
        Scene("Harbour", cast=[Character("Mara"), Character("Mara", looks="other")])


@pytest.mark.parametrize(
    "make",
    [
        lambda: Scene(""),
        lambda: Scene("a\nb"),
        lambda: Scene("a\x00b"),
        lambda: Scene("a" * 1000),
        lambda: Scene(5),
        lambda: Scene("a", [5]),
        lambda: Scene("a", Shot("b")),
        lambda: Scene("a", "b"),
        lambda: Scene("a", 5),
        lambda: Scene("a", [Shot("b", name="x"), Shot("c", name="x")]),
        lambda: Scene("a", cast="Mara"),
        lambda: Scene("a", cast=["Mara"]),
        lambda: Scene("a", seed=-1),
        lambda: Scene("a", seed=True),
        lambda: Scene("a", fps=0),
        lambda: Scene("a", size="big"),
        lambda: Scene("a", model=""),
        lambda: Scene("a", marking="on"),
        lambda: Scene("a", look=5),
        lambda: Scene("a").shot(""),
        lambda: Scene("a").then("a boat"),
        lambda: Scene("a", [Shot("b")] * 3000),
    ],
)
def test_what_cannot_be_is_refused(make):
    with pytest.raises(SpecError):
        make()


@pytest.mark.parametrize("name", ["scene.yaml", "scene.yml", "scene.json", "Scene.JSON"])
def test_a_saved_scene_loads_equal(tmp_path, name):
    SCENE.save(tmp_path / name)
    assert Scene.load(tmp_path / name) == SCENE
    assert Scene.load(str(tmp_path / name)) == SCENE
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


@some.few
@given(some.scenes())
def test_any_scene_is_saved_and_loaded(tmp_path_factory, scene):
    path = tmp_path_factory.mktemp("scene") / "scene.json"
    tidy = Scene.from_dict(_with_tidy_paths(scene.to_dict()))
    tidy.save(path)
    assert Scene.load(path) == tidy


def _with_tidy_paths(data):
    if isinstance(data, list):
        return [_with_tidy_paths(item) for item in data]
    if isinstance(data, dict):
        return {key: "pictures/a.png" if key == "path" else _with_tidy_paths(value) for key, value in data.items()}
    return data


def test_paths_are_relative_to_the_scene_file(tmp_path, monkeypatch):
    (tmp_path / "films").mkdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    scene = Scene("Harbour").then(Shot("she turns").starting_on("films/mara.png").ending_on(tmp_path / "end.png"))
    scene.save("films/scene.yaml")
    text = Path("films/scene.yaml").read_text("utf-8")
    assert "path: mara.png\n" in text
    assert Scene.load("films/scene.yaml") == scene
    monkeypatch.chdir(tmp_path / "elsewhere")
    moved = Scene.load("../films/scene.yaml")
    assert Path(moved[0].references[0].path).resolve() == tmp_path / "films" / "mara.png"
    assert moved[0].references[1].path == str(tmp_path / "end.png")


def test_a_failed_save_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "scene.yaml"
    SCENE.save(path)
    old = path.read_bytes()

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        SCENE.shot("one more").save(path)
    assert path.read_bytes() == old
    assert [entry.name for entry in tmp_path.iterdir()] == ["scene.yaml"]


def test_an_interrupted_save_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "scene.yaml"

    def interrupted(_descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        SCENE.save(path)
    assert list(tmp_path.iterdir()) == []


def test_files_that_cannot_be_read_or_written(tmp_path):
    with pytest.raises(SpecError, match="no such file"):
        Scene.load(tmp_path / "none.yaml")
    with pytest.raises(SpecError, match="ends in"):
        Scene.load(tmp_path / "scene.txt")
    with pytest.raises(SpecError, match="ends in"):
        SCENE.save(tmp_path / "scene")
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(SpecError, match="cannot be read"):
        Scene.load(tmp_path / "folder.yaml")
    with pytest.raises(StorageError):
        SCENE.save(tmp_path / "folder.yaml")
    with pytest.raises(StorageError):
        SCENE.save(tmp_path / "absent" / "scene.yaml")
    (tmp_path / "cut.yaml").write_text("title: Harbour\nshots: [", "utf-8")
    with pytest.raises(SpecError) as caught:
        Scene.load(tmp_path / "cut.yaml")
    assert caught.value.where == str(tmp_path / "cut.yaml")
    (tmp_path / "wrong.yaml").write_text("title: Harbour\nshots: [{prompt: a, seconds: -1}]", "utf-8")
    with pytest.raises(SpecError) as caught:
        Scene.load(tmp_path / "wrong.yaml")
    assert caught.value.where == f"{tmp_path / 'wrong.yaml'}, shots[0], Shot"
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []


def test_a_saved_scene_has_the_modes_of_an_ordinary_file(tmp_path):
    SCENE.save(tmp_path / "scene.yaml")
    (tmp_path / "ordinary").write_text("a", "utf-8")
    assert (tmp_path / "scene.yaml").stat().st_mode == (tmp_path / "ordinary").stat().st_mode


def test_what_could_not_be_read_again_is_not_written(tmp_path):
    scene = Scene("Harbour", [Shot("a boat " * 2000)] * 80)
    with pytest.raises(SpecError, match="read again"):
        scene.save(tmp_path / "scene.yaml")
    assert list(tmp_path.iterdir()) == []
    scene.save(tmp_path / "scene.json")
    assert Scene.load(tmp_path / "scene.json") == scene


def test_an_array_is_not_saved_and_no_file_is_left(tmp_path):
    scene = Scene("Harbour").then(Shot("she turns").starting_on(np.zeros((4, 4, 3), np.uint8)))
    with pytest.raises(SpecError, match="array"):
        scene.save(tmp_path / "scene.yaml")
    assert list(tmp_path.iterdir()) == []
