"""What a search tries: the ways a picture may have been treated, the likeliest first."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from wan_sdk.marking.watermark.correlate import Try
from wan_sdk.marking.watermark.geometry import Pose
from wan_sdk.marking.watermark.protocol import Effort

if TYPE_CHECKING:
    from wan_sdk.marking.watermark.search import Search

SHAPES = (832 / 480, 16 / 9, 1.0, 4 / 3, 21 / 9)
SKEWS = (0.88, 0.94, 1.06, 1.13)


@dataclass(eq=False)
class Stage:
    """Say what a stage of a search tries.

    Args:
      look: Tries them, and returns whether the id is proved.
      every: Gives the tries.
      wide: Whether they are tried at every shift.
    """

    look: Callable[[Sequence[Try]], bool]
    every: Callable[[], Iterable[Try]]
    wide: bool = True

    @cached_property
    def tries(self) -> list[Try]:
        """The tries, made when they are first asked for."""
        return list(self.every())


def stages(search: Search, effort: Effort) -> list[Stage]:
    """Return the stages of an effort, the likeliest treatment first."""
    sheets = search.sheets
    near, patches = partial(Stage, search.near, wide=False), partial(Stage, search.patches)
    wide = partial(Stage, search.wide)
    flips, turns = (False, True), (1, 2, 3)
    fast = [
        near(lambda: [(sheets.whole, Pose(flip=flip)) for flip in flips]),
        near(lambda: [(sheets.whole, Pose(flip=flip, quarter=q)) for q in turns for flip in flips]),
        near(lambda: [(sheets.whole, pose) for pose in _stretches(sheets.shape)]),
    ]
    if effort == "fast":
        return fast
    small, large = _turns(0.6, 6.0), _turns(6.6, 12.0)
    leans = [Pose(x, turn=t) for t in (0.0, *_turns(1.5, 3.0, 1.5)) for x in _steps(0.6, 1.6, 0.02)]
    normal = [
        wide(lambda: [(sheets.whole, Pose(scale=s)) for s in _steps(0.38, 2.7, 0.01)]),
        wide(lambda: [(sheets.whole, _one_axis(s, axis)) for s in _steps(0.5, 0.98, 0.01) for axis in (0, 1)]),
        near(lambda: [(s, Pose(flip=flip)) for s in sheets.quarters for flip in flips]),
        Stage(lambda _: search.moments(), list, wide=False),
        wide(lambda: [(sheets.whole, Pose(scale=s, turn=t)) for t in small for s in _steps(0.62, 1.3, 0.01)]),
        wide(lambda: [(sheets.whole, Pose(scale=s, turn=t)) for t in large for s in _steps(0.62, 1.3, 0.01)]),
        patches(lambda: product(sheets.patches, leans)),
    ]
    if effort == "normal":
        return fast + normal
    free = [(s, a) for a in _steps(0.7, 1.43, 0.02) for s in _steps(0.5, 2.0, 0.01) if abs(a - 1) > 0.01]
    skews = [(a, t) for a in SKEWS for t in (0.0, 0.013)]
    deep = [
        wide(lambda: [(s, Pose(scale=x)) for s in sheets.quarters for x in _steps(0.38, 2.7, 0.01)]),
        wide(lambda: [(sheets.whole, Pose(scale=s, aspect=a)) for s, a in free]),
        wide(lambda: [(sheets.whole, Pose(scale=x, quarter=q)) for q in turns for x in _steps(0.38, 2.7, 0.01)]),
        patches(lambda: product(sheets.patches, [p.moved(aspect=a, turn=p.turn + t) for p in leans for a, t in skews])),
    ]
    return fast + normal + deep


def _steps(first: float, last: float, share: float) -> list[float]:
    count = math.ceil(math.log(last / first) / share)
    return [first * (last / first) ** (i / count) for i in range(count + 1)]


def _turns(first: float, last: float, step: float = 0.6) -> list[float]:
    degrees = np.arange(first, last + 1e-6, step)
    return [math.radians(sign * d) for d in degrees for sign in (1, -1)]


def _one_axis(share: float, axis: int) -> Pose:
    """Return the pose of a crop along one axis that was stretched back."""
    return Pose(scale=math.sqrt(share), aspect=share if axis else 1 / share)


def _stretches(shape: tuple[int, int]) -> list[Pose]:
    """Return the poses of pictures of the usual shapes that were squeezed into this one."""
    height, width = shape
    poses = []
    for wide in dict.fromkeys([*SHAPES, *(1 / s for s in SHAPES)]):
        across = max(wide, 1.0) / (width / min(height, width))
        down = max(1 / wide, 1.0) / (height / min(height, width))
        if abs(math.log(across / down)) > 0.004:
            poses += [Pose(math.sqrt(across * down), down / across, flip=flip) for flip in (False, True)]
    return poses
