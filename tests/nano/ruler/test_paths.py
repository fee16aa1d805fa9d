"""Paths go as the spec eases them, and free ones can follow."""

import numpy as np
import pytest

from wan_sdk.nano.ruler.paths import Span, dials_of, free_curves, knots_of, shapes_of, spanned_curve, spans_of
from wan_sdk.spec.camera_moves import Move
from wan_sdk.spec.camera_pose import pose_at


@pytest.mark.parametrize("ease", ["linear", "in", "out", "in-out"])
def test_a_written_path_is_that_of_the_spec(ease):
    move = Move("pan", 1.0, ease=ease)
    asked = [pose_at(move, t).yaw for t in np.linspace(0, 1, 9)]
    assert spanned_curve(Span(ease=ease), 9)[0] == pytest.approx(asked)


def test_a_move_in_turn_rests_outside_its_part():
    curve = spanned_curve(Span(0.5, 1.0), 9)[0]
    assert not curve[:5].any()
    assert curve[-1] == 1


def test_free_curves_follow_a_written_path():
    curves = {"pan": free_curves("pan", 25)}
    for span in (Span(), Span(ease="in-out"), Span(0.5, 1.0)):
        path = dials_of({"pan": knots_of(span)}, curves)["pan"]
        assert path == pytest.approx(spanned_curve(span, 25)[0], abs=0.02)


def test_shapes_stand_beside_their_spans():
    for count in (1, 2):
        ways = spans_of(count)
        assert len(set(ways)) == len(ways) == len(shapes_of(count))
        assert shapes_of(count)[3][0] == pytest.approx(knots_of(ways[3][0]))


def test_a_shake_begins_and_ends_at_rest():
    curves = free_curves("handheld", 25)
    assert np.abs(curves[:, [0, -1]]).max() < 1e-9
    assert (np.abs(curves).max(1) > 0.5).all()
