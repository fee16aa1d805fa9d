from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wan_sdk.errors import MediaError
from wan_sdk.media.frames import Frames
from wan_sdk.media.timeline import dissolve, fade, joined_pieces, wipe
from wan_sdk.planning.timeline import Placement, Timeline


def flat(count: int, value: int, size: int = 8) -> Frames:
    return Frames(np.full((count, size, size, 3), value, np.uint8), 12.0)


def join(clips: Iterable[Frames], timeline: Timeline) -> Frames:
    return Frames(np.concatenate(list(joined_pieces(clips, timeline))), timeline.fps)


@st.composite
def cuts(draw: st.DrawFn) -> Timeline:
    """Timelines as the plan makes them: overlaps shorten the cut, fades and plain cuts do not."""
    count = draw(st.integers(1, 4))
    lengths = [draw(st.integers(10, 20)) for _ in range(count)]
    places = []
    start = 0
    for index, length in enumerate(lengths):
        kind = draw(st.sampled_from(["cut", "dissolve", "wipe", "fade"])) if index else "cut"
        size = draw(st.integers(1, 4)) if kind != "cut" else 0
        skip = draw(st.integers(0, 1)) if kind == "cut" and index else 0
        start -= size if kind in ("dissolve", "wipe") else 0
        places.append(
            Placement(index, start, length - skip, skip, kind, size, "white", draw(st.sampled_from(["left", "up"])))
        )
        start = places[-1].end_frame
    return Timeline(12.0, tuple(places))


@settings(max_examples=80, deadline=None)
@given(cuts())
def test_every_cut_is_as_long_as_planned_and_every_shot_where_it_was_planned(timeline: Timeline) -> None:
    clips = [flat(place.frames + place.skip_frames, 40 * place.shot + 20) for place in timeline.placements]
    cut = join(clips, timeline)
    assert len(cut) == timeline.frames
    for place in timeline.placements:
        middle = place.start_frame + place.frames // 2
        assert (cut.pixels[middle] == 40 * place.shot + 20).all()


def test_a_plain_cut_changes_no_pixel() -> None:
    timeline = Timeline(12.0, (Placement(0, 0, 3), Placement(1, 3, 2, skip_frames=1)))
    cut = join([flat(3, 10), flat(3, 90)], timeline)
    assert cut.pixels[:, 0, 0, 0].tolist() == [10, 10, 10, 90, 90]


def test_a_dissolve_starts_after_the_first_and_ends_before_the_second() -> None:
    timeline = Timeline(12.0, (Placement(0, 0, 5), Placement(1, 2, 5, transition="dissolve", transition_frames=3)))
    cut = join([flat(5, 0), flat(5, 200)], timeline)
    assert cut.pixels[:, 0, 0, 0].tolist() == [0, 0, 50, 100, 150, 200, 200]


def test_a_fade_reaches_its_colour_and_the_lengths_add_up() -> None:
    timeline = Timeline(12.0, (Placement(0, 0, 4), Placement(1, 4, 4, 0, "fade", 4, colour="#ff0000")))
    cut = join([flat(4, 100), flat(4, 100)], timeline)
    assert len(cut) == 8
    assert cut.pixels[3, 0, 0].tolist() == [255, 0, 0]
    assert cut.pixels[1, 0, 0].tolist() == cut.pixels[6, 0, 0].tolist() == [100, 100, 100]


@pytest.mark.parametrize(
    ("towards", "corner"), [("right", (0, 0)), ("down", (0, 0)), ("left", (-1, -1)), ("up", (-1, -1))]
)
def test_a_wipe_uncovers_from_the_far_side(towards: str, corner: tuple[int, int]) -> None:
    shown = wipe(flat(3, 0).pixels, flat(3, 200).pixels, towards)
    shares = [(picture == 200).mean() for picture in shown]
    assert shares == [0.25, 0.5, 0.75]
    assert shown[0][corner].tolist() == [200, 200, 200]


def test_shots_are_asked_for_one_by_one() -> None:
    asked = []

    def shots():
        for index in range(3):
            asked.append(index)
            yield flat(4, index)

    places = tuple(Placement(index, 4 * index, 4) for index in range(3))
    pieces = joined_pieces(shots(), Timeline(12.0, places))
    next(pieces)
    assert asked == [0]


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (flat(4, 0, size=6), "is 6x6, the first shot 8x8"),
        (Frames(flat(4, 0).pixels, 24.0), "24 frames per second"),
        (flat(3, 0), "has 3 frames, the plan counts on 4"),
    ],
)
def test_shots_that_do_not_go_together(second: Frames, message: str) -> None:
    with pytest.raises(MediaError, match=message):
        join([flat(4, 0), second], Timeline(12.0, (Placement(0, 0, 4), Placement(1, 4, 4))))


def test_transitions_that_meet_in_the_middle_of_a_shot() -> None:
    places = (
        Placement(0, 0, 8),
        Placement(1, 5, 5, transition="dissolve", transition_frames=3),
        Placement(2, 7, 8, transition="dissolve", transition_frames=3),
    )
    with pytest.raises(MediaError, match="together more than its 5"):
        join([flat(8, 0), flat(5, 0), flat(8, 0)], Timeline(12.0, places))


def test_unknown_colours_and_directions() -> None:
    one = flat(1, 0).pixels
    with pytest.raises(MediaError, match="no colour"):
        fade(one, one, "blackish")
    with pytest.raises(MediaError, match="towards"):
        wipe(one, one, "sideways")
    assert dissolve(one, one).shape == one.shape
