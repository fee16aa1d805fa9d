"""From words to numbers: drawing the attributes of clips, and setting their scenes for the renderer."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch

from wan_sdk.nano.attributes import (
    COLOURS,
    FLYING,
    NAMES,
    PLACES,
    STYLES,
    SUBJECTS,
    WEATHERS,
    Attributes,
)
from wan_sdk.nano.world import camera as cameras
from wan_sdk.nano.world.places import EYE, FOCAL, GROUNDS, SCENERY_SLOTS, SUBJECT_DISTANCE, WALLS, Stage, furnish, light
from wan_sdk.nano.world.subjects import (
    COLUMN,
    ELLIPSE,
    FIELDS,
    MAIN_RGB,
    MOST_PARTS,
    PARTS,
    TABLES,
    part_colours,
)

CHANCES = {
    "size": (0.2, 0.55, 0.25),
    "time": (0.46, 0.2, 0.2, 0.14),
    "weather": (0.6, 0.1, 0.1, 0.1, 0.1),
    "style": (0.6, 0.1, 0.1, 0.1, 0.1),
    "motion": (0.17, 0.135, 0.135, 0.075, 0.075, 0.09, 0.09, 0.08, 0.075, 0.075),
}
COMPANION_SHARE = 0.12
METRES = {"small": 1.05, "medium": 1.6, "big": 2.2}
HALF_WIDTH = SUBJECT_DISTANCE / FOCAL
"""Of the picture at the subject's depth, in metres."""
TURNS_A_SECOND = 0.27, 0.33
"""Of what spins. No caption says the speed. Drawn from 0.26...0.46, after two seconds four tenths of a turn
apart, the model smeared what turns.
"""


def sample(rng: np.random.Generator, n: int, **fixed: object) -> dict[str, np.ndarray]:
    """Draw the attributes of `n` clips.

    >>> drawn = sample(np.random.default_rng(0), 3, subject="ball", camera="pan")
    >>> [NAMES["subject"][code] for code in drawn["subject"]]
    ['ball', 'ball', 'ball']

    Args:
      rng: Source of all chance.
      n: How many clips.
      **fixed: Attributes that all clips share: a name (``colour="red"``), an array of codes, ``camera=`` a
        path of the spec, the name of a move or a list of such names to draw from, ``companion=`` a subject, ``"any"``
        or None.
    """
    drawn = {
        name: rng.choice(len(names), n, p=CHANCES.get(name)) if name in CHANCES else rng.integers(0, len(names), n)
        for name, names in NAMES.items()
    }
    drawn["companion"] = np.where(rng.random(n) < COMPANION_SHARE, rng.integers(0, len(SUBJECTS), n), -1)
    drawn["companion_colour"] = rng.integers(0, len(COLOURS), n)
    drawn["companion_side"] = rng.integers(0, 2, n) * 2 - 1
    drawn["flip"] = rng.integers(0, 2, n) * 2 - 1
    drawn["seed"] = rng.integers(0, 2**31, n)
    fixed = dict(fixed)
    pinned_camera = fixed.pop("camera", None)
    drawn |= cameras.draw(rng, n) if pinned_camera is None else cameras.pin(pinned_camera, rng, n)
    for name, value in fixed.items():
        drawn[name] = _pinned(name, value, rng, n)
    indoors = drawn["place"] == PLACES.index("room")
    airless = drawn["place"] == PLACES.index("moon")
    drawn["weather"] = np.where(indoors | airless, 0, drawn["weather"])
    drawn["time"] = np.where(airless, NAMES["time"].index("night"), drawn["time"])
    same = (drawn["companion"] == drawn["subject"]) & (drawn["companion_colour"] == drawn["colour"])
    drawn["companion_colour"] = np.where(same, (drawn["colour"] + 1) % len(COLOURS), drawn["companion_colour"])
    if "size" not in fixed:
        drawn["size"] = np.where(drawn["companion"] >= 0, NAMES["size"].index("medium"), drawn["size"])
    flying = np.isin(drawn["subject"], [SUBJECTS.index(name) for name in FLYING])
    drawn["camera_start"] = cameras.draw_start(rng, drawn, flying)
    return drawn


def _pinned(name: str, value: object, rng: np.random.Generator, n: int) -> np.ndarray:
    if name == "companion":
        if value is None:
            return np.full(n, -1)
        return rng.integers(0, len(SUBJECTS), n) if value == "any" else np.full(n, SUBJECTS.index(str(value)))
    if isinstance(value, str):
        return np.full(n, NAMES["colour" if name == "companion_colour" else name].index(value))
    return np.broadcast_to(np.asarray(value), (n,)).copy()


