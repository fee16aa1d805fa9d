"""The ruler's camera is the world's."""

import numpy as np
import pytest

from wan_sdk.nano.ruler.rig import KINDS, rig_of
from wan_sdk.nano.world.places import FOCAL
from wan_sdk.spec.camera_moves import Move
from wan_sdk.spec.camera_pose import FRAME_WIDTH, pose_at

TIMES = np.linspace(0, 1, 7)


def path(amount):
    return amount * TIMES


@pytest.mark.parametrize(("kind", "amount"), [("truck", 0.3), ("pedestal", -0.3)])
def test_a_camera_goes_as_far_as_the_spec_says(kind, amount):
    place = rig_of({kind: path(amount)}, 7, 0.6).place
    pose = pose_at(Move(kind, amount), 1.0)
    went = (place[-1] - place[0]) / (FRAME_WIDTH, FRAME_WIDTH * 0.6, 1)
    assert went == pytest.approx((pose.x, pose.y, pose.z))


def test_a_dolly_leaves_its_share_of_the_distance():
    place = rig_of({"dolly": path(0.4)}, 7, 0.6).place
    assert (1 - place[-1, 2]) / (1 - place[0, 2]) == pytest.approx(0.6)


def test_an_orbit_goes_on_looking_at_the_subject():
    rig = rig_of({"orbit": path(40.0)}, 7, 0.6)
    seen = np.einsum("nji,nj->ni", rig.turn, np.array([0.0, 0.0, 1.0]) - rig.place)
    assert seen == pytest.approx(np.tile([0.0, 0.0, 1.0], (7, 1)))


def test_turns_and_zooms_stay_where_they_are():
    for kind in KINDS[:4]:
        rig = rig_of({kind: path(0.5)}, 7, 0.6)
        assert not rig.place.any()
    assert rig.focal[[0, -1]] == pytest.approx([FOCAL, FOCAL * np.exp(0.5)])


def test_shifting_a_path_does_not_move_where_it_begins():
    dials = {"truck": path(0.3)}
    shifted = rig_of(dials, 7, 0.6, {"truck": path(0.3) + 0.1})
    assert shifted.place[:, 0] - rig_of(dials, 7, 0.6).place[:, 0] == pytest.approx(np.full(7, 0.1 * FRAME_WIDTH))
