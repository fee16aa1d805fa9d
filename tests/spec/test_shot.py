"""Shots: copies, what is refused, references, sweeps."""

import inspect
import math

import pytest
from hypothesis import given

from tests.spec import strategies as some
from wan_sdk import _doors
from wan_sdk.errors import SpecError, UnknownName
from wan_sdk.spec import Camera, Character, Look, Lora, Marking, Reference, Scene, Shot, Size, Sweep, Transition
from wan_sdk.spec.character import fill_cast

OTHER_VALUES = {
    "prompt": "something else", "seconds": 3.5, "camera": Camera.roll(3), "look": Look("ink"), "size": "1:1", "fps": 17,
    "seed": 12, "model": "nano", "negative": "", "steps": 9, "guidance": (4, 3), "shift": 2.5, "tier": "draft",
    "name": "pier",
}  # fmt: skip


@some.few
@given(some.shots)
def test_with_returns_a_copy_and_never_changes_the_receiver(shot):
    before = repr(shot), hash(shot)
    for field, value in OTHER_VALUES.items():
        changed = getattr(shot, f"with_{field}")(value)
        assert getattr(changed, field) == value
        unchanged = [name for name in Shot.field_names() if name != field]
        assert [getattr(changed, name) for name in unchanged] == [getattr(shot, name) for name in unchanged]
    assert shot.with_references().references == ()
    assert shot.with_loras(Lora("rain.safetensors")).loras == (Lora("rain.safetensors"),)
    assert (repr(shot), hash(shot)) == before


def test_every_field_has_its_with():
    for name in Shot.field_names():
        assert callable(getattr(Shot, f"with_{name}"))
    parameters = inspect.signature(Shot).parameters
    assert tuple(parameters) == Shot.field_names()
    assert all(parameter.kind is parameter.KEYWORD_ONLY for name, parameter in parameters.items() if name != "prompt")


@some.few
@given(some.shots, some.shots)
def test_equality_is_by_content(a, b):
    assert (a == b) == (a.to_json() == b.to_json())
    assert Shot.from_dict(a.to_dict()) in {a}


