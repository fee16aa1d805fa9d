"""The places: their light, their ground and horizon, and the things that stand in them.

Metres; x to the right, y up from the eye, z forward from the eye. The ground lies `EYE` below the eye and
the subject stands `SUBJECT_DISTANCE` in front of it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from wan_sdk.nano.world.subjects import BOX, COLUMN, ELLIPSE

EYE = 1.3
SUBJECT_DISTANCE = 4.6
FOCAL = math.sqrt(3)
"""Of a view 60 degrees wide, the half width of the picture being 1."""

SCENERY_SLOTS = 12
HILLS, PEAKS, SKYLINE, NO_HORIZON, WALL = range(5)


class Ground(NamedTuple):
    """Two tones of the ground, the far silhouette's colour, height in metres, frequency and shape."""

    light: tuple[float, float, float]
    dark: tuple[float, float, float]
    far: tuple[float, float, float]
    height: float
    frequency: float
    shape: int


GROUNDS = {
    "meadow": Ground((0.56, 0.70, 0.28), (0.40, 0.57, 0.20), (0.40, 0.57, 0.36), 0.9, 0.5, HILLS),
    "beach": Ground((0.95, 0.86, 0.64), (0.87, 0.75, 0.52), (0.25, 0.55, 0.75), 0.0, 0.3, NO_HORIZON),
    "desert": Ground((0.93, 0.72, 0.42), (0.82, 0.59, 0.33), (0.80, 0.52, 0.34), 1.0, 0.35, HILLS),
    "snow": Ground((0.94, 0.96, 1.0), (0.79, 0.86, 0.95), (0.70, 0.79, 0.92), 2.2, 0.5, PEAKS),
    "city": Ground((0.42, 0.42, 0.46), (0.35, 0.35, 0.40), (0.44, 0.50, 0.62), 3.2, 1.0, SKYLINE),
    "forest": Ground((0.37, 0.44, 0.20), (0.29, 0.34, 0.16), (0.12, 0.28, 0.17), 2.4, 2.2, PEAKS),
    "mountains": Ground((0.50, 0.58, 0.36), (0.43, 0.47, 0.34), (0.46, 0.48, 0.61), 5.5, 0.33, PEAKS),
    "sea": Ground((0.10, 0.40, 0.66), (0.22, 0.58, 0.78), (0.20, 0.45, 0.60), 0.0, 0.3, NO_HORIZON),
    "room": Ground((0.68, 0.46, 0.27), (0.55, 0.35, 0.19), (0.86, 0.80, 0.70), 0.0, 1.0, WALL),
    "moon": Ground((0.64, 0.64, 0.66), (0.46, 0.46, 0.49), (0.40, 0.40, 0.44), 0.8, 0.6, HILLS),
}
WALLS = np.array([(0.86, 0.80, 0.70), (0.70, 0.80, 0.80), (0.85, 0.72, 0.72), (0.75, 0.80, 0.70)])


class Light(NamedTuple):
    """Colours of the sky at the top and at the horizon, of what the light falls on, and of the sun or moon."""

    zenith: np.ndarray
    horizon: np.ndarray
    tint: np.ndarray
    sun: tuple[float, float, float]


_LIGHTS = {
    "day": ((0.28, 0.56, 0.95), (0.76, 0.90, 0.99), (1, 1, 1), (1, 0.95, 0.7)),
    "sunset": ((0.33, 0.25, 0.52), (1.0, 0.56, 0.28), (1.0, 0.74, 0.58), (1, 0.78, 0.38)),
    "night": ((0.02, 0.03, 0.11), (0.11, 0.15, 0.32), (0.38, 0.44, 0.72), (0.93, 0.93, 0.85)),
    "dawn": ((0.55, 0.63, 0.90), (1.0, 0.78, 0.80), (0.96, 0.84, 0.92), (1, 0.90, 0.80)),
}


def light(place: str, time: str, weather: str) -> Light:
    """Return the light of a place at a time of day, in a weather."""
    zenith, horizon, tint = (np.array(colour, float) for colour in _LIGHTS[time][:3])
    if weather in ("cloudy", "rain", "snowing"):
        gray = horizon.mean()
        zenith = zenith * 0.35 + 0.65 * gray * np.array((0.72, 0.75, 0.80))
        horizon = horizon * 0.4 + 0.6 * gray * np.array((0.82, 0.84, 0.88))
        tint = tint * 0.88
    if weather == "fog":
        mean = horizon.mean()
        zenith, horizon = zenith * 0.3 + 0.7 * mean, horizon * 0.4 + 0.6 * mean
    if place == "room":
        tint = tint * 0.7 + 0.3 * np.array((1, 0.92, 0.8))
    if place == "moon":
        zenith, horizon, tint = np.array((0.01, 0.01, 0.03)), np.array((0.04, 0.04, 0.09)), np.ones(3)
    return Light(zenith, horizon, tint, _LIGHTS[time][3])


