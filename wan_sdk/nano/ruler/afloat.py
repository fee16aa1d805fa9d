"""Cameras over water: the moves that film the waves as they are seen, near those that points lead to and alone."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from wan_sdk.nano.ruler import candidates
from wan_sdk.nano.ruler.candidates import Candidate
from wan_sdk.nano.ruler.fitting import Scene
from wan_sdk.nano.ruler.paths import EASES, Curves, Span, dials_of, spanned_curve
from wan_sdk.nano.ruler.rig import KINDS, rig_of
from wan_sdk.nano.ruler.water import Water
from wan_sdk.nano.world.camera import LARGEST

_AMOUNTS = [part for part in np.linspace(-1, 1, 17) if part]
"""In parts of the largest amounts."""
_COARSE, _FINE, _TOO_FAR = (1 / 16, 1 / 32, 1 / 64), (1 / 128, 1 / 256, 1 / 512), 1.1

Values = dict[str, np.ndarray]


def cost_of(water: Water, candidate: Candidate) -> float:
    """Return how badly a candidate films the waves."""
    scene = candidate.scene
    return water.cost(rig_of(candidate.fit.dials, scene.frames, scene.aspect))


def refined(water: Water, scene: Scene, known: Iterable[Candidate]) -> list[Candidate]:
    """Return single moves that film the waves best, and known candidates with the amounts that film them best."""
    few = water.thinned()

    def climbed(curves: Curves, values: Values) -> Candidate:
        values = _climbed(few, scene, curves, values, _COARSE)
        return candidates.held(scene, curves, _climbed(water, scene, curves, values, _FINE))

    found: list[Candidate] = []
    for kind in KINDS:
        ways = [
            ({kind: spanned_curve(Span(ease=ease), scene.frames)}, {kind: np.array([part * LARGEST[kind]])})
            for ease in EASES
            for part in _AMOUNTS
        ]
        curves, values = min(ways, key=lambda way: _cost(few, scene, *way))
        found.append(climbed(curves, values))
    written = [each for each in known if each.kinds and all(value.size == 1 for value in each.fit.values.values())]
    return found + [climbed(each.curves, each.fit.values) for each in written]


def _cost(water: Water, scene: Scene, curves: Curves, values: Values) -> float:
    return water.cost(rig_of(dials_of(values, curves), scene.frames, scene.aspect))


def _climbed(water: Water, scene: Scene, curves: Curves, values: Values, steps: tuple[float, ...]) -> Values:
    """Return the amounts near these that film the waves best: one after the other, in smaller and smaller steps."""
    best = _cost(water, scene, curves, values)
    for step in steps:
        for kind in curves:
            for way in (step, -step):
                while True:
                    tried = values | {kind: values[kind] + way * LARGEST[kind]}
                    cost = _cost(water, scene, curves, tried)
                    if cost >= best or abs(tried[kind][0]) > _TOO_FAR * LARGEST[kind]:
                        break
                    values, best = tried, cost
    return values
