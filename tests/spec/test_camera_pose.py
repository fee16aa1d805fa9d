"""Where the camera is: units, signs, composition, continuity, the shake."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.spec import strategies as some
from wan_sdk.errors import SpecError, UsageError
from wan_sdk.spec import Camera, Pose
from wan_sdk.spec.camera_moves import EASES, InTurn, Move
from wan_sdk.spec.camera_pose import FRAME_WIDTH, eased_time

REST = Pose()
FIELDS = tuple(Pose.__dataclass_fields__)


def near(pose: Pose, other: Pose, tolerance: float = 1e-9) -> bool:
    return all(math.isclose(getattr(pose, f), getattr(other, f), rel_tol=1e-9, abs_tol=tolerance) for f in FIELDS)


@pytest.mark.parametrize(
    ("camera", "end"),
    [
        (Camera.pan(20), Pose(yaw=20)),
        (Camera.pan(-20), Pose(yaw=-20)),
        (Camera.tilt(15), Pose(pitch=15)),
        (Camera.roll(10), Pose(roll=10)),
        (Camera.zoom(1.3), Pose(focal=1.3)),
        (Camera.zoom(0.5), Pose(focal=0.5)),
        (Camera.dolly(0.3), Pose(z=0.3)),
        (Camera.dolly(-0.5), Pose(z=-0.5)),
        (Camera.truck(0.25), Pose(x=0.25)),
        (Camera.pedestal(0.2), Pose(y=0.2)),
        (Camera.orbit(90), Pose(yaw=-90, x=1 / FRAME_WIDTH, z=1)),
        (Camera.orbit(-90), Pose(yaw=90, x=-1 / FRAME_WIDTH, z=1)),
        (Camera.static(), REST),
        (Camera.handheld(2), REST),
    ],
)
def test_each_move_ends_where_its_sign_says(camera, end):
    assert near(camera.pose(0), REST)
    assert near(camera.pose(1), end)


@some.quick
@given(some.cameras)
def test_every_path_starts_at_rest(camera):
    assert near(camera.pose(0), REST)


@some.quick
@given(some.cameras, st.floats(0, 1))
def test_a_path_has_no_jumps(camera, t):
    assume(all(share > 0.01 for node in _nodes(camera.path) if isinstance(node, InTurn) for share in node.shares))
    step = 1e-7
    before, after = camera.pose(max(t - step, 0)), camera.pose(min(t + step, 1))
    for name in FIELDS:
        a, b = getattr(before, name), getattr(after, name)
        assert abs(a - b) <= 0.01 * max(1, abs(a)), name


def _nodes(node):
    yield node
    for part in getattr(node, "parts", ()):
        yield from _nodes(part)


@some.quick
@given(some.cameras, some.cameras, st.floats(0, 1))
def test_at_once_does_not_depend_on_the_order(a, b, t):
    assert near((a & b).pose(t), (b & a).pose(t), 1e-7)


@some.quick
@given(some.cameras, some.cameras, some.cameras)
def test_at_once_and_one_after_the_other_are_associative(a, b, c):
    assert (a & b) & c == a & (b & c)
    left = a.then(b, share=0.5).then(c, share=0.5)
    right = a.then(b.then(c, share=1 / 3), share=0.25)
    for t in (0.1, 0.3, 0.6, 1.0):
        assert near(left.pose(t), right.pose(t), 1e-6)


@some.quick
@given(some.cameras, some.cameras, st.sampled_from([0.25, 0.5, 0.8]))
def test_one_after_the_other_the_first_is_done_first(a, b, share):
    path = a.then(b, share=share)
    for s in (0.2, 0.7, 1.0):
        assert near(path.pose(s * share), a.pose(s), 1e-6)


@some.quick
@given(some.moves.map(Camera), st.sampled_from(EASES), st.floats(0, 1))
def test_easing_bends_time_and_nothing_else(camera, ease, t):
    assert near(camera.eased(ease).pose(t), camera.pose(eased_time(t, ease)), 1e-7)
    assert near(camera.eased(ease).pose(1), camera.pose(1))


@pytest.mark.parametrize("ease", EASES)
def test_an_ease_goes_from_nothing_to_all_without_turning_back(ease):
    steps = [eased_time(n / 100, ease) for n in range(101)]
    assert steps[0] == 0
    assert steps[-1] == 1
    assert steps == sorted(steps)
    starts_gently, stops_gently = steps[1] < 0.001, steps[-2] > 0.999
    assert (starts_gently, stops_gently) == ("in" in ease.split("-"), "out" in ease.split("-"))


def test_two_dollies_never_reach_the_subject():
    path = Camera.dolly(0.5).then(Camera.dolly(0.5))
    assert path.pose(1).z == pytest.approx(0.75)
    assert (Camera.dolly(0.5) & Camera.dolly(0.5)).pose(1).z == pytest.approx(0.75)


def test_a_zoom_grows_by_the_same_factor_all_the_time():
    camera = Camera.zoom(4)
    assert [camera.pose(t).focal for t in (0.25, 0.5, 0.75)] == pytest.approx([math.sqrt(2), 2, 2 * math.sqrt(2)])
    assert (Camera.zoom(2) & Camera.zoom(0.5)).pose(0.4).focal == pytest.approx(1)


@some.quick
@given(st.floats(-360, 360), st.floats(-2, 0.9), st.floats(0, 1))
def test_an_orbit_keeps_its_distance_and_looks_at_the_subject(degrees, distance, t):
    pose = (Camera.orbit(degrees) & Camera.dolly(distance)).pose(t)
    right, forward = -pose.x * FRAME_WIDTH, 1 - pose.z
    assert math.hypot(right, forward) == pytest.approx(1 - distance * t)
    assert math.sin(math.radians(pose.yaw)) == pytest.approx(right / math.hypot(right, forward), abs=1e-9)


def test_a_truck_beside_an_orbit_turns_with_the_rig():
    pose = (Camera.orbit(90) & Camera.truck(0.5)).pose(1)
    assert (pose.x, pose.z) == pytest.approx((1 / FRAME_WIDTH, 1 + 0.5 * FRAME_WIDTH))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("degrees", [0.3, 0.6, 4.0])
def test_the_shake_has_the_stated_strength(seed, degrees):
    camera = Camera.handheld(degrees, seed=seed)
    poses = [camera.pose(n / 500) for n in range(500)]
    energy = [p.yaw**2 + p.pitch**2 + p.roll**2 for p in poses]
    assert math.sqrt(sum(energy) / len(energy)) == pytest.approx(degrees, rel=1e-6)
    assert all((p.x, p.y, p.z, p.focal) == (0, 0, 0, 1) for p in poses)


def test_the_shake_is_band_limited_and_seeded():
    camera = Camera.handheld(1, seed=4)
    yaw = [camera.pose(n / 512).yaw for n in range(513)]
    sines = [sum(y * math.sin(math.pi * k * n / 512) for n, y in enumerate(yaw)) / 256 for k in range(1, 60)]
    assert max(abs(gain) for k, gain in enumerate(sines, start=1) if not 4 <= k <= 24) < 1e-9
    assert max(abs(gain) for k, gain in enumerate(sines, start=1) if 4 <= k <= 24) > 0.1
    assert camera.pose(0.3) == Camera.handheld(1, seed=4).pose(0.3)
    assert camera.pose(0.3) != Camera.handheld(1, seed=5).pose(0.3)


@pytest.mark.parametrize("t", [-0.1, 1.1, float("nan"), True, "0.5", None])
def test_a_moment_lies_in_the_shot(t):
    with pytest.raises(SpecError):
        Camera.pan(20).pose(t)


@pytest.mark.parametrize(
    ("make", "amount"),
    [
        (make, amount)
        for make in (Camera.pan, Camera.tilt, Camera.roll, Camera.zoom, Camera.dolly, Camera.truck, Camera.handheld)
        for amount in (float("nan"), float("inf"), True, "20", None)
    ]
    + [(Camera.zoom, 0), (Camera.zoom, -1), (Camera.dolly, 1), (Camera.handheld, -1), (Camera.orbit, 10_000)],
)
def test_an_amount_that_cannot_be_is_an_error(make, amount):
    with pytest.raises(SpecError):
        make(amount)


def test_makers_exist_on_the_class_alone():
    camera = Camera.pan(20)
    with pytest.raises(UsageError) as caught:
        camera.tilt(5)
    assert "Camera.pan(20) & Camera.tilt(...)" in caught.value.hint
    assert not hasattr(camera, "tilt")
    assert "tilt" not in dir(camera)
    assert "words" in dir(camera)
    assert "tilt" in dir(Camera)
    assert Camera.tilt.__doc__.startswith("Turn")


@some.quick
@given(some.cameras)
def test_a_camera_shows_the_python_that_makes_it(camera):
    again = eval(repr(camera), {"Camera": Camera})
    for t in (0.2, 0.5, 1.0):
        assert near(again.pose(t), camera.pose(t), 1e-6)


def test_shares_leave_time_for_both():
    for share in (0, 1, -1, 2, float("nan"), True):
        with pytest.raises(SpecError):
            Camera.pan(20).then(Camera.zoom(2), share=share)


def test_shares_in_plain_data():
    def node(kind: str, amount: float, **more):
        return {"kind": kind, {"pan": "degrees", "zoom": "ratio"}[kind]: amount, **more}

    pan, zoom, tilt = node("pan", 10), node("zoom", 2), {"kind": "tilt", "degrees": 5}
    thirds = Camera.from_dict({"then": [pan, zoom, tilt]})
    assert thirds.path.shares == pytest.approx((1 / 3,) * 3)
    rest = Camera.from_dict({"then": [{**pan, "share": 0.5}, zoom, tilt]})
    assert rest.path.shares == (0.5, 0.25, 0.25)
    for bad in (
        {"then": [{**pan, "share": 0.5}, {**zoom, "share": 0.6}]},
        {"then": [{**pan, "share": 1}, zoom]},
        {"then": [pan]},
        {"all": []},
        {"all": [{**pan, "share": 0.5}, zoom]},
        {"all": [pan, zoom], "then": [pan, zoom]},
        {**pan, "share": 0.5},
        {**pan, "ease": "inout"},
        {**pan, "seed": 3},
        {"then": "pan"},
        {"all": [5, 6]},
        {},
    ):
        with pytest.raises(SpecError):
            Camera.from_dict(bad)


def test_groups_open_into_one_list():
    a, b, c = Camera.pan(10), Camera.tilt(5), Camera.zoom(2)
    assert len((a & b & c).path.parts) == 3
    assert len(((a & b).eased("in") & c).path.parts) == 2
    path = a.then(b).then(c)
    assert path.path == InTurn((a.path, b.path, c.path), (0.25, 0.25, 0.5))


def test_a_path_has_an_end():
    path = Camera.pan(1)
    with pytest.raises(SpecError, match="at most"):
        for _ in range(100):
            path = path & Camera.pan(1)
    deep = Camera.pan(1)
    with pytest.raises(SpecError, match="deep"):
        for _ in range(20):
            deep = (deep & Camera.pan(1)).eased("in").then(Camera.pan(1))


def test_words_are_accepted_where_a_camera_is():
    assert Camera.pan(20) & "zoom in x2" == Camera.pan(20) & Camera.zoom(2)
    assert "zoom in x2" & Camera.pan(20) == Camera.zoom(2) & Camera.pan(20)
    assert Camera.pan(20).then("zoom in x2, sadly").unread == ("sadly",)
    assert Camera.parse("pan left, sadly") == Camera.parse("pan left")
    with pytest.raises(TypeError):
        Camera.pan(20) & 5
    with pytest.raises(SpecError, match="Camera"):
        Camera("pan left")
    assert Camera(Move("pan", 20)) == Camera.pan(20)
