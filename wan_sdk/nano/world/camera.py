"""The camera of the world: drawing moves, and their path as the numbers of the spec's `Pose`.

A path is `wan_sdk.spec.camera_pose.pose_at` for a whole batch, begun so that the subject stays in view:
a pan to the right of 20 degrees begins some degrees to the left. Such a start belongs to the scene, not
to the move: angles and places are moved by it, distances and focal lengths scaled; with `camera_start` 0 the
path is ``Camera.pose`` itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from wan_sdk.nano.attributes import AT_ONCE, IN_TURN, MOVE_EASES, MOVE_KINDS, SINGLE, Attributes
from wan_sdk.spec.camera_moves import MOVES, InTurn, Move, Node, Together
from wan_sdk.spec.camera_pose import FRAME_WIDTH as WIDTH_AT_SUBJECT
from wan_sdk.spec.camera_pose import pose_at


class Range(NamedTuple):
    """How a move is drawn.

    Args:
      smallest, largest: Amount without its sign, in the move's own unit.
      steps: Amounts are round: multiples of the first or the second, half of them each.
      start: Which part of the move lies before the centred view, between these two; for a tilt or pedestal
        downward the rest of it does.
    """

    smallest: float
    largest: float
    steps: tuple[float, float]
    start: tuple[float, float]


RANGES = {
    "pan": Range(5, 40, (5, 1), (0.35, 0.65)),
    "tilt": Range(4, 25, (5, 1), (0.5, 0.65)),
    "roll": Range(5, 35, (5, 1), (0.35, 0.65)),
    "zoom": Range(1.1, 2, (0.1, 0.05), (0.0, 0.3)),
    "dolly": Range(0.07, 0.45, (0.05, 0.01), (0.45, 0.55)),
    "truck": Range(0.07, 0.8, (0.05, 0.01), (0.4, 0.6)),
    "pedestal": Range(0.06, 0.6, (0.05, 0.01), (0.28, 0.34)),
    "orbit": Range(8, 45, (5, 1), (0.35, 0.65)),
    "handheld": Range(0.2, 2, (0.1, 0.1), (0, 0)),
}
LARGEST = {kind: math.log(drawn.largest) if kind == "zoom" else drawn.largest for kind, drawn in RANGES.items()}
"""The largest amount of each kind on a scale where amounts add up: a zoom's is the logarithm of its ratio."""
POSE = ("yaw", "pitch", "roll", "x", "y", "z", "focal")


