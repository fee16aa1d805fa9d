import pytest

from wan_sdk import models
from wan_sdk.planning import Machine, Probe, resolve
from wan_sdk.planning.lint import unknown_words
from wan_sdk.spec import Camera, Look, Reference, Scene, Shot

SERVER = Machine("cuda", "server", 141, 400, dtype="bfloat16")
PICTURE = Reference.image("mara.png")
WALK = Reference.video("walk.mp4", strength=0.05)
PROBES = {
    PICTURE: Probe("image", "a" * 64, 1920, 1080),
    WALK: Probe("video", "b" * 64, 832, 480, frames=81, fps=16.0, seconds=81 / 16),
}


def notes(x, model="wan2.2-t2v-a14b", **options):
    options = {"catalogue": models.catalogue(), "machine": SERVER, "probes": PROBES, "model": model, **options}
    return [note.text for note in resolve(x, **options).notes]


def test_the_authors_recipe_has_nothing_to_remark():
    assert notes(Shot("a boat")) == []
    assert notes(Shot("a boat"), "nano") == []
    assert notes(Shot("a boat", references=[PICTURE]), "wan2.2-i2v-a14b") == []


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"shift": 3}, "flow shift 3; the authors' recipe has 12"),
        ({"guidance": 5}, "guidance 5 and 5; the authors' recipe has 4 and 3"),
        ({"steps": 20}, "20 steps; the authors' recipe has 40"),
        ({"seconds": 2}, "33 frames; the authors' recipe has 81"),
        ({"seconds": 9}, "145 frames; the authors' recipe has 81: clips longer than that repeat themselves or drift"),
        ({"size": "1:1"}, "624x624 is no size that wan2.2-t2v-a14b was trained for"),
        (
            {"look": "watercolour"},
            "风格 (style), 作品 (works), 画作 (paintings), 画面 (pictures), which works against a look",
        ),
        ({"camera": Camera.static()}, "which works against a camera that holds still"),
        ({"camera": Camera.parse("slow pan left with a twinkle")}, "not understood in the camera"),
        ({"guidance": 1, "negative": "blur"}, "guidance 1 and 1 leaves the negative prompt unread"),
        ({"guidance": 1, "look": Look("ink", negative="photo")}, "leaves the negative prompt unread"),
        ({"prompt": "a word " * 300}, "the prompt has about 840 tokens; wan2.2-t2v-a14b reads the first 512"),
    ],
)
def test_a_departure_is_remarked(fields, text):
    assert any(text in note for note in notes(Shot(**{"prompt": "a boat", **fields})))


def test_a_negative_prompt_of_ones_own_does_not_fight_the_look():
    assert not any("works against" in note for note in notes(Shot("a boat", look="ink", negative="blur")))


def test_a_shaking_camera_against_the_negative_prompt_of_image_to_video():
    shot = Shot("she runs", references=[PICTURE], camera=Camera.handheld())
    assert any("镜头晃动 (shaking camera)" in note for note in notes(shot, "wan2.1-i2v-14b-480p"))
    assert not any("镜头晃动" in note for note in notes(shot, "wan2.2-i2v-a14b"))


def test_a_draft_is_no_departure_in_steps():
    assert not any("steps" in note for note in notes(Shot("a boat"), tier="draft"))


def test_words_that_nano_does_not_know():
    vocabulary = frozenset({"a", "red", "boat"})
    assert notes(Shot("a red elephant, A Zeppelin 20"), "nano", vocabulary=vocabulary) == [
        "nano does not know elephant, zeppelin"
    ]
    assert notes(Shot("a red elephant"), vocabulary=vocabulary) == []
    assert notes(Shot("a red elephant"), "nano") == []
    assert unknown_words("café, CAFÉ 12 naïve", {"cafe"}) == ("naive",)
    assert unknown_words("红球", frozenset()) == ("红球",)


def test_a_prompt_longer_than_nano_reads():
    assert any("reads the first 64" in note for note in notes(Shot("a boat " * 40), "nano"))


def test_next_to_nothing_changes():
    assert any("runs only 1 of 12 steps" in note for note in notes(Shot("ink", references=[WALK]), "nano"))


def test_a_small_picture_is_enlarged():
    small = {PICTURE: Probe("image", "a" * 64, 320, 180)}
    found = notes(Shot("a", references=[PICTURE]), "wan2.2-i2v-a14b", probes=small)
    assert any("first frame of 320x180 is enlarged more than twice" in note for note in found)


def test_a_machine_that_is_too_small():
    small = Machine("cuda", "a small card", 24, 100, dtype="bfloat16")
    assert any("a small card has 24" in note for note in notes(Shot("a boat"), machine=small))


def test_a_long_chain_drifts():
    scene = Scene("s").shot("a")
    for _ in range(4):
        scene = scene.then(Shot("b").continuing())
    assert not any("drift" in note for note in notes(scene, "nano"))
    longer = scene.then(Shot("b").continuing()).then(Shot("b").continuing())
    assert [note for note in notes(longer, "nano") if "drift" in note] == [
        "continues 5 shots in a row; colour and contrast drift after about 4: start a shot on a picture of its own"
    ]
    restarted = scene.shot("c").then(Shot("b").continuing())
    assert not any("drift" in note for note in notes(restarted, "nano"))
