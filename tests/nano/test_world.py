"""The small world: the same seed is the same clip, the camera is the spec's, and the truth is in the pixels."""

import math

import numpy as np
import pytest
import torch

from wan_sdk.nano.attributes import AT_ONCE, IN_TURN, MOVE_KINDS, NAMES, SUBJECTS, camera_of
from wan_sdk.nano.world import build, render, sample, truth
from wan_sdk.nano.world.camera import POSE, path
from wan_sdk.nano.world.flow import flow
from wan_sdk.nano.world.subjects import COLUMN, PARTS
from wan_sdk.spec.camera_moves import InTurn, Move, Together
from wan_sdk.spec.camera_pose import pose_at

HEIGHT, WIDTH = 48, 80
BY_DAY = {"time": "day", "weather": "clear", "style": "plain", "companion": None}


def clips(n=1, frames=3, seed=0, **fixed):
    scene = build(sample(np.random.default_rng(seed), n, **fixed), frames)
    return render(scene, HEIGHT, WIDTH), scene


def test_the_same_seed_draws_the_same_clips():
    first, second = clips(2)[0], clips(2)[0]
    assert torch.equal(first, second)
    assert not torch.equal(first, clips(2, seed=1)[0])


def test_every_kind_of_scene_renders_to_finite_pictures_between_minus_one_and_one():
    n = 18
    drawn = sample(np.random.default_rng(3), n, subject=np.arange(n), place=np.arange(n) % 10, style=np.arange(n) % 5,
                   weather=np.arange(n) % 5, motion=np.arange(n) % 10, companion="any")  # fmt: skip
    pictures = render(build(drawn, 2), 24, 40)
    assert pictures.shape == (n, 3, 2, 24, 40)
    assert pictures.isfinite().all()
    assert pictures.min() >= -1
    assert pictures.max() <= 1
    assert (pictures.flatten(1).std(1) > 0.05).all()


def test_the_path_is_the_pose_of_the_camera_of_the_spec():
    n, frames = 300, 9
    drawn = sample(np.random.default_rng(5), n)
    drawn["camera_start"] = np.zeros((n, 2))
    poses = path(drawn, frames)
    for i in range(n):
        camera = camera_of(drawn, i)
        for k, t in enumerate(np.linspace(0, 1, frames)):
            exact = pose_at(camera, float(t))
            assert poses[i, k].tolist() == pytest.approx([getattr(exact, name) for name in POSE], abs=1e-6)


def test_a_start_moves_the_path_and_changes_nothing_of_the_move():
    drawn = sample(np.random.default_rng(6), 200, camera="pan")
    turned = path(drawn, 5)[:, :, 0]
    assert turned[:, -1] - turned[:, 0] == pytest.approx(drawn["camera_amount"][:, 0])
    drawn = sample(np.random.default_rng(6), 200, camera="dolly")
    distance = 1 - path(drawn, 5)[:, :, 5]
    assert 1 - distance[:, -1] / distance[:, 0] == pytest.approx(drawn["camera_amount"][:, 0])


def test_cameras_join_and_spread():
    drawn = sample(np.random.default_rng(7), 4000)
    assert 0.15 < np.isin(drawn["camera_join"], (AT_ONCE, IN_TURN)).mean() < 0.25
    for kind in MOVE_KINDS[1:9]:
        amounts = drawn["camera_amount"][:, 0][drawn["camera_kind"][:, 0] == MOVE_KINDS.index(kind)]
        way = amounts > (1 if kind == "zoom" else 0)
        assert len(amounts) > 200
        assert 0.4 < way.mean() < 0.6


@pytest.mark.parametrize(
    "camera",
    [
        Move("pan", 12.0, ease="in"),
        Together((Move("pan", 10.0), Move("zoom", 1.5)), "out"),
        InTurn((Move("tilt", 5.0), Move("static", 0.0)), (0.4, 0.6)),
    ],
)
def test_a_camera_can_be_pinned(camera):
    drawn = sample(np.random.default_rng(0), 2, camera=camera)
    assert camera_of(drawn, 1) == camera


def test_a_camera_can_be_one_of_several_kinds():
    drawn = sample(np.random.default_rng(0), 400, subject="ball", camera=["pan", "zoom"], companion=None)
    moves = [camera_of(drawn, i) for i in range(400)]
    pans = [move.amount for move in moves if move.kind == "pan"]
    zooms = [move.amount for move in moves if move.kind == "zoom"]
    assert len(pans) + len(zooms) == 400
    assert 160 < len(pans) < 240
    assert all(5 <= abs(degrees) <= 40 for degrees in pans)
    assert all(0.5 <= factor <= 2 for factor in zooms)
    assert set(drawn["subject"]) == {SUBJECTS.index("ball")}
    assert set(drawn["companion"]) == {-1}