def draw(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    """Draw the cameras of `n` clips: a fifth of them two moves, at once or in turn."""
    chances = np.array([0.14, *[0.1016] * 8, 0.047])
    kind = rng.choice(len(MOVE_KINDS), (n, 2), p=chances / chances.sum())
    join = rng.choice(3, n, p=(0.8, 0.1, 0.1))
    moving = np.where(kind == 0, rng.integers(1, 9, (n, 2)), kind)
    other = moving[:, 0] % 8 + 1 + 0 * join
    shake = MOVE_KINDS.index("handheld")
    first = np.where(join == SINGLE, kind[:, 0], np.where(moving[:, 0] == shake, other, moving[:, 0]))
    second = np.where(moving[:, 1] == first, (first + rng.integers(0, 7, n)) % 8 + 1, moving[:, 1])
    rests = (join == IN_TURN) & ((second == shake) | (rng.random(n) < 0.1))
    second = np.where(join == SINGLE, 0, np.where(rests, 0, second))
    kind = np.stack([first, second], 1)
    ease = np.where(rng.random(n) < 0.75, 0, rng.integers(1, len(MOVE_EASES), n))
    ease = np.where((kind[:, 0] == 0) | ((join == SINGLE) & (kind[:, 0] == shake)), 0, ease)
    return {
        "camera_kind": kind,
        "camera_amount": _amounts(rng, kind, join),
        "camera_join": join,
        "camera_share": rng.choice((0.3, 0.4, 0.5, 0.6, 0.7), n, p=(0.1, 0.1, 0.6, 0.1, 0.1)),
        "camera_ease": ease,
        "camera_seed": rng.integers(0, 2**31, n),
    }


def pin(camera: Node | str | Sequence[str], rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    """Give all of `n` clips the same camera: a path of at most two moves, or a kind with amounts drawn.

    Of several kinds each clip gets one, all as likely.
    """
    cameras = draw(rng, n)
    if isinstance(camera, str | list | tuple):
        codes = [MOVE_KINDS.index(name) for name in ([camera] if isinstance(camera, str) else camera)]
        first = rng.choice(codes, n) if len(codes) > 1 else np.full(n, codes[0])
        kind = np.stack([first, np.zeros(n, int)], 1)
        join = np.zeros(n, int)
        return cameras | {"camera_kind": kind, "camera_join": join, "camera_amount": _amounts(rng, kind, join),
                              "camera_ease": np.where(kind[:, 0] == 0, 0, cameras["camera_ease"])}  # fmt: skip
    moves = (camera, Move("static", 0)) if isinstance(camera, Move) else camera.parts
    join = AT_ONCE if isinstance(camera, Together) else IN_TURN if isinstance(camera, InTurn) else SINGLE
    ease = moves[0].ease if join == IN_TURN else camera.ease
    full = lambda value: np.full(n, value)  # noqa: E731
    return {
        "camera_kind": np.tile([MOVE_KINDS.index(move.kind) for move in moves], (n, 1)),
        "camera_amount": np.tile([float(move.amount) for move in moves], (n, 1)),
        "camera_join": full(join),
        "camera_share": full(camera.shares[0] if isinstance(camera, InTurn) else 0.5),
        "camera_ease": full(MOVE_EASES.index(ease)),
        "camera_seed": full(max(move.seed for move in moves)),
    }


def draw_start(rng: np.random.Generator, drawn: Attributes, flying: np.ndarray) -> np.ndarray:
    """Draw which part of each move lies before the centred view: [n, 2], 0 to 1.

    A zoom beside another move begins at the nominal view, so that the other's amount can be read in it.
    """
    kind, amount = np.asarray(drawn["camera_kind"]), np.asarray(drawn["camera_amount"])
    low, high = np.array([(0, 0), *(drawn.start for drawn in RANGES.values())])[kind].transpose(2, 0, 1)
    start = rng.uniform(low, high)
    start = start - 0.1 * (flying[:, None] & (kind == MOVE_KINDS.index("tilt")))  # what flies is higher in the picture
    beside = (np.asarray(drawn["camera_join"]) != SINGLE)[:, None] & (kind == MOVE_KINDS.index("zoom"))
    start = np.where(beside, 0.0, start)
    mirrored = (amount < 0) & np.isin(kind, [MOVE_KINDS.index("tilt"), MOVE_KINDS.index("pedestal")])
    return np.where(mirrored, 1 - start, start)


def _amounts(rng: np.random.Generator, kind: np.ndarray, join: np.ndarray) -> np.ndarray:
    """Amounts that spread over what people call slow, medium and fast, in round steps, of both signs."""
    amount = np.zeros(kind.shape)
    pace = rng.integers(0, 3, kind.shape)
    u = rng.random(kind.shape)
    sign = rng.integers(0, 2, kind.shape) * 2 - 1
    fine = (rng.random(kind.shape) < 0.5).astype(int)
    for code, name in enumerate(MOVE_KINDS[1:], start=1):
        facts = MOVES[name]
        smallest, largest, steps, _ = RANGES[name]
        edges = np.array([smallest, facts.slow_below, facts.fast_above, largest])
        low, high = edges[pace], edges[pace + 1]
        size = low + (high - low) * np.where(pace == 2, u**1.5, u)
        size = np.where(join[:, None] == SINGLE, size, np.minimum(size, 0.3 * low + 0.7 * largest))
        step = np.array(steps)[fine]
        size = np.clip(np.round(size / step) * step, smallest, largest)
        value = np.where(sign > 0, size, 1 / size) if name == "zoom" else size if name == "handheld" else sign * size
        amount = np.where(kind == code, value, amount)
    return amount


def path(attributes: Attributes, frames: int) -> np.ndarray:
    """Return the camera of every frame: [n, frames, 7] in the order and units of `POSE`."""
    kind, amount, start = (np.asarray(attributes[f"camera_{key}"]) for key in ("kind", "amount", "start"))
    done = _done(attributes, frames)

    def total(name: str) -> np.ndarray:
        size = np.where(kind == MOVE_KINDS.index(name), amount, 0.0)
        return (size[:, None] * (done - start[:, None])).sum(2)

    zoom = np.where(kind == MOVE_KINDS.index("zoom"), amount, 1.0)[:, None]
    dolly = np.where(kind == MOVE_KINDS.index("dolly"), amount, 0.0)[:, None]
    focal = (zoom ** (done - start[:, None])).prod(2)
    first_distance = 1 / (1 - dolly * start[:, None]).prod(2)
    distance = first_distance * (1 - dolly * done).prod(2)
    aside = total("truck") * WIDTH_AT_SUBJECT * first_distance
    angle = np.radians(total("orbit"))
    pose = np.stack(
        [
            total("pan") - total("orbit"),
            total("tilt"),
            total("roll"),
            (aside * np.cos(angle) + distance * np.sin(angle)) / WIDTH_AT_SUBJECT,
            total("pedestal") * first_distance,
            1 + aside * np.sin(angle) - distance * np.cos(angle),
            focal,
        ],
        2,
    )
    pose[..., :3] += _shakes(attributes, done)
    return pose


def _shakes(attributes: Attributes, done: np.ndarray) -> np.ndarray:
    """Return the yaw, pitch and roll of hand-held cameras: [n, frames, 3] degrees, the spec's own."""
    shake = np.zeros((*done.shape[:2], 3))
    for i, column in np.argwhere(np.asarray(attributes["camera_kind"]) == MOVE_KINDS.index("handheld")):
        move = Move("handheld", float(attributes["camera_amount"][i][column]), int(attributes["camera_seed"][i]))
        poses = [pose_at(move, float(s)) for s in done[i, :, column]]
        shake[i] += [(pose.yaw, pose.pitch, pose.roll) for pose in poses]
    return shake


def _done(attributes: Attributes, frames: int) -> np.ndarray:
    """Return which part of both moves is done at every frame: [n, frames, 2], 0 to 1."""
    t = np.linspace(0, 1, frames)[None]
    share = np.asarray(attributes["camera_share"])[:, None]
    in_turn = (np.asarray(attributes["camera_join"]) == IN_TURN)[:, None]
    first = np.where(in_turn, t / share, t)
    second = np.where(in_turn, (t - share) / (1 - share), t)
    s = np.clip(np.stack([first, second], 2), 0, 1)
    ease = np.asarray(attributes["camera_ease"])[:, None, None]
    return np.select([ease == 1, ease == 2, ease == 3], [s * s, 1 - (1 - s) ** 2, s * s * (3 - 2 * s)], s)
