"""References: roles, sources, arrays."""

import math
import pickle
from pathlib import Path

import numpy as np
import pytest

from wan_sdk.errors import SpecError, UnknownName
from wan_sdk.media.frames import Frames
from wan_sdk.spec import Reference, Shot

PICTURE = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
CLIP = np.zeros((2, 4, 5, 3), np.uint8)


def test_arrays_are_copied_read_only_and_compared_by_bytes():
    mine = PICTURE.copy()
    reference = Reference.image(mine)
    same = Reference.image(PICTURE)
    assert (reference, hash(reference)) == (same, hash(same))
    mine[0, 0, 0] += 1
    assert np.array_equal(reference.pixels.array, PICTURE)
    assert Reference.image(mine) != reference
    assert Reference.image(PICTURE, role="style") != reference
    assert Reference.image(PICTURE.reshape(5, 4, 3)) != reference
    assert Reference.image(np.asfortranarray(PICTURE)) == reference
    with pytest.raises(ValueError, match="read-only"):
        reference.pixels.array[0, 0, 0] = 1
    assert pickle.loads(pickle.dumps(reference)) == reference


def test_frames_bring_their_speed():
    reference = Reference.video(Frames(CLIP, fps=12))
    assert reference.pixels.fps == 12
    assert reference != Reference.video(CLIP)
    assert Reference.video(CLIP).pixels.shape == (2, 4, 5, 3)


def test_an_array_cannot_be_written_as_text():
    with pytest.raises(SpecError) as caught:
        Shot("a boat").starting_on(PICTURE).to_dict()
    assert "save it" in caught.value.hint


@pytest.mark.parametrize(
    ("make", "array"),
    [
        (Reference.image, PICTURE.astype(np.float32)),
        (Reference.image, PICTURE[..., :2]),
        (Reference.image, np.zeros((4, 5, 4), np.uint8)),
        (Reference.image, PICTURE[..., 0]),
        (Reference.image, CLIP),
        (Reference.image, np.zeros((0, 5, 3), np.uint8)),
        (Reference.video, PICTURE),
        (Reference.video, CLIP[:0]),
        (Reference.mask, CLIP),
        (Reference.image, [[1, 2, 3]]),
        (Reference.image, None),
        (Reference.image, b"mara.png"),
        (Reference.audio, PICTURE),
    ],
)
def test_an_array_of_another_kind_is_refused(make, array):
    with pytest.raises(SpecError):
        make(array)


def test_masks():
    assert Reference.mask(np.ones((4, 5), bool)).pixels.shape == (4, 5)
    assert Reference.mask(np.ones((2, 4, 5), np.uint8)).role == "mask"
    assert Reference.mask("mask.png").plain() == {"kind": "mask", "path": "mask.png"}


def test_paths_are_kept_as_they_are():
    assert Reference.image(Path("a") / "b.png").path == str(Path("a") / "b.png")
    assert Reference.image(" caf\u0065\u0301.png").path == " caf\u0065\u0301.png"
    for bad in ("", "  ", "a\x00b", "a\nb", "a" * 5000, "\ud800"):
        with pytest.raises(SpecError):
            Reference.image(bad)


@pytest.mark.parametrize("strength", [0, -1, 1.5, math.nan, True, "0.5"])
def test_strength_is_a_noise_level(strength):
    with pytest.raises(SpecError):
        Reference.video("walk.mp4", strength=strength)


def test_only_some_roles_have_a_strength():
    assert Reference.video("walk.mp4", "control", strength=1).strength == 1
    with pytest.raises(SpecError, match="continue"):
        Reference.video("walk.mp4", "continue", strength=0.5)


def test_roles_are_checked():
    with pytest.raises(UnknownName) as caught:
        Reference.image("a.png", role="firstframe")
    assert "first_frame" in caught.value.hint
    with pytest.raises(UnknownName):
        Reference.image("a.png", role="restyle")
    with pytest.raises(SpecError):
        Reference("image", "style")
    with pytest.raises(SpecError):
        Reference("previous", "continue", path="a.mp4")


def test_pins_are_hashes():
    assert Reference.image("a.png", sha256="A" * 64).sha256 == "a" * 64
    for bad in ("", "a" * 63, "g" * 64, 5):
        with pytest.raises(SpecError, match="hexadecimal"):
            Reference.image("a.png", sha256=bad)


def test_copies():
    reference = Reference.video("walk.mp4", strength=0.5, sha256="a" * 64)
    assert reference.with_path("run.mp4").path == "run.mp4"
    assert reference.with_strength(None).strength is None
    assert reference.with_sha256(None).sha256 is None
    assert reference.with_strength(None).with_role("motion").role == "motion"
    assert repr(reference.with_sha256(None)) == "Reference.video('walk.mp4', role='restyle', strength=0.5)"
