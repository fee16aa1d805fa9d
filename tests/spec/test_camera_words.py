"""The words of a camera path: the contract, and that reading them back gives the path."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.spec import strategies as some
from wan_sdk.errors import SpecError
from wan_sdk.spec import Camera
from wan_sdk.spec.camera_lexicon import PHRASES
from wan_sdk.spec.camera_moves import InTurn, Move, Node
from wan_sdk.spec.camera_words import sayable, words_of

CONTRACT = [
    (Camera.pan(20), "the camera pans 20 degrees to the right"),
    (Camera.pan(-10), "the camera slowly pans 10 degrees to the left"),
    (Camera.tilt(12.5), "the camera tilts 12.5 degrees up"),
    (Camera.tilt(-18), "the camera quickly tilts 18 degrees down"),
    (Camera.roll(20), "the camera rolls 20 degrees clockwise"),
    (Camera.roll(-30), "the camera quickly rolls 30 degrees counterclockwise"),
    (Camera.orbit(25), "the camera orbits 25 degrees to the right"),
    (Camera.orbit(-15), "the camera slowly orbits 15 degrees to the left"),
    (Camera.zoom(1.3), "the camera slowly zooms in by 1.3 times"),
    (Camera.zoom(0.625), "the camera zooms out by 1.6 times"),
    (Camera.dolly(0.25), "the camera dollies in by 25 percent"),
    (Camera.dolly(-0.4), "the camera quickly dollies out by 40 percent"),
    (Camera.truck(0.25), "the camera slides to the right by 25 percent"),
    (Camera.truck(-0.15), "the camera slowly slides to the left by 15 percent"),
    (Camera.pedestal(0.2), "the camera cranes up by 20 percent"),
    (Camera.pedestal(-0.3), "the camera quickly cranes down by 30 percent"),
    (Camera.handheld(), "the camera shakes handheld by 0.6 degrees"),
    (Camera.handheld(1.2), "the camera strongly shakes handheld by 1.2 degrees"),
    (Camera.static(), "the camera holds still"),
    (Camera.pan(0), "the camera holds still"),
    (Camera.pan(20) & Camera.zoom(1.6), "the camera pans 20 degrees to the right and zooms in by 1.6 times"),
    (Camera.static() & Camera.pan(20), "the camera pans 20 degrees to the right"),
    (
        Camera.pan(20).then(Camera.zoom(1.6)),
        "the camera pans 20 degrees to the right, then zooms in by 1.6 times",
    ),
    (
        Camera.pan(20).then(Camera.static(), share=0.7),
        "the camera pans 20 degrees to the right over 70 percent of the time, then holds still",
    ),
    (Camera.pan(20).eased("in"), "the camera pans 20 degrees to the right starting gently"),
    (
        (Camera.pan(20) & Camera.tilt(12)).eased("in-out"),
        "the camera pans 20 degrees to the right and tilts 12 degrees up, starting and stopping gently",
    ),
    (
        Camera.pan(20).then(Camera.tilt(12)).eased("out"),
        "the camera pans 20 degrees to the right, then tilts 12 degrees up, all of it stopping gently",
    ),
    (
        Camera.pan(20).then(Camera.tilt(12)) & Camera.handheld(),
        "the camera (pans 20 degrees to the right, then tilts 12 degrees up) and shakes handheld by 0.6 degrees",
    ),
]


@pytest.mark.parametrize(("camera", "words"), CONTRACT)
def test_the_contract_holds(camera, words):
    assert camera.words() == words


@pytest.mark.parametrize(("camera", "words"), CONTRACT)
def test_the_contract_is_read_back(camera, words):
    read = Camera.parse(words)
    assert read.unread == ()
    assert read.words() == words


def assert_alike(a: Node, b: Node) -> None:
    assert type(a) is type(b)
    assert a.ease == b.ease
    if isinstance(a, Move):
        assert a.kind == b.kind
        if a.kind == "zoom":
            assert a.amount == pytest.approx(b.amount, rel=6e-4)
        else:
            assert a.amount == pytest.approx(b.amount, abs=0.0051 if a.kind in DEGREES else 0.0002)
        return
    assert len(a.parts) == len(b.parts)
    if isinstance(a, InTurn):
        assert a.shares == pytest.approx(b.shares, abs=1e-4 * len(a.shares))
    for x, y in zip(a.parts, b.parts, strict=True):
        assert_alike(x, y)


IN_THIRDS = Camera(InTurn((Move("pan", 20), Move("tilt", 12), Move("zoom", 1.6)), (1 / 3,) * 3))
OTHER_PIECES = ("20", "1.5", "x", "degrees", "percent", "boat", "over 30 percent of the time", "all of it", "(", ")")
DEGREES = ("pan", "tilt", "roll", "orbit", "handheld")


@some.quick
@given(some.cameras)
def test_every_path_is_read_back(camera):
    read = Camera.parse(camera.words())
    assert read.unread == ()
    assert read.words() == camera.words()
    assert_alike(sayable(camera.path), read.path)


@some.quick
@given(some.cameras)
def test_a_path_read_back_moves_the_same_way(camera):
    if "handheld" in repr(camera):
        return  # a shake's seed is not said
    read = Camera.parse(camera.words())
    for t in (0.0, 0.3, 0.5, 0.8, 1.0):
        asked, got = camera.pose(t), read.pose(t)
        for name in ("yaw", "pitch", "roll", "x", "y", "z"):
            assert getattr(got, name) == pytest.approx(getattr(asked, name), abs=0.2, rel=0.02), name


@some.quick
@given(some.cameras)
def test_words_are_plain(camera):
    words = camera.words()
    assert words.startswith("the camera ")
    assert words.isascii()
    assert words == words.lower()
    assert words == words_of(camera.path)


@pytest.mark.parametrize(
    ("text", "camera"),
    [
        ("slow push in, then pan left", Camera.dolly(0.15).then(Camera.pan(-20))),
        ("tracking left", Camera.truck(-0.25)),
        ("crane up", Camera.pedestal(0.2)),
        ("dutch roll", Camera.roll(20)),
        ("orbit 45° clockwise", Camera.orbit(-45)),
        ("static shot", Camera.static()),
        ("locked off tripod", Camera.static()),
        ("The camera does not move.", Camera.static()),
        ("no camera movement", Camera.static()),
        ("whip pan", Camera.pan(30)),
        ("zoom out x1.5", Camera.zoom(1 / 1.5)),
        ("zoom out 1.5×", Camera.zoom(1 / 1.5)),
        ("1.5x zoom", Camera.zoom(1.5)),
        ("zoom in 20%", Camera.zoom(1.2)),
        ("crash zoom", Camera.zoom(2)),
        ("handheld", Camera.handheld()),
        ("gentle hand-held shake", Camera.handheld(0.3)),
        ("handheld tracking shot to the right", Camera.handheld() & Camera.truck(0.25)),
        ("PAN LEFT!", Camera.pan(-20)),
        ("left pan", Camera.pan(-20)),
        ("pan -20 degrees", Camera.pan(-20)),
        ("pan up", Camera.tilt(12)),
        ("pan left and up", Camera.pan(-20) & Camera.tilt(12)),
        ("pan left then right", Camera.pan(-20).then(Camera.pan(20))),
        ("Pan right → tilt up → zoom in", IN_THIRDS),
        ("the camera slowly pans right while zooming in 1.2x", Camera.pan(10) & Camera.zoom(1.2)),
        ("camera pulls back slowly; then holds", Camera.dolly(-0.15).then(Camera.static())),
        ("slow zoom in. then pan right", Camera.zoom(1.3).then(Camera.pan(20))),
        ("pan left before tilting down", Camera.pan(-20).then(Camera.tilt(-12))),
        ("arc shot", Camera.orbit(25)),
        ("full 360 orbit", Camera.orbit(360)),
        ("the camera rotates around it to the left", Camera.orbit(-25)),
        ("roll ninety degrees anti-clockwise", Camera.roll(-90)),
        ("truck right 0.5 frame widths", Camera.truck(0.5)),
        ("dolly zoom", Camera.dolly(0.25) & Camera.zoom(0.75)),
        ("zoom in by 2.", Camera.zoom(2)),
        ("pan left 10.5 degrees. tilt up 3.", Camera.pan(-10.5).then(Camera.tilt(3))),
        ("tiny truck left", Camera.truck(-0.15)),
        ("boom down quickly", Camera.pedestal(-0.3)),
        ("the camera moves forward", Camera.dolly(0.25)),
        ("ease in and out pan right", Camera.pan(20).eased("in-out")),
        ("pan left for the first 30% of the shot, then tilt up", Camera.pan(-20).then(Camera.tilt(12), share=0.3)),
        ("tilt up, followed by a quick pan left over the last half", Camera.tilt(12).then(Camera.pan(-30))),
    ],
)  # fmt: skip
def test_what_people_write_is_understood(text, camera):
    read = Camera.parse(text)
    assert read == camera
    assert read.unread == ()


@pytest.mark.parametrize(
    ("text", "camera", "unread"),
    [
        ("push-in on her face", Camera.dolly(0.25), ("her face",)),
        ("pan left in the fog", Camera.pan(-20), ("in the fog",)),
        ("pan left, past the old boats, tilt up", Camera.pan(-20) & Camera.tilt(12), ("past the old boats",)),
        ("dolly in 2 meters", Camera.dolly(0.25), ("2 meters",)),
        ("no zoom, pan left", Camera.pan(-20), ("no zoom",)),
        ("pan left and right", Camera.pan(-20), ("right",)),
        ("close-up, tilt down", Camera.tilt(-12), ("close up",)),
        ("pan left 30 percent", Camera.pan(-20), ("30 percent",)),
        ("zoom in 0.5 times", Camera.zoom(1.6), ("0.5 times",)),
    ],
)
def test_what_is_not_understood_is_said(text, camera, unread):
    read = Camera.parse(text)
    assert read == camera
    assert read.unread == unread


@pytest.mark.parametrize(
    "text",
    ["a lovely day", "dolley", "up", "slowly", "then", "(", ")", ",", "20 degrees", "never pan", "starting gently"],
)
def test_nothing_understood_is_an_error(text):
    with pytest.raises(SpecError, match="move of the camera"):
        Camera.parse(text)


@pytest.mark.parametrize("text", ["", "  ", "pan\x00left", "pan " * 1000, "(" * 1000 + "pan left", 5, None])
def test_bad_text_is_an_error(text):
    with pytest.raises(SpecError):
        Camera.parse(text)


def test_an_amount_out_of_range_is_an_error():
    with pytest.raises(SpecError, match=r"0\.01 to 100"):
        Camera.parse("zoom in 1000 times")
    with pytest.raises(SpecError, match="distance"):
        Camera.parse("dolly in by 100 percent")


@some.quick
@given(
    st.lists(
        st.sampled_from([*PHRASES, "20", "1.5", "x", "degrees", "percent", "boat", "over 30 percent of the time"]),
        max_size=12,
    )
)
def test_any_words_are_read_or_refused(pieces):
    try:
        read = Camera.parse(" ".join(pieces))
    except SpecError:
        return
    assert Camera.parse(read.words()).words() == read.words()
    assert all(piece in " ".join(" ".join(pieces).split()) or "-" in piece for piece in read.unread)


@some.quick
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        read = Camera.parse("pan left " + text)
    except SpecError:
        return
    assert read.words()


def test_a_typo_gets_a_hint():
    with pytest.raises(SpecError) as caught:
        Camera.parse("dolley")
    assert "'dolly'" in caught.value.hint