class Stage:
    """The scenery of one clip, filled from far to near: rows of the renderer's table of parts."""

    def __init__(self, rows: np.ndarray, colours: np.ndarray) -> None:
        self.rows, self.colours, self.used = rows, colours, 0

    def put(self, z: float, x: float, y: float, kind: int, a: float, b: float, colour: object, **more: float) -> None:
        """Set a shape with its middle at (x, y, z), half `a` wide and half `b` high."""
        if self.used == len(self.rows):
            return
        row = self.rows[self.used]
        values = {"kind": kind, "x": x, "y": y, "a": a, "b": b, "depth": z, "alpha": 1.0, "outline": 0.6} | more
        row[[COLUMN[name] for name in values]] = list(values.values())
        self.colours[self.used] = colour
        self.used += 1


def furnish(stage: Stage, dice: np.random.Generator, place: str, time: str, weather: str, sky: Light) -> None:
    """Put sun or moon, clouds, and the things of the place on the stage."""
    if place != "room":
        _hang_sky(stage, dice, place, time, weather, sky)
    {
        "meadow": _meadow,
        "beach": _beach,
        "desert": _desert,
        "city": _city,
        "sea": _sea,
        "moon": _moon,
        "snow": lambda s, d: _firs(s, d, 3, 8, (0.76, 0.86, 0.91)),
        "forest": lambda s, d: _firs(s, d, 6, 6.4, (0.15, 0.38, 0.20)),
        "mountains": lambda s, d: _firs(s, d, 3, 8, (0.16, 0.36, 0.22)),
        "room": lambda s, d: _room(s, d, sky),
    }[place](stage, dice)


def _across(dice: np.random.Generator, z: float, share: float = 1.0) -> float:
    """Return a place across the view at depth `z`, evenly."""
    return float(dice.uniform(-share, share)) * z / FOCAL


def _aside(dice: np.random.Generator, z: float, near: float, far: float) -> float:
    """Return a place at one side of the view, `near` to `far` of its half width from the middle."""
    return float(dice.choice((-1, 1)) * dice.uniform(near, far)) * z / FOCAL


def _depths(dice: np.random.Generator, near: float, far: float, count: int) -> list[float]:
    return sorted(dice.uniform(near, far, count), reverse=True)


def _hang_sky(stage: Stage, dice: np.random.Generator, place: str, time: str, weather: str, sky: Light) -> None:
    if place == "moon":
        x, y = _across(dice, 60, 0.7), dice.uniform(9, 15)
        stage.put(60, x, y, ELLIPSE, 4.2, 4.2, (0.22, 0.48, 0.92), outline=0)
        stage.put(60, x - 1, y + 0.8, ELLIPSE, 1.7, 1.1, (0.30, 0.62, 0.36), outline=0)
        return
    if weather == "clear":
        x, y = _across(dice, 60, 0.7), dice.uniform(9, 17) if time in ("day", "night") else dice.uniform(2, 6)
        stage.put(60, x, y, ELLIPSE, 6, 6, sky.sun, outline=0, alpha=0.3, soft=5.0)
        stage.put(60, x, y, ELLIPSE, 2.6, 2.6, sky.sun, outline=0)
        if time == "night":  # the dark part of a crescent
            stage.put(60, x + 1.1, y + 0.5, ELLIPSE, 2.1, 2.1, sky.zenith * 0.7 + sky.horizon * 0.3, outline=0)
    white = np.minimum(sky.horizon * 0.4 + 0.6 * (0.3 if time == "night" else 1.0), 1)
    colour = white * (1 if weather == "clear" else 0.86)
    count = {"clear": 2, "cloudy": 4, "rain": 3, "snowing": 2, "fog": 0}[weather]
    for _ in range(count):
        x, y, wide = _across(dice, 55), dice.uniform(8, 19), dice.uniform(5, 9)
        stage.put(55, x, y, ELLIPSE, wide, dice.uniform(1.4, 2.4), colour, outline=0, alpha=0.85, soft=1.2)


def _meadow(stage: Stage, dice: np.random.Generator) -> None:
    for z in _depths(dice, 9, 15, 2):
        green = np.array((0.34, 0.52, 0.22)) * dice.uniform(0.9, 1.1)
        stage.put(z, _across(dice, z), -EYE + 0.35, ELLIPSE, dice.uniform(0.6, 1.1), dice.uniform(0.45, 0.65), green)
    z = dice.uniform(8, 11)
    x = _aside(dice, z, 0.45, 0.95)
    stage.put(z, x, -EYE + 0.8, BOX, 0.14, 0.85, (0.42, 0.30, 0.19), taper=0.3)
    for dx, dy, size in ((-0.5, 1.9, 0.75), (0.5, 1.95, 0.7), (0.0, 2.45, 0.85)):
        stage.put(z, x + dx, -EYE + dy, ELLIPSE, size, size * 0.8, np.array((0.30, 0.50, 0.20)))