def centre_of_red(picture):
    """Middle of what is red in a picture [3, H, W]: x to the right, y down, in pixels, and its area."""
    red = (picture[0] > 0.1) & (picture[1] < -0.35) & (picture[2] < -0.35)
    assert red.sum() > 8
    y, x = torch.nonzero(red, as_tuple=True)
    return float(x.float().mean()), float(y.float().mean()), int(red.sum())


@pytest.mark.parametrize(
    ("kind", "amount", "moves"),
    [
        ("pan", 20, (-1, 0)), ("pan", -20, (1, 0)), ("tilt", 12, (0, 1)), ("tilt", -12, (0, -1)),
        ("truck", 0.3, (-1, 0)), ("truck", -0.3, (1, 0)), ("pedestal", 0.3, (0, 1)), ("pedestal", -0.3, (0, -1)),
    ],
)  # fmt: skip
def test_the_picture_slides_against_the_camera(kind, amount, moves):
    pictures, _ = clips(subject="heart", colour="red", motion="still", place="snow", size="small",
                        camera=Move(kind, float(amount)), **BY_DAY)  # fmt: skip
    (x0, y0, _), (x1, y1, _) = centre_of_red(pictures[0, :, 0]), centre_of_red(pictures[0, :, -1])
    assert math.copysign(1, (x1 - x0) * moves[0] + (y1 - y0) * moves[1]) == 1
    along = abs((x1 - x0) if moves[0] else (y1 - y0))
    across = abs((y1 - y0) if moves[0] else (x1 - x0))
    assert along > 4 > across
    if kind == "truck":
        assert along == pytest.approx(amount * -moves[0] * WIDTH, abs=1.5)
    if kind == "pedestal":
        assert along == pytest.approx(abs(amount) * HEIGHT, abs=1.5)


@pytest.mark.parametrize(("kind", "amount", "grows"), [("zoom", 1.5, 1.5), ("zoom", 0.6, 0.6), ("dolly", 0.3, 1 / 0.7),
                                                       ("dolly", -0.3, 1 / 1.3)])  # fmt: skip
def test_going_in_makes_the_subject_larger_by_its_amount(kind, amount, grows):
    pictures, _ = clips(subject="heart", colour="red", motion="spin", place="snow", camera=Move(kind, amount), **BY_DAY)
    before, after = centre_of_red(pictures[0, :, 0])[2], centre_of_red(pictures[0, :, -1])[2]
    assert math.sqrt(after / before) == pytest.approx(grows, rel=0.12)