def build(attributes: Attributes, frames: int = 25, fps: float = 12) -> dict[str, torch.Tensor]:
    """Set the scenes of a batch: every number that the renderer needs, one row a clip.

    Args:
      attributes: As `sample` draws them.
      frames: Length of the clips; the camera's move and the subject's way take all of it.
      fps: Frames a second; wheels, wings, rain and waves keep their speed.
    """
    n = len(attributes["subject"])
    slots = SCENERY_SLOTS + 2 * (1 + MOST_PARTS)
    parts = np.zeros((n, slots, len(FIELDS)), np.float32)
    parts[..., COLUMN["a"]] = parts[..., COLUMN["b"]] = 1e-3
    parts[..., COLUMN["depth"]] = 9
    scene = {
        "pose": cameras.path(attributes, frames),
        "seconds": np.tile(np.arange(frames) / fps, (n, 1)),
        "parts": parts,
        "rgb": np.zeros((n, slots, 3), np.float32),
        "track": np.zeros((n, len(TRACK), 2, frames), np.float32),
        "character": np.zeros((n, len(CHARACTER), 2), np.float32),
        "light": np.zeros((n, len(LIGHT), 3), np.float32),
        "mood": np.zeros((n, len(MOOD)), np.float32),
    }
    used = 0
    for i in range(n):
        used = max(used, _set_scene(attributes, i, {name: values[i] for name, values in scene.items()}))
    scene["parts"], scene["rgb"] = parts[:, :used], scene["rgb"][:, :used]
    return {name: torch.as_tensor(np.ascontiguousarray(values, np.float32)) for name, values in scene.items()}


TRACK = ["x", "y", "z", "turn", "squash"]
"""Rows of a subject's path, over the frames: metres, radians counterclockwise, share of the height."""
CHARACTER = ["metres", "flip", "activity", "rolling", "pivot"]
"""What stays of a subject: its height, 1 or -1, how much its limbs move, its wheels, where it turns about."""
LIGHT = ["zenith", "horizon", "tint", "haze", "ground_light", "ground_dark", "far"]
MOOD = [
    "place",
    "weather",
    "style",
    "far_shape",
    "far_height",
    "far_frequency",
    "phase",
    "stars",
    "slant",
    "drift",
    "haze",
    "paper",
    "lamps",
]


def _set_scene(attributes: Attributes, i: int, scene: Mapping[str, np.ndarray]) -> int:
    """Fill the row of one clip; return how many part slots it uses."""
    value = {name: names[attributes[name][i]] for name, names in NAMES.items()}
    dice = np.random.default_rng(attributes["seed"][i])
    place, time, weather = value["place"], value["time"], value["weather"]
    sky, ground = light(place, time, weather), GROUNDS[place]
    far = WALLS[dice.integers(len(WALLS))] if place == "room" else np.array(ground.far)
    ground_jitter, far_jitter = 1 + dice.uniform(-0.06, 0.06, 3), 1 + dice.uniform(-0.08, 0.08, 3)
    haze = 0.11 if weather == "fog" else 0.0 if place in ("room", "moon") else 0.012
    scene["light"][:] = (
        sky.zenith, sky.horizon, sky.tint, sky.horizon,
        np.array(ground.light) * ground_jitter, np.array(ground.dark) * ground_jitter, far * far_jitter,
    )  # fmt: skip
    scene["mood"][:] = (
        PLACES.index(place), WEATHERS.index(weather), STYLES.index(value["style"]), ground.shape,
        ground.height * dice.uniform(0.75, 1.25), ground.frequency * dice.uniform(0.8, 1.25), dice.uniform(0, 50),
        float((time == "night" and weather == "clear" and place != "room") or place == "moon"),
        dice.choice((-1, 1)) * dice.uniform(0.15, 0.4), dice.uniform(0, 9), haze, dice.uniform(0, 100),
        {"night": 1.0, "sunset": 0.35}.get(time, 0.0),
    )  # fmt: skip
    stage = Stage(scene["parts"][:SCENERY_SLOTS], scene["rgb"][:SCENERY_SLOTS])
    furnish(stage, dice, place, time, weather, sky)
    slot = SCENERY_SLOTS
    companion = attributes["companion"][i]
    side = float(attributes["companion_side"][i]) if companion >= 0 else 0.0
    if companion >= 0:
        name, colour = SUBJECTS[companion], MAIN_RGB[attributes["companion_colour"][i]]
        metres = METRES["medium"] * 0.85 * dice.uniform(0.93, 1.07)
        flip = float(dice.choice((-1, 1)))
        scene["track"][:, 1], motion = _walk(scene, dice, name, "still", metres, side * 1.2, 0, place)
        scene["character"][:, 1] = metres, flip, *motion
        slot = _cast(scene, slot, name, colour, 2, dice)
    name, motion_name = value["subject"], value["motion"]
    metres = METRES[value["size"]] * dice.uniform(0.93, 1.07) * (0.85 if companion >= 0 else 1.0)
    flip = {"left": -1.0, "right": 1.0}.get(motion_name, float(attributes["flip"][i]))
    middle = -side * 1.2 if companion >= 0 else dice.uniform(-0.45, 0.45)
    travel = 1.5 if companion >= 0 else 1.6 if _sideways(attributes, i) > 0.3 else 2.3
    scene["track"][:, 0], motion = _walk(scene, dice, name, motion_name, metres, middle, travel, place)
    scene["character"][:, 0] = metres, flip, *motion
    return _cast(scene, slot, name, MAIN_RGB[attributes["colour"][i]], 1, dice)


