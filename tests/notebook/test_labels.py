from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wan_sdk.notebook import sheet
from wan_sdk.notebook.labels import Source, differences, point_label, source_labels
from wan_sdk.planning.call import Input
from wan_sdk.spec import Reference, Shot, Sweep
from wan_sdk.take import Take, Takes

from .conftest import MakeTake

SHOT = Shot("a boat", seconds=2)


def labels(sweep: Sweep) -> list[str]:
    return [point_label(point, sweep.axes) for point in Takes([], sweep.axes).points()]


def picture(level: int) -> Reference:
    return Reference.image(np.full((96, 160, 3), level, np.uint8))


def test_pictures_are_named_by_their_files() -> None:
    files = [[Reference.image("in/mara.png")], [Reference.image("in/tom.jpg")], []]
    assert labels(SHOT.sweep(references=files)) == ["first frame mara", "first frame tom", "no first frame"]


def test_arrays_and_files_of_one_name_get_letters() -> None:
    assert labels(SHOT.sweep(references=[[picture(1)], [picture(2)]])) == ["first frame A", "first frame B"]
    files = [[Reference.image("red/mara.png")], [Reference.image("blue/mara.png")]]
    assert labels(SHOT.sweep(references=files)) == ["first frame mara A", "first frame mara B"]


def test_what_all_have_is_not_said_and_a_strength_is() -> None:
    start = Reference.image("start.png")
    ends = [[start, Reference.image(f"{name}.png", role="last_frame")] for name in ("left", "right")]
    assert labels(SHOT.sweep(references=ends)) == ["last frame left", "last frame right"]
    clip = [[Reference.video("walk.mp4", strength=strength)] for strength in (0.4, 0.8)]
    assert labels(SHOT.sweep(references=clip)) == ["restyle walk at 0.4", "restyle walk at 0.8"]


def test_nothing_is_said_in_words() -> None:
    assert labels(SHOT.sweep(look=[None, "watercolour"])) == ["no look", "look watercolour"]
    assert labels(SHOT.sweep(camera=[None, "pan left"], seed=[None, 2]))[:2] == [
        "no camera, seed not said",
        "no camera, seed 2",
    ]


@given(st.lists(st.tuples(st.sampled_from(["", "a/x.png", "b/x.png", "y" * 80, "y" * 81]), st.integers(0, 30)),
                min_size=2, max_size=40, unique=True))  # fmt: skip
def test_no_two_sources_have_one_label(made_from: list[tuple[str, int]]) -> None:
    said = source_labels([[Source("first_frame", file, (file, content))] for file, content in made_from])
    assert len(set(said)) == len(made_from)


def test_a_sheet_says_which_picture_each_take_began_with(make_take: MakeTake) -> None:
    sweep = SHOT.sweep(references=[[Reference.image("mara.png")], [Reference.image("tom.png")]])
    takes = Takes([make_take(SHOT, number) for number in (0, 1)], sweep.axes)
    assert sheet(takes).words.endswith("first frame mara; first frame tom")


def test_takes_that_differ_in_their_pictures_alone(make_take: MakeTake) -> None:
    taken = make_take(SHOT)

    def begun_on(*inputs: Input, strength: float | None = None) -> Take:
        call = replace(taken.recipe.calls[0], inputs=inputs, strength=strength)
        return replace(taken, recipe=replace(taken.recipe, calls=(call,)))

    mara, tom = (begun_on(Input("first_frame", f"in/{name}.png", name)) for name in ("mara", "tom"))
    assert differences(mara, tom) == ("first frame mara", "first frame tom")
    assert differences(mara, taken) == ("first frame mara", "no first frame")
    one, two = (begun_on(Input("first_frame", None, sha)) for sha in ("1", "2"))
    assert differences(one, two) == ("first frame A", "first frame B")
    changed = begun_on(Input("first_frame", "in/mara.png", "another"))
    assert differences(mara, changed) == ("first frame mara A", "first frame mara B")
    weak, strong = (begun_on(Input("restyle", "walk.mp4", "w"), strength=strength) for strength in (0.4, 0.8))
    assert differences(weak, strong) == ("restyle walk at 0.4", "restyle walk at 0.8")
    assert differences(mara, begun_on(Input("first_frame", after_shot=0)))[1] == "first frame of the shot before"
    assert differences(mara, mara) == (mara.id[:8], mara.id[:8])
