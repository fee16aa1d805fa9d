"""What is written comes back equal, in every form; what cannot be read says why."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.spec import strategies as some
from wan_sdk.errors import SchemaError, SpecError, UnknownName
from wan_sdk.spec import (
    Camera,
    Character,
    Look,
    Lora,
    Marking,
    Reference,
    Scene,
    Shot,
    Size,
    Sweep,
    Transition,
    schema,
    schema_text,
)

EVERYTHING = st.one_of(
    some.cameras, some.loras, some.looks, some.restyles, some.subjects, some.transitions, some.markings,
    some.characters, some.shots, some.scenes(), st.builds(Size, st.integers(1, 9999), st.integers(1, 9999)),
)  # fmt: skip


@some.quick
@given(EVERYTHING)
def test_what_is_written_comes_back_equal_with_the_same_hash(thing):
    kind = type(thing)
    for back in (
        kind.from_dict(thing.to_dict()),
        kind.from_json(thing.to_json()),
        kind.from_yaml(thing.to_yaml()),
        kind.from_plain(json.loads(json.dumps(thing.plain()))),
    ):
        assert back == thing
        assert hash(back) == hash(thing)


@some.few
@given(some.scenes())
def test_writing_twice_gives_the_same_text(scene):
    assert Scene.from_json(scene.to_json()).to_json() == scene.to_json()
    assert Scene.from_yaml(scene.to_yaml()).to_yaml() == scene.to_yaml()


@some.few
@given(some.shots)
def test_defaults_are_left_out(shot):
    written = shot.plain()
    assert all(value is not None and value != [] for value in written.values())
    assert Shot("a boat").plain() == {"prompt": "a boat"}


def test_a_sweep_comes_back_with_its_axes_in_order():
    sweep = Shot("a boat").sweep(seed=range(3), camera=[None, "pan left", Camera.zoom(2)], guidance=[4, (4, 3)])
    for back in (Sweep.from_json(sweep.to_json()), Sweep.from_yaml(sweep.to_yaml())):
        assert back == sweep
        assert list(back.axes) == ["seed", "camera", "guidance"]


def test_the_example_scene_file_reads():
    scene = Scene.from_json("""
        {"schema": "wan_sdk.Scene/1", "title": "Harbour", "seed": 7, "look": "watercolour", "cast": [],
         "shots": [{"prompt": "a boat on the sea at dawn", "seconds": 2, "camera": {"then": [
                      {"all": [{"kind": "zoom", "ratio": 1.3}, {"kind": "pan", "degrees": 10}], "share": 0.7,
                       "ease": "in-out"}, {"kind": "static", "share": 0.3}]}},
                   {"prompt": "a yellow bird above the sea", "seconds": 2,
                    "references": [{"kind": "image", "role": "first_frame", "path": "mara.png"}],
                    "via": {"kind": "dissolve", "seconds": 0.5}}]}""")
    path = (Camera.zoom(1.3) & Camera.pan(10)).eased("in-out").then(Camera.static(), share=0.7)
    assert scene == (
        Scene("Harbour", look="watercolour", seed=7)
        .shot("a boat on the sea at dawn", seconds=2, camera=path)
        .then(
            Shot("a yellow bird above the sea", seconds=2).starting_on("mara.png"),
            via=Transition.dissolve(seconds=0.5),
        )
    )


def test_people_may_write_words_where_objects_are():
    scene = Scene.from_yaml("""
        title: Harbour
        shots:
          - prompt: a boat
            camera: slow push in, then pan left
            look: watercolour
            size: 1280x720
          - prompt: a bird
            via: dissolve
        """)
    assert scene[0].camera == Camera.dolly(0.15).then(Camera.pan(-20))
    assert scene[0].look == Look("watercolour")
    assert scene[0].size == Size(1280, 720)
    assert scene.transitions[1] == Transition.dissolve()


@pytest.mark.parametrize(
    ("kind", "data", "says"),
    [
        (Shot, {"prompt": "a", "secnds": 2}, "seconds"),
        (Scene, {"titel": "a"}, "title"),
        (Scene, {"title": "a", "shots": [{"prompt": "a", "camra": "pan"}]}, "camera"),
        (Camera, {"kind": "pan", "degres": 2}, "degrees"),
        (Camera, {"kind": "dolley", "distance": 0.2}, "dolly"),
        (Camera, {"all": [{"kind": "pan", "degrees": 2}, {"kind": "zoom", "ratoi": 2}]}, "ratio"),
        (Marking, {"lable": "always"}, "label"),
        (Marking, {"label": "alwys"}, "always"),
        (Reference, {"kind": "image", "pth": "a.png"}, "path"),
        (Transition, {"kind": "disolve"}, "dissolve"),
        (Lora, {"path": "a", "wieght": 1}, "weight"),
        (Character, {"name": "Mara", "loks": "a"}, "looks"),
        (Size, {"width": 4, "hight": 4}, "height"),
        (Sweep, {"shot": {"prompt": "a"}, "axes": {"sed": [1]}}, "seed"),
    ],
)  # fmt: skip
def test_an_unknown_key_is_refused_with_the_nearest(kind, data, says):
    with pytest.raises(UnknownName) as caught:
        kind.from_dict(data)
    assert says in (caught.value.hint or "")


def test_an_error_in_a_scene_says_where_it_is():
    data = {"title": "Harbour", "shots": [{"prompt": "a"}, {"prompt": "b", "seconds": -1, "name": "pier"}]}
    with pytest.raises(SpecError) as caught:
        Scene.from_dict(data)
    assert caught.value.where == "shots[1], Shot 'pier'"
    assert "-1" in caught.value.message


@pytest.mark.parametrize(
    "line",
    ["wan_sdk.Scene/2", "wan_sdk.Shot/1", "wan_sdk.Scene", "other.Scene/1", 1, "wan_sdk.Scene/0", "wan_sdk.Scene/-1"],
)
def test_another_schema_is_refused(line):
    with pytest.raises(SchemaError):
        Scene.from_dict({"schema": line, "title": "Harbour"})


def test_an_old_file_is_read_through_its_upgrades(monkeypatch, request):
    monkeypatch.setattr(schema, "_UPGRADES", {})

    @schema.upgrades("Scene", 0)
    def name_became_title(data):
        shots = [{"prompt": text} for text in data.pop("prompts")]
        return {"title": data.pop("name"), "shots": shots, **data}

    text = (request.path.parents[1] / "data" / "schema" / "scene-0.json").read_text("utf-8")
    assert Scene.from_json(text) == Scene("Harbour", seed=7).shot("a boat on the sea at dawn").shot("a yellow bird")
    with pytest.raises(SchemaError, match="already"):
        schema.upgrades("Scene", 0)(name_became_title)


def test_upgrades_run_one_after_the_other(monkeypatch):
    monkeypatch.setattr(schema, "_UPGRADES", {})
    schema.upgrades("Size", 0)(lambda data: {**data, "steps": [*data["steps"], 0]})
    schema.upgrades("Size", 1)(lambda data: {**data, "steps": [*data["steps"], 1]})
    given_data = {"steps": []}
    assert schema.upgrade(given_data, "Size", 0, 2) == {"steps": [0, 1]}
    assert given_data == {"steps": []}


@pytest.mark.parametrize(
    "text",
    [
        '{"title": NaN}', '{"title": "a", "seed": Infinity}', '{"title": "a", "title": "b"}', "[" * 50_000, "",
        "{", "[]",
        '"Harbour"', "5", "null", b"\xff\xfe", '{"title": "a", "shots": {}}', '{"title": "a", "shots": [5]}',
        '{"title": "a", "seed": ' + "9" * 5000 + "}",
        '{"title": "a", "shots": [{"prompt": "a", "references": "mara.png"}]}',
        '{"title": "a", "cast": [{"looks": "red"}]}', '{"title": "a", "marking": []}', '{"shots": []}',
    ],
)  # fmt: skip
def test_hostile_or_broken_json_is_an_error_of_ours(text):
    with pytest.raises(SpecError):
        Scene.from_json(text)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join(['*' + old] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB, "[" * 50_000, "a: &a [*a]", "title: !!python/object/apply:os.system [ls]", "title: [",
        "title: a\ntitle: b",
        "5: a", "title: 2024-01-01\nshots: []", "", "- a", "title: a\nseed: 1_0.5", "<<: {title: a}", b"\xff\xfe\x00",
        "? [a, b]\n: c", "title: a\nshots: [{prompt: a, seconds: .nan}]", "title: a\x00b", "--- a\n--- b",
    ],
)  # fmt: skip
def test_hostile_or_broken_yaml_is_an_error_of_ours(text):
    with pytest.raises(SpecError):
        Scene.from_yaml(text)


def test_data_of_endless_depth_or_size_is_refused(monkeypatch):
    endless: dict = {"title": "a"}
    endless["shots"] = [endless]
    with pytest.raises(SpecError, match="deeper"):
        Scene.from_dict(endless)
    wide = {"title": "a", "shots": [[0] * 1000] * 1000}
    with pytest.raises(SpecError, match="values"):
        Scene.from_dict(wide)
    with pytest.raises(SchemaError, match="characters"):
        Scene.from_json(" " * 9_000_000)
    with pytest.raises(SchemaError, match="characters"):
        Scene.from_yaml("#" * 1_100_000)
    monkeypatch.setattr(schema_text, "MAX_YAML_NODES", 100)
    with pytest.raises(SchemaError, match="keys and values"):
        Scene.from_yaml("[" + "1," * 120 + "]")


def test_text_of_a_size_is_kept_as_asked():
    shot = Shot("a boat", size=" 720P ")
    assert shot.size == "720p"
    assert Shot.from_dict(shot.to_dict()).size == "720p"
    assert replace(shot, size="1280×720").size == Size(1280, 720)
