"""The subjects as data: each is a list of parts, and every part is one line of a table.

Object space: x to the right, y up, the ground at 0, about 1 high; the subject faces right. A part is an
ellipse, a box, a star, a heart or the upper half of an ellipse, `a` wide and `b` high from its middle.
Colours are slots ("main" is the subject's own colour) so that one drawing comes in every colour.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from wan_sdk.nano.attributes import COLOURS, SUBJECTS

RGB = {
    "red": (0.86, 0.10, 0.12),
    "orange": (0.98, 0.50, 0.06),
    "yellow": (0.99, 0.85, 0.10),
    "green": (0.08, 0.62, 0.22),
    "blue": (0.12, 0.28, 0.86),
    "purple": (0.50, 0.14, 0.72),
    "pink": (1.0, 0.50, 0.72),
    "white": (0.98, 0.98, 0.98),
    "black": (0.07, 0.07, 0.08),
    "brown": (0.45, 0.26, 0.12),
    "cyan": (0.10, 0.80, 0.85),
    "gray": (0.49, 0.51, 0.55),
}
FIXED_RGB = {
    "white": (0.97, 0.97, 0.97),
    "ink": (0.05, 0.05, 0.07),
    "dark": (0.15, 0.13, 0.18),
    "tyre": (0.13, 0.13, 0.15),
    "rim": (0.80, 0.80, 0.84),
    "glass": (0.62, 0.85, 0.97),
    "lamp": (1.0, 0.86, 0.25),
    "pollen": (1.0, 0.82, 0.20),
    "fire": (1.0, 0.45, 0.10),
    "wood": (0.50, 0.33, 0.18),
    "metal": (0.62, 0.64, 0.68),
    "cream": (0.97, 0.91, 0.78),
    "cream2": (0.90, 0.80, 0.66),
    "leaf": (0.24, 0.50, 0.16),
    "beak": (1.0, 0.60, 0.08),
    "nose": (0.75, 0.30, 0.32),
    "skin": (0.96, 0.77, 0.62),
    "turtle": (0.62, 0.72, 0.36),
    "jeans": (0.22, 0.27, 0.45),
    "hair": (0.32, 0.20, 0.12),
    "glow": (0.50, 1.0, 0.95),
}
ELLIPSE, BOX, STAR, HEART, HALF = range(5)


class Part(NamedTuple):
    """One shape of a subject.

    Args:
      kind: `ELLIPSE`, `BOX`, `STAR`, `HEART` or `HALF` (the upper half of an ellipse).
      x, y: Middle of the part.
      a, b: Half width and half height.
      colour: A slot: main, darker, lighter, or a name of `FIXED_RGB`.
      turn: Angle in radians, clockwise.
      taper: How much a box narrows toward its top: 1 is a triangle; negative widens.
      round: Radius of a box's corners.
      swing, hertz, phase, pivot: A pendulum: radians to either side, swings a second, start, and its point.
      wheel: 1 if it rolls with the subject's way.
      outline: 1 for a dark line around it.
      flap: 1 for a wing seen from the front, which narrows and widens.
    """

    kind: int
    x: float
    y: float
    a: float
    b: float
    colour: str = "main"
    turn: float = 0.0
    taper: float = 0.0
    round: float = 0.0
    swing: float = 0.0
    hertz: float = 1.15
    phase: float = 0.0
    pivot: tuple[float, float] | None = None
    wheel: float = 0.0
    outline: float = 1.0
    flap: float = 0.0


def _legs(xs: tuple[float, ...], y: float, a: float, b: float, colour: str = "main", swing: float = 0.5) -> list[Part]:
    return [
        Part(BOX, x, y - b, a, b, colour, round=a * 0.8, swing=swing, phase=0.5 * i, pivot=(x, y))
        for i, x in enumerate(xs)
    ]


def _eye(x: float, y: float, size: float) -> list[Part]:
    return [
        Part(ELLIPSE, x, y, size, size, "white", outline=0),
        Part(ELLIPSE, x + size * 0.2, y, size * 0.58, size * 0.62, "ink", outline=0),
    ]


def _petals(count: int) -> list[Part]:
    turns = [k * math.tau / count for k in range(count)]
    return [
        Part(
            ELLIPSE,
            0.2 * math.sin(t),
            0.72 + 0.2 * math.cos(t),
            0.13,
            0.17,
            turn=t,
            swing=0.06,
            hertz=0.5,
            pivot=(0, 0),
        )
        for t in turns
    ]


def _wheel(x: float) -> list[Part]:
    return [
        Part(ELLIPSE, x, 0.16, 0.17, 0.17, "tyre", outline=0),
        Part(BOX, x, 0.16, 0.09, 0.035, "rim", wheel=1, outline=0),
        Part(BOX, x, 0.16, 0.035, 0.09, "rim", wheel=1, outline=0),
    ]


PARTS: dict[str, list[Part]] = {
    "ball": [
        Part(ELLIPSE, 0, 0.5, 0.5, 0.5),
        Part(HALF, 0, 0.5, 0.5, 0.5, "darker", turn=math.pi, outline=0),
        Part(BOX, 0, 0.5, 0.47, 0.075, "white", round=0.05, outline=0),
        Part(ELLIPSE, 0, 0.77, 0.15, 0.13, "white", outline=0),
    ],
    "box": [
        Part(BOX, 0, 0.42, 0.48, 0.42, round=0.04),
        Part(BOX, 0, 0.42, 0.09, 0.42, "lighter", outline=0),
        Part(BOX, 0, 0.76, 0.53, 0.11, "darker", round=0.03),
        Part(BOX, 0, 0.76, 0.1, 0.11, "lighter", outline=0),
        Part(ELLIPSE, -0.15, 0.95, 0.17, 0.09, "lighter", turn=0.5),
        Part(ELLIPSE, 0.15, 0.95, 0.17, 0.09, "lighter", turn=-0.5),
    ],
    "car": [
        Part(BOX, -0.03, 0.58, 0.36, 0.2, taper=0.35, round=0.06),
        Part(BOX, -0.2, 0.57, 0.13, 0.11, "glass", taper=0.15, round=0.03, outline=0),
        Part(BOX, 0.13, 0.57, 0.13, 0.11, "glass", taper=0.15, round=0.03, outline=0),
        Part(BOX, 0, 0.3, 0.68, 0.17, round=0.1),
        Part(ELLIPSE, 0.63, 0.34, 0.06, 0.06, "lamp", outline=0),
        *_wheel(-0.38),
        *_wheel(0.38),
    ],
    "boat": [
        Part(BOX, 0.0, 0.62, 0.02, 0.38, "wood", outline=0),
        Part(BOX, 0.21, 0.66, 0.21, 0.3, "white", taper=1),
        Part(BOX, -0.16, 0.56, 0.13, 0.2, "white", taper=1),
        Part(BOX, 0, 0.14, 0.54, 0.15, taper=-0.3, round=0.03),
        Part(BOX, 0, 0.22, 0.55, 0.035, "lighter", outline=0),
        Part(BOX, 0.1, 1.0, 0.09, 0.045, "main", taper=0.2, turn=1.57, outline=0),
    ],
    "rocket": [
        Part(BOX, 0, 0.02, 0.11, 0.16, "fire", taper=-0.9, swing=0.2, hertz=2.9, pivot=(0, 0.15), outline=0),
        Part(BOX, 0, 0.05, 0.06, 0.1, "lamp", taper=-0.9, swing=0.3, hertz=3.5, pivot=(0, 0.15), outline=0),
        Part(BOX, -0.24, 0.26, 0.14, 0.17, "darker", taper=0.8),
        Part(BOX, 0.24, 0.26, 0.14, 0.17, "darker", taper=0.8),
        Part(ELLIPSE, 0, 0.56, 0.21, 0.44),
        Part(BOX, 0, 0.2, 0.14, 0.06, "metal", round=0.02),
        Part(ELLIPSE, 0, 0.66, 0.105, 0.105, "white"),
        Part(ELLIPSE, 0, 0.66, 0.07, 0.07, "glass", outline=0),
        Part(BOX, 0, 0.93, 0.1, 0.13, "fire", taper=1, outline=0),
    ],
    "balloon": [
        Part(BOX, -0.1, 0.2, 0.012, 0.16, "wood", turn=0.25, outline=0),
        Part(BOX, 0.1, 0.2, 0.012, 0.16, "wood", turn=-0.25, outline=0),
        Part(ELLIPSE, 0, 0.66, 0.38, 0.37),
        Part(BOX, 0, 0.36, 0.17, 0.1, taper=-0.6, outline=0),
        Part(ELLIPSE, 0, 0.66, 0.22, 0.37, "lighter", outline=0),
        Part(ELLIPSE, 0, 0.66, 0.09, 0.37, outline=0),
        Part(BOX, 0, 0.06, 0.13, 0.085, "wood", round=0.02),
    ],
    "house": [
        Part(BOX, 0.3, 0.83, 0.07, 0.16, "wood"),
        Part(BOX, 0, 0.32, 0.46, 0.32, "lighter", round=0.01),
        Part(BOX, 0, 0.82, 0.35, 0.22, taper=0.85),
        Part(BOX, 0, 0.2, 0.11, 0.2, "main", round=0.02),
        Part(BOX, -0.28, 0.36, 0.1, 0.1, "glass", round=0.01),
        Part(BOX, 0.28, 0.36, 0.1, 0.1, "glass", round=0.01),
        Part(ELLIPSE, 0.06, 0.2, 0.02, 0.02, "lamp", outline=0),
    ],
    "flower": [
        Part(BOX, 0, 0.28, 0.03, 0.28, "leaf", swing=0.06, hertz=0.5, pivot=(0, 0), outline=0),
        Part(ELLIPSE, 0.16, 0.2, 0.17, 0.065, "leaf", turn=-0.5, outline=0),
        Part(ELLIPSE, -0.16, 0.28, 0.17, 0.065, "leaf", turn=0.5, outline=0),
        *_petals(6),
        Part(ELLIPSE, 0, 0.72, 0.13, 0.13, "pollen", swing=0.06, hertz=0.5, pivot=(0, 0)),
    ],
    "mushroom": [
        Part(BOX, 0, 0.26, 0.15, 0.26, "cream", taper=-0.2, round=0.06),
        Part(ELLIPSE, 0, 0.5, 0.5, 0.15, "cream2"),
        Part(HALF, 0, 0.48, 0.52, 0.46),
        Part(ELLIPSE, -0.22, 0.66, 0.09, 0.08, "white", outline=0),
        Part(ELLIPSE, 0.08, 0.78, 0.1, 0.08, "white", outline=0),
        Part(ELLIPSE, 0.3, 0.6, 0.07, 0.06, "white", outline=0),
        Part(ELLIPSE, -0.02, 0.56, 0.06, 0.05, "white", outline=0),
    ],
    "fish": [
        Part(ELLIPSE, -0.58, 0.64, 0.25, 0.11, "darker", turn=0.75, swing=0.3, hertz=1.6, pivot=(-0.36, 0.46)),
        Part(ELLIPSE, -0.58, 0.28, 0.25, 0.11, "darker", turn=-0.75, swing=0.3, hertz=1.6, pivot=(-0.36, 0.46)),
        Part(BOX, 0.0, 0.8, 0.24, 0.12, "darker", taper=0.55, turn=0.1),
        Part(BOX, 0.02, 0.12, 0.12, 0.1, "darker", taper=-0.6),
        Part(ELLIPSE, 0.05, 0.46, 0.5, 0.33),
        Part(BOX, -0.12, 0.46, 0.045, 0.25, "lighter", round=0.04, outline=0),
        Part(BOX, 0.08, 0.46, 0.045, 0.29, "lighter", round=0.04, outline=0),
        Part(ELLIPSE, -0.02, 0.38, 0.12, 0.06, "darker", turn=0.5, swing=0.4, hertz=1.2, pivot=(0.08, 0.42)),
        *_eye(0.32, 0.55, 0.095),
        Part(ELLIPSE, 0.53, 0.4, 0.05, 0.035, "nose", outline=0),
    ],
    "bird": [
        Part(ELLIPSE, 0.06, 0.78, 0.14, 0.4, "lighter", turn=0.15, swing=0.6, hertz=1.7, pivot=(0.06, 0.5)),
        Part(BOX, -0.02, 0.14, 0.022, 0.14, "beak", outline=0),
        Part(BOX, 0.12, 0.14, 0.022, 0.14, "beak", outline=0),
        Part(BOX, -0.5, 0.5, 0.15, 0.28, "darker", turn=-1.3, taper=-0.55),
        Part(ELLIPSE, 0, 0.44, 0.37, 0.23, turn=-0.25),
        Part(ELLIPSE, 0.07, 0.37, 0.22, 0.13, "lighter", turn=-0.2, outline=0),
        Part(BOX, 0.6, 0.63, 0.1, 0.19, "beak", turn=1.67, taper=1),
        Part(ELLIPSE, 0.32, 0.66, 0.21, 0.2),
        *_eye(0.38, 0.7, 0.06),
        Part(ELLIPSE, -0.14, 0.74, 0.16, 0.42, "darker", turn=-0.3, swing=0.7, hertz=1.7, pivot=(-0.04, 0.46)),
    ],
    "butterfly": [
        Part(ELLIPSE, -0.38, 0.72, 0.24, 0.42, turn=-0.85, flap=1),
        Part(ELLIPSE, 0.38, 0.72, 0.24, 0.42, turn=0.85, flap=1),
        Part(ELLIPSE, -0.27, 0.27, 0.2, 0.28, "darker", turn=0.6, flap=1),
        Part(ELLIPSE, 0.27, 0.27, 0.2, 0.28, "darker", turn=-0.6, flap=1),
        Part(ELLIPSE, -0.48, 0.79, 0.13, 0.13, "lighter", flap=1, outline=0),
        Part(ELLIPSE, 0.48, 0.79, 0.13, 0.13, "lighter", flap=1, outline=0),
        Part(ELLIPSE, -0.29, 0.24, 0.09, 0.1, "lighter", flap=1, outline=0),
        Part(ELLIPSE, 0.29, 0.24, 0.09, 0.1, "lighter", flap=1, outline=0),
        Part(BOX, 0, 0.5, 0.055, 0.36, "dark", round=0.05, outline=0),
        Part(BOX, -0.1, 0.97, 0.016, 0.15, "dark", turn=-0.5, outline=0),
        Part(BOX, 0.1, 0.97, 0.016, 0.15, "dark", turn=0.5, outline=0),
        Part(ELLIPSE, -0.18, 1.1, 0.04, 0.04, "dark", outline=0),
        Part(ELLIPSE, 0.18, 1.1, 0.04, 0.04, "dark", outline=0),
    ],
    "cat": [
        Part(BOX, -0.5, 0.58, 0.055, 0.28, turn=-0.35, round=0.05, swing=0.35, hertz=0.85, pivot=(-0.4, 0.36)),
        *_legs((-0.3, 0.2), 0.26, 0.075, 0.13, "darker"),
        *_legs((-0.15, 0.34), 0.26, 0.075, 0.13),
        Part(ELLIPSE, -0.03, 0.38, 0.42, 0.21),
        Part(BOX, 0.27, 0.93, 0.09, 0.13, taper=0.95, turn=-0.2),
        Part(BOX, 0.57, 0.93, 0.09, 0.13, taper=0.95, turn=0.2),
        Part(ELLIPSE, 0.42, 0.68, 0.27, 0.24),
        *_eye(0.33, 0.72, 0.058),
        *_eye(0.53, 0.72, 0.058),
        Part(ELLIPSE, 0.44, 0.61, 0.04, 0.03, "nose", outline=0),
    ],
    "turtle": [
        *_legs((-0.34, 0.26), 0.22, 0.1, 0.11, "turtle", 0.4),
        Part(BOX, 0.52, 0.3, 0.14, 0.07, "turtle", turn=-0.5, round=0.05, outline=0),
        Part(ELLIPSE, 0.66, 0.43, 0.19, 0.16, "turtle"),
        Part(BOX, -0.6, 0.18, 0.08, 0.035, "turtle", taper=0.5),
        Part(HALF, 0, 0.18, 0.54, 0.52),
        Part(BOX, 0, 0.18, 0.57, 0.055, "lighter", round=0.04),
        Part(ELLIPSE, 0.0, 0.47, 0.13, 0.11, "lighter", outline=0),
        Part(ELLIPSE, -0.29, 0.35, 0.1, 0.09, "lighter", outline=0),
        Part(ELLIPSE, 0.29, 0.35, 0.1, 0.09, "lighter", outline=0),
        *_eye(0.71, 0.47, 0.055),
    ],
    "robot": [
        Part(BOX, 0, 0.99, 0.016, 0.07, "metal", outline=0),
        Part(ELLIPSE, 0, 1.07, 0.05, 0.05, "fire", outline=0),
        *_legs((-0.15, 0.15), 0.22, 0.08, 0.11, "metal", 0.3),
        Part(BOX, -0.36, 0.38, 0.055, 0.18, "metal", round=0.05, swing=0.6, hertz=0.85, pivot=(-0.34, 0.54)),
        Part(BOX, 0.36, 0.38, 0.055, 0.18, "metal", round=0.05, swing=0.6, hertz=0.85, phase=0.5, pivot=(0.34, 0.54)),
        Part(BOX, 0, 0.4, 0.29, 0.2, round=0.05),
        Part(BOX, 0, 0.76, 0.27, 0.17, round=0.06),
        Part(BOX, 0, 0.77, 0.2, 0.09, "dark", round=0.04, outline=0),
        Part(ELLIPSE, -0.09, 0.77, 0.05, 0.05, "glow", outline=0),
        Part(ELLIPSE, 0.09, 0.77, 0.05, 0.05, "glow", outline=0),
        Part(BOX, 0, 0.42, 0.14, 0.07, "lighter", round=0.02, outline=0),
        Part(ELLIPSE, 0.0, 0.42, 0.035, 0.035, "fire", outline=0),
    ],
    "person": [
        Part(BOX, -0.28, 0.5, 0.055, 0.19, "skin", round=0.05, swing=0.6, phase=0.5, pivot=(-0.2, 0.64)),
        *_legs((-0.1, 0.1), 0.36, 0.085, 0.18, "jeans", 0.45),
        Part(BOX, 0, 0.52, 0.22, 0.2, taper=0.12, round=0.06),
        Part(BOX, 0.28, 0.5, 0.055, 0.19, "skin", round=0.05, swing=0.6, pivot=(0.2, 0.64)),
        Part(BOX, -0.235, 0.61, 0.075, 0.085, turn=0.45, round=0.05),
        Part(BOX, 0.235, 0.61, 0.075, 0.085, turn=-0.45, round=0.05),
        Part(ELLIPSE, 0, 0.86, 0.16, 0.17, "skin"),
        Part(HALF, 0, 0.88, 0.175, 0.16, "hair"),
        Part(ELLIPSE, -0.055, 0.84, 0.022, 0.026, "ink", outline=0),
        Part(ELLIPSE, 0.075, 0.84, 0.022, 0.026, "ink", outline=0),
        Part(BOX, 0.01, 0.765, 0.05, 0.014, "nose", outline=0),
    ],
    "star": [
        Part(STAR, 0, 0.5, 0.58, 0.58),
        Part(STAR, 0, 0.5, 0.36, 0.36, "lighter", outline=0),
        Part(ELLIPSE, -0.1, 0.55, 0.045, 0.06, "ink", outline=0),
        Part(ELLIPSE, 0.1, 0.55, 0.045, 0.06, "ink", outline=0),
        Part(HALF, 0, 0.45, 0.1, 0.07, "ink", turn=math.pi, outline=0),
    ],
    "heart": [
        Part(HEART, 0, 0.5, 0.9, 0.9),
        Part(ELLIPSE, -0.24, 0.66, 0.13, 0.08, "lighter", turn=-0.7, outline=0),
    ],
}
MOST_PARTS = max(map(len, PARTS.values()))

FIELDS = (
    *("kind", "x", "y", "a", "b", "turn", "taper", "round", "swing", "hertz", "phase", "pivot_x", "pivot_y"),
    *("wheel", "outline", "flap", "alpha", "soft", "windows", "owner", "depth"),
)
"""Columns of the renderer's table of parts. `owner`: 0 scenery, 1 the subject, 2 its companion, -1 and -2 shadows."""