def _beach(stage: Stage, dice: np.random.Generator) -> None:
    z = dice.uniform(7, 10)
    x = _aside(dice, z, 0.45, 0.9)
    stage.put(z, x, 0.2, BOX, 0.1, 1.5, (0.55, 0.40, 0.24), turn=dice.uniform(-0.12, 0.12), taper=0.25)
    for lean in (-1.1, -0.45, 0.45, 1.1):
        stage.put(z, x + math.sin(lean) * 0.75, 1.72 + 0.3 * math.cos(lean), ELLIPSE, 0.85, 0.19, (0.24, 0.54, 0.22),
                  turn=lean * 0.75 - math.copysign(0.25, lean))  # fmt: skip
    if dice.random() < 0.5:
        z, x = 34, _across(dice, 34)
        stage.put(z, x, -0.2, BOX, 1.3, 0.35, (0.85, 0.84, 0.82), taper=-0.3)
        stage.put(z, x, 1.4, BOX, 0.9, 1.3, (0.96, 0.95, 0.93), taper=1)


def _desert(stage: Stage, dice: np.random.Generator) -> None:
    for z in _depths(dice, 7.5, 13, 2):
        x, green, side = _aside(dice, z, 0.35, 0.95), (0.28, 0.50, 0.28), dice.choice((-1, 1))
        stage.put(z, x, -EYE + 0.95, BOX, 0.19, 0.95, green, round=0.18)
        stage.put(z, x - 0.24 * side, -EYE + 0.75, BOX, 0.24, 0.1, green, round=0.09, outline=0)
        stage.put(z, x - 0.42 * side, -EYE + 1.05, BOX, 0.12, 0.4, green, round=0.11)
    stage.put(9, _across(dice, 9), -EYE + 0.1, ELLIPSE, 0.45, 0.3, np.array((0.70, 0.48, 0.32)))


def _firs(stage: Stage, dice: np.random.Generator, count: int, near: float, colour: object) -> None:
    for z in _depths(dice, near, 14, count):
        x, high = _aside(dice, z, 0.28, 1.05), dice.uniform(1.3, 2.1)
        green = np.clip(np.array(colour) * dice.uniform(0.85, 1.15), 0, 1)
        stage.put(z, x, -EYE + 0.3, BOX, 0.14, 0.38, (0.38, 0.25, 0.15), outline=0)
        stage.put(z, x, -EYE + 0.5 + high * 0.6, BOX, 0.85, high * 0.75, green, taper=0.97)


def _city(stage: Stage, dice: np.random.Generator) -> None:
    fronts = np.array([(0.64, 0.55, 0.50), (0.50, 0.58, 0.68), (0.70, 0.64, 0.50), (0.58, 0.43, 0.41)])
    for z in _depths(dice, 9, 17, 7):
        high = dice.uniform(1.8, 4.4)
        colour = np.clip(fronts[dice.integers(4)] * dice.uniform(0.88, 1.1), 0, 1)
        stage.put(z, _across(dice, z, 1.15), -EYE + high, BOX, dice.uniform(0.9, 1.5), high, colour, windows=1)


def _sea(stage: Stage, dice: np.random.Generator) -> None:
    if dice.random() < 0.5:
        z, x = 28, _across(dice, 28)
        stage.put(z, x, -EYE + 0.1, ELLIPSE, 4.2, 1.5, (0.62, 0.58, 0.36))
        stage.put(z, x, 0.4, ELLIPSE, 1.8, 1.0, (0.24, 0.46, 0.22))


def _moon(stage: Stage, dice: np.random.Generator) -> None:
    for z in _depths(dice, 7, 14, 3):
        gray = np.array((0.50, 0.50, 0.53)) * dice.uniform(0.8, 1.1)
        stage.put(z, _across(dice, z), -EYE + 0.1, ELLIPSE, dice.uniform(0.45, 1.0), dice.uniform(0.3, 0.6), gray)


def _room(stage: Stage, dice: np.random.Generator, sky: Light) -> None:
    frame, view = (0.95, 0.94, 0.90), sky.zenith * 0.5 + sky.horizon * 0.5
    x = _aside(dice, 9.5, 0.35, 0.75)
    stage.put(9.9, x, 1.2, BOX, 1.3, 1.15, frame, round=0.05)
    stage.put(9.9, x, 1.2, BOX, 1.15, 1.0, view, outline=0)
    stage.put(9.9, x, 1.2, BOX, 0.06, 1.0, frame, outline=0)
    stage.put(9.9, x, 1.2, BOX, 1.15, 0.06, frame, outline=0)
    stage.put(9.9, -x * dice.uniform(0.7, 1.0), 1.3, BOX, 0.7, 0.58, dice.uniform(0.3, 0.8, 3), round=0.02)
    stage.put(
        9.2, -x * 0.9, -EYE + 0.6, BOX, 1.35, 0.55, np.array((0.50, 0.34, 0.30)) * dice.uniform(0.8, 1.3), round=0.15
    )