def test_nothing_can_be_set():
    shot = Shot("a boat")
    with pytest.raises(AttributeError):
        shot.prompt = "a bird"
    with pytest.raises(AttributeError):
        Scene("Harbour").title = "x"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"prompt": ""}, "empty"),
        ({"prompt": " \n\t "}, "empty"),
        ({"prompt": "\u200b\ufeff"}, "empty"),
        ({"prompt": None}, "text"),
        ({"prompt": b"a boat"}, "text"),
        ({"prompt": "a" * 100_000}, "100,000 characters; at most 20,000"),
        ({"prompt": "a\x00b"}, "U\\+0000"),
        ({"prompt": "a\x1b[31mb"}, "U\\+001B"),
        ({"prompt": "a\u202eb"}, "right-to-left override"),
        ({"prompt": "a\ud800b"}, "U\\+D800"),
        *[({"seconds": bad}, "seconds") for bad in (0, -1, math.nan, math.inf, True, "2", 1e9, 10**400)],
        *[({"fps": bad}, "fps") for bad in (0, -1, math.nan, True, 1000)],
        *[({"seed": bad}, "seed") for bad in (-1, 2**63, 1.5, True, "7", math.nan)],
        *[({"steps": bad}, "steps") for bad in (0, -1, 1.5, True, 1001, math.nan)],
        *[({"guidance": bad}, "guidance") for bad in (-1, 101, math.nan, True, (4,), (4, 3, 2), (4, math.nan), "4")],
        *[({"shift": bad}, "shift") for bad in (0, -1, math.nan, 101, True)],
        ({"negative": 5}, "negative"),
        ({"model": ""}, "model"),
        ({"model": "a\nb"}, "model"),
        ({"name": " "}, "name"),
        ({"tier": "quick"}, "tier"),
        ({"tier": 5}, "tier"),
        ({"look": 5}, "look"),
        ({"look": ""}, "words"),
        ({"camera": 5}, "camera"),
        ({"camera": "a lovely day"}, "move"),
        ({"size": (1280, 720)}, "size"),
        ({"size": "721p"}, "size"),
        ({"size": "0:9"}, "size"),
        ({"size": 720}, "size"),
        ({"references": "mara.png"}, "references"),
        ({"references": ["mara.png"]}, "Reference"),
        ({"references": [Reference.image("a.png")] * 2}, "first frame"),
        ({"references": [Reference.image("a.png"), Reference.previous()]}, "first frame"),
        ({"loras": "rain.safetensors"}, "loras"),
        ({"loras": ["rain.safetensors"]}, "Lora"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(fields, says):
    with pytest.raises(SpecError, match=says):
        Shot(**{"prompt": "a boat", **fields})


def test_an_error_names_the_shot_and_the_nearest_choice():
    with pytest.raises(UnknownName) as caught:
        Shot("a boat", name="pier", tier="exct")
    assert caught.value.where == "Shot 'pier'"
    assert "'exact'" in caught.value.hint
    with pytest.raises(SpecError) as caught:
        Shot("a boat", steps=5000)
    assert "1000" in caught.value.hint


def test_text_is_kept_in_one_form():
    assert Shot(" a  boat\r\nat dawn\u2028now ").prompt == "a  boat\nat dawn\nnow"
    assert Shot("cafe\u0301") == Shot("caf\u00e9")
    assert Shot("سلام\u200cها").prompt == "سلام\u200cها"


def test_starts_and_ends_take_each_others_place():
    shot = Shot("she turns").starting_on("a.png").ending_on("z.png")
    assert [r.role for r in shot.references] == ["first_frame", "last_frame"]
    again = shot.starting_on("b.png")
    assert {r.path for r in again.references} == {"b.png", "z.png"}
    assert [r.kind for r in again.continuing().references] == ["image", "previous"]
    assert again.continuing("clip.mp4").references[-1] == Reference.video("clip.mp4", role="continue")
    assert again.continuing().continuing("clip.mp4").starting_on("c.png").references[-1].path == "c.png"
    styled = again.with_reference(Reference.image("s.png", role="style")).with_reference(
        Reference.image("t.png", role="style")
    )
    assert len(styled.references) == 4


def test_restyling():
    shot = Shot("watercolour").restyling("walk.mp4", strength=0.8)
    assert shot.references == (Reference.video("walk.mp4", role="restyle", strength=0.8),)
    assert shot.restyling("run.mp4").references == (Reference.video("run.mp4", strength=0.6),)
    assert shot.restyling(Reference.video("run.mp4"), strength=1).references[0].strength == 1
    for strength in (0, -0.1, 1.01, math.nan, True):
        with pytest.raises(SpecError, match="strength"):
            shot.restyling("walk.mp4", strength=strength)


def test_a_sweep_is_the_product_in_order():
    sweep = Shot("a boat").sweep(seed=range(4), guidance=[4, 6])
    assert len(sweep) == 8
    assert dict(sweep.axes) == {"seed": (0, 1, 2, 3), "guidance": (4, 6)}
    assert [(s.seed, s.guidance) for s in sweep] == [(seed, g) for seed in range(4) for g in (4, 6)]
    assert sweep[3] == sweep.shots[3]
    assert sweep == Sweep(Shot("a boat"), {"seed": [0, 1, 2, 3], "guidance": [4.0, 6.0]})
    assert sweep != Shot("a boat").sweep(guidance=[4, 6], seed=range(4))
    with pytest.raises(TypeError):
        sweep.axes["seed"] = ()


def test_a_sweep_takes_words_for_cameras_and_looks():
    sweep = Shot("a boat").sweep(camera=["pan left", None], look=["ink", Look("oil")])
    assert sweep.axes["camera"] == (Camera.pan(-20), None)
    assert sweep[0].look == Look("ink")


@pytest.mark.parametrize(
    "axes",
    [
        {}, {"sed": [1]}, {"seed": []}, {"seed": 5}, {"prompt": "abc"}, {"seed": [1, 1]}, {"seed": [1, -1]},
        {"seed": range(5000)}, {"seed": range(100), "steps": range(1, 100)}, {"seconds": [math.nan]},
    ],
)  # fmt: skip
def test_a_sweep_that_cannot_be_is_refused(axes):
    with pytest.raises(SpecError):
        Shot("a boat").sweep(**axes)


def test_doors(monkeypatch):
    calls = []

    def called(door):
        return lambda x, **options: calls.append((door, x, options)) or {"a": "b"}

    for door in ("plan", "render", "submit", "mimebundle", "storyboard"):
        monkeypatch.setattr(
            _doors, door, lambda x, door=door, **options: calls.append((door, x, options)) or {"a": "b"}
        )
    shot, scene = Shot("a boat"), Scene("Harbour").shot("a boat")
    for thing in (shot, scene, shot.sweep(seed=[1])):
        thing.plan(), thing.render(fresh=True), thing.submit()
        assert thing._repr_mimebundle_() == {"a": "b"}
        expected = [("plan", {}), ("render", {"fresh": True}), ("submit", {}), ("mimebundle", {})]
        assert [(door, options) for door, x, options in calls if x is thing] == expected
    scene.storyboard()
    assert calls[-1] == ("storyboard", scene, {})


def test_cast_in_a_prompt():
    mara, tom = Character("Mara", looks="red raincoat"), Character("Tom")
    text = "{Mara} meets {Tom}. { Mara } waves {{gladly}}"
    assert fill_cast(text, [mara, tom]) == "Mara (red raincoat) meets Tom. Mara waves {gladly}"
    with pytest.raises(UnknownName) as caught:
        fill_cast("{Mira} waves", [mara, tom], where="Shot 1")
    assert caught.value.where == "Shot 1"
    assert "{Mara}" in caught.value.hint
    with pytest.raises(UnknownName, match="no cast"):
        fill_cast("{} waves", [])


@pytest.mark.parametrize(
    "make",
    [
        lambda: Character(""),
        lambda: Character("{Mara}"),
        lambda: Character("a\nb"),
        lambda: Character("Mara", looks=None),
        lambda: Character("Mara", reference="mara.png"),
        lambda: Lora("", weight=1),
        lambda: Lora("rain.safetensors", weight=0),
        lambda: Lora("rain.safetensors", weight=9),
        lambda: Lora("rain.safetensors", weight=math.nan),
        lambda: Lora("rain.safetensors", expert="hi"),
        lambda: Lora(None),
        lambda: Look(" "),
        lambda: Look("ink", loras="rain.safetensors"),
        lambda: Size(0, 4),
        lambda: Size(1280.5, 4),
        lambda: Size(True, 4),
        lambda: Size(20_000, 4),
        lambda: Size.parse("big"),
        lambda: Transition.dissolve(seconds=0),
        lambda: Transition.dissolve(seconds=math.nan),
        lambda: Transition.dissolve(seconds=61),
        lambda: Transition.fade(colour="blue-ish"),
        lambda: Transition.wipe(towards="north"),
        lambda: Transition("cut", 0.5),
        lambda: Transition("dissolve", 0.5, colour="black"),
        lambda: Transition("fade", 0.5),
        lambda: Transition.of(5),
        lambda: Marking(c2pa=False, watermark=None),
        lambda: Marking(c2pa="yes"),
        lambda: Marking(watermark="other"),
        lambda: Marking(label="sometimes"),
        lambda: Marking(tsa="on"),
        lambda: Marking(prompt=True),
    ],
)
def test_other_pieces_refuse_what_cannot_be(make):
    with pytest.raises(SpecError):
        make()


def test_marking_is_on_unless_it_is_meant_to_be_off():
    assert Marking().c2pa
    assert Marking().watermark == "ssw"
    assert Marking(c2pa=False).watermark == "ssw"
    assert Marking(watermark=None).c2pa
    assert Marking(c2pa=False, watermark=None, unsafe_unmarked=True).unsafe_unmarked
    assert Marking().plain() == {}