def _sideways(attributes: Attributes, i: int) -> float:
    """Return how far the camera sweeps sideways in all, in pictures."""
    share = {"pan": 1 / 60, "truck": 1.0, "orbit": 1 / 120}
    moves = zip(attributes["camera_kind"][i], attributes["camera_amount"][i], strict=True)
    return sum(abs(amount) * share.get(cameras.MOVE_KINDS[kind], 0.0) for kind, amount in moves)


def _cast(
    scene: Mapping[str, np.ndarray], slot: int, name: str, colour: np.ndarray, owner: int, dice: np.random.Generator
) -> int:
    """Put a subject's shadow and parts into the table; return the next free slot."""
    shadow = scene["parts"][slot]
    flying = name in FLYING
    values = {
        "kind": ELLIPSE,
        "a": 0.37 if flying else 0.52,
        "b": 0.07,
        "alpha": 0.25 if flying else 0.42,
        "soft": 0.06,
        "owner": -owner,
    }
    shadow[[COLUMN[field] for field in values]] = list(values.values())
    scene["rgb"][slot] = (0.03, 0.03, 0.08)
    rows, count = slot + 1, len(PARTS[name])
    scene["parts"][rows : rows + count] = TABLES[name]
    scene["parts"][rows : rows + count, COLUMN["owner"]] = owner
    shade = np.clip(colour + dice.uniform(-0.03, 0.03, 3), 0, 1)
    scene["rgb"][rows : rows + count] = part_colours(name, shade)
    return rows + count


def _walk(
    scene: Mapping[str, np.ndarray],
    dice: np.random.Generator,
    name: str,
    motion: str,
    metres: float,
    middle: float,
    travel: float,
    place: str,
) -> tuple[np.ndarray, tuple[float, float, float]]:
    """Return a subject's path, one row each of `TRACK`, and its activity, rolling and pivot."""
    frames = scene["track"].shape[-1]
    s, t = np.linspace(0, 1, frames), scene["seconds"]
    flying = name in FLYING
    base = dice.uniform(-0.6, -0.15) - 0.25 * metres if flying else -EYE
    amount = dice.uniform(0.8, 1.2)
    x, y, z = np.full(frames, middle), np.full(frames, base), np.full(frames, SUBJECT_DISTANCE)
    turn, squash = np.zeros(frames), np.zeros(frames)
    activity, rolling, pivot = 0.25, 0.0, 0.5
    if motion in ("left", "right"):
        way = 1.0 if motion == "right" else -1.0
        far = min(travel * amount, 2 * HALF_WIDTH - metres)
        x = way * far * (s - 0.5) + middle * (1.0 if travel == 1.5 else 0.4)
        if name == "ball":
            turn = -way * far * s / (metres * 0.5)
        if name in ("cat", "person", "robot", "turtle"):
            y = y + 0.05 * np.abs(np.sin(t * math.pi * 2))
    elif motion in ("up", "down"):
        low = base - 0.35 * flying
        rise = np.clip(1.8 - (low + metres), 0.6, 1.6) * min(amount, 1.05)
        y = low + rise * (s if motion == "up" else 1 - s)
    elif motion == "bounce":
        hop = np.abs(np.sin(math.pi * (dice.uniform(1.0, 1.4) * t + dice.uniform())))
        high = np.clip(1.7 - (base + metres), 0.55, 0.95)
        y, squash = base - 0.3 * flying + high * amount * hop, 0.16 * np.clip(1 - 3 * hop, 0, 1)
    elif motion == "spin":
        turn = dice.choice((-1, 1)) * math.tau * dice.uniform(*TURNS_A_SECOND) * t
    elif motion == "sway":
        turn, pivot = 0.36 * amount * np.sin(math.tau * (dice.uniform(0.7, 1.1) * t + dice.uniform())), 0.1
    elif motion in ("approach", "recede"):
        z = SUBJECT_DISTANCE - 0.5 + 3.4 * amount * ((1 - s) if motion == "approach" else s)
    elif flying or place == "sea":  # still, but it hovers or floats
        y = y + 0.045 * np.sin(math.tau * (0.5 * t + dice.uniform()))
        turn = 0.035 * np.sin(math.tau * (0.4 * t + dice.uniform())) * (place == "sea") * (not flying)
    if motion in ("left", "right", "approach", "recede", "bounce", "up", "down"):
        activity = 1.0
    if motion in ("left", "right", "approach", "recede"):
        rolling = -1.0
    return np.stack([x, y, z, turn, squash]), (activity, rolling, pivot)