COLUMN = {name: position for position, name in enumerate(FIELDS)}


def _rows(parts: list[Part]) -> np.ndarray:
    table = np.zeros((len(parts), len(FIELDS)), np.float32)
    for row, part in zip(table, parts, strict=True):
        px, py = part.pivot or (part.x, part.y)
        values = {**part._asdict(), "pivot_x": px, "pivot_y": py, "alpha": 1.0, "depth": 1.0}
        for name, column in COLUMN.items():
            if name in values:
                row[column] = values[name]
    return table


TABLES: dict[str, np.ndarray] = {name: _rows(PARTS[name]) for name in SUBJECTS}


def slot_colours(main: np.ndarray) -> dict[str, np.ndarray]:
    """Return the colour of each slot for a subject whose own colour is `main`."""
    brightness = float(main @ (0.3, 0.59, 0.11))
    return {
        "main": main,
        "darker": main * 0.83 if brightness > 0.2 else main * 0.5 + 0.14,
        "lighter": main * 0.5 + 0.5 if 0.2 < brightness < 0.75 else main * 0.74 if brightness >= 0.75 else main + 0.25,
    }


def part_colours(subject: str, main: np.ndarray) -> np.ndarray:
    """Return the colours of a subject's parts: [parts, 3], 0 to 1.

    >>> part_colours("star", np.array(RGB["red"]))[0].tolist()
    [0.86, 0.1, 0.12]
    """
    slots = slot_colours(main)
    return np.array([slots.get(part.colour, FIXED_RGB.get(part.colour)) for part in PARTS[subject]])


MAIN_RGB = np.array([RGB[name] for name in COLOURS])
