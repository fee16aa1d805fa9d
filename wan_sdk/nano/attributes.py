"""What a clip of the small world can be: the names of its attributes, and the camera of one row.

A batch of clips is a dict of arrays, one row a clip. Categories are stored as the position of their
name in `NAMES`; what is continuous is stored in its unit. This page is plain Python, so that the
words of the world can be known without loading any array library.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wan_sdk.spec.camera_moves import Ease, InTurn, Move, MoveKind, Node, Together

SUBJECTS = [
    "ball",
    "box",
    "car",
    "boat",
    "rocket",
    "balloon",
    "house",
    "flower",
    "mushroom",
    "fish",
    "bird",
    "butterfly",
    "cat",
    "turtle",
    "robot",
    "person",
    "star",
    "heart",
]
COLOURS = ["red", "orange", "yellow", "green", "blue", "purple", "pink", "white", "black", "brown", "cyan", "gray"]
SIZES = ["small", "medium", "big"]
PLACES = ["meadow", "beach", "desert", "snow", "city", "forest", "mountains", "sea", "room", "moon"]
TIMES = ["day", "sunset", "night", "dawn"]
WEATHERS = ["clear", "cloudy", "rain", "snowing", "fog"]
STYLES = ["plain", "watercolour", "pencil", "neon", "vintage"]
MOTIONS = ["still", "left", "right", "up", "down", "bounce", "spin", "sway", "approach", "recede"]
FLYING = frozenset(["rocket", "balloon", "fish", "bird", "butterfly", "star", "heart"])

NAMES: dict[str, list[str]] = {
    "subject": SUBJECTS,
    "colour": COLOURS,
    "size": SIZES,
    "place": PLACES,
    "time": TIMES,
    "weather": WEATHERS,
    "style": STYLES,
    "motion": MOTIONS,
}

MOVE_KINDS: tuple[MoveKind, ...] = (
    "static", "pan", "tilt", "roll", "zoom", "dolly", "truck", "pedestal", "orbit", "handheld",
)  # fmt: skip
MOVE_EASES: tuple[Ease, ...] = ("linear", "in", "out", "in-out")
SINGLE, AT_ONCE, IN_TURN = 0, 1, 2

Attributes = Mapping[str, Any]
"""Arrays by name, one row a clip: the keys of `NAMES`, and

- ``companion``: position in `SUBJECTS` of a second subject, or -1; ``companion_colour``;
  ``companion_side``: 1 to the right of the first subject, -1 to its left
- ``flip``: 1 if the subject faces right, -1 left; ``seed``: of everything that no word describes
- ``camera_kind`` [n, 2] in `MOVE_KINDS`, ``camera_amount`` [n, 2] in the move's own unit and sign,
  ``camera_join`` (`SINGLE`, `AT_ONCE`, `IN_TURN`), ``camera_share`` of the first of two in turn,
  ``camera_ease`` in `MOVE_EASES`, ``camera_seed`` of a shake
- ``camera_start``: part of each move that lies before the centred view, 0 to 1
"""


def camera_of(attributes: Attributes, i: int) -> Node:
    """Return the camera path of clip `i` as the spec writes it.

    >>> row = dict(camera_kind=[[1, 0]], camera_amount=[[20.0, 0.0]], camera_join=[0], camera_ease=[0],
    ...            camera_share=[0.5], camera_seed=[0])
    >>> camera_of(row, 0)
    Move(kind='pan', amount=20.0, seed=0, ease='linear')
    """
    ease = MOVE_EASES[attributes["camera_ease"][i]]
    join = attributes["camera_join"][i]
    inner = "linear" if join == AT_ONCE else ease
    first, second = (_move(attributes, i, column, inner) for column in (0, 1))
    if join == SINGLE:
        return first
    if join == AT_ONCE:
        return Together((first, second), ease)
    share = float(attributes["camera_share"][i])
    return InTurn((first, second), (share, 1 - share))


def _move(attributes: Attributes, i: int, column: int, ease: Ease) -> Move:
    kind = MOVE_KINDS[attributes["camera_kind"][i][column]]
    seed = int(attributes["camera_seed"][i]) if kind == "handheld" else 0
    return Move(kind, float(attributes["camera_amount"][i][column]), seed, ease)