def test_rolling_the_camera_clockwise_turns_the_picture_counterclockwise():
    drawn = sample(np.random.default_rng(0), 1, subject="ball", colour="red", motion="still", place="snow",
                   companion="ball", companion_colour="red", camera=Move("roll", 30.0), time="day", weather="clear",
                   style="plain")  # fmt: skip
    drawn["companion_colour"][:] = NAMES["colour"].index("red")
    pictures = render(build(drawn, 3), HEIGHT, WIDTH)
    right = pictures[0, :, :, :, WIDTH // 2 :]
    assert centre_of_red(right[:, -1])[1] < centre_of_red(right[:, 0])[1] - 2


def test_an_orbit_keeps_the_subject_in_the_middle_and_moves_the_background_with_the_camera():
    pictures, scene = clips(
        subject="ball", colour="red", motion="still", place="snow", camera=Move("orbit", 30.0), **BY_DAY
    )
    x0, x1 = centre_of_red(pictures[0, :, 0])[0], centre_of_red(pictures[0, :, -1])[0]
    assert abs(x1 - x0) < 10
    yaw = scene["pose"][0, :, 0]
    assert float(yaw[-1] - yaw[0]) == pytest.approx(-30, abs=1e-3)


def test_pans_and_trucks_differ_by_parallax():
    """A pan moves near and far alike; a truck moves what is far less."""
    far = {}
    for kind, amount in (("pan", 12.0), ("truck", 0.2)):
        drawn = sample(np.random.default_rng(2), 1, place="mountains", subject="ball", size="small", motion="still",
                       camera=Move(kind, amount), **BY_DAY)  # fmt: skip
        scene = build(drawn, 2)
        scene["parts"][..., COLUMN["alpha"]] = 0  # the ridge alone
        ridge = render(scene, 96, 160)[0, :, :, 10:40].mean((0, 2))
        shifts = range(-60, 61)
        errors = [float((ridge[0, 60 + s : 100 + s] - ridge[1, 60:100]).abs().mean()) for s in shifts]
        far[kind] = abs(shifts[int(np.argmin(errors))])
    assert far["pan"] > 25
    assert far["truck"] < 8


@pytest.mark.parametrize("size", [(48, 80), (80, 48), (56, 56)])
def test_the_box_holds_the_pixels_of_the_subject_and_little_else(size):
    n = len(SUBJECTS)
    drawn = sample(np.random.default_rng(11), n, subject=np.arange(n), size="big", motion=np.arange(n) % 10,
                   time="day", weather="clear", style="plain", companion="any")  # fmt: skip
    scene = build(drawn, 2)
    boxes = truth(drawn, scene, *size).boxes
    shown = render(scene, *size)
    hidden = {name: values.clone() for name, values in scene.items()}
    hidden["parts"][..., COLUMN["alpha"]] *= scene["parts"][..., COLUMN["owner"]] != 1
    changed = (shown - render(hidden, *size)).abs().amax(1) > 0.02
    for i in range(n):
        for k in range(2):
            y, x = torch.nonzero(changed[i, k], as_tuple=True)
            left, top, right, bottom = boxes[i, 0, k] * [size[1], size[0], size[1], size[0]]
            assert x.min() >= left - 1.5
            assert y.min() >= top - 1.5
            assert x.max() <= right + 1
            assert y.max() <= bottom + 1
            seen = (min(right, size[1]) - max(left, 0)) * (min(bottom, size[0]) - max(top, 0))
            assert (x.max() - x.min() + 1) * (y.max() - y.min() + 1) > 0.4 * seen


def test_truth_tells_cameras_poses_and_where_there_is_no_companion():
    drawn = sample(np.random.default_rng(0), 2, camera=Move("pan", 20.0), companion=None)
    true = truth(drawn, build(drawn, 3), HEIGHT, WIDTH)
    assert true.cameras[0] == Move("pan", 20.0)
    assert [pose.yaw for pose in true.poses[0]] == [0, 10, 20]
    assert np.isfinite(true.boxes[:, 0]).all()
    assert np.isnan(true.boxes[:, 1]).all()


def test_a_scene_is_the_same_picture_at_two_sizes():
    drawn = sample(np.random.default_rng(8), 8, style="plain", weather="clear")
    scene = build(drawn, 2)
    small, large = render(scene, 48, 80), render(scene, 96, 160)
    halved = torch.nn.functional.avg_pool3d(large, (1, 2, 2))
    assert (small - halved).abs().mean() < 0.03


def test_a_longer_clip_is_the_same_camera_in_more_frames():
    drawn = sample(np.random.default_rng(8), 4)
    short, long = build(drawn, 25)["pose"], build(drawn, 49)["pose"]
    assert torch.allclose(short, long[:, ::2], atol=1e-4)


def test_no_subject_has_a_colour_that_does_not_exist():
    drawn = sample(np.random.default_rng(0), len(PARTS), subject=np.arange(len(PARTS)), colour="black", companion=None)
    colours = build(drawn, 1)["rgb"]
    assert colours.isfinite().all()
    assert colours.min() >= 0


@pytest.mark.parametrize("camera", [Move("truck", 0.15), Move("zoom", 1.2), Move("roll", 15.0), Move("dolly", 0.2)])
def test_the_flow_leads_to_the_same_things_in_the_next_frame(camera):
    drawn = sample(np.random.default_rng(4), 2, place="mountains", motion="sway", camera=camera, **BY_DAY)
    scene = build(drawn, 3)
    pictures = render(scene, HEIGHT, WIDTH)
    moved = flow(scene, HEIGHT, WIDTH)
    assert moved.shape == (2, 2, 2, HEIGHT, WIDTH)
    y, x = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
    for k in range(2):
        grid = torch.stack(
            [(x + moved[:, 0, k] + 0.5) * 2 / WIDTH - 1, (y + moved[:, 1, k] + 0.5) * 2 / HEIGHT - 1], -1
        )
        warped = torch.nn.functional.grid_sample(pictures[:, :, k + 1], grid, align_corners=False)
        shown = grid.abs().amax(-1) < 1
        followed = (warped - pictures[:, :, k]).abs().mean(1)[shown]
        still = (pictures[:, :, k + 1] - pictures[:, :, k]).abs().mean(1)[shown]
        assert followed.median() < 0.02
        assert followed.mean() < 0.6 * still.mean()
