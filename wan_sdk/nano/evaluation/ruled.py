"""The ruler's part of the table: cameras measured from pixels, many clips at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from wan_sdk.media.frames import Frames
from wan_sdk.media.processes import workers
from wan_sdk.nano.evaluation.score import Expected, Row, name_of, relative_error
from wan_sdk.nano.evaluation.specs import FPS
from wan_sdk.nano.measure import drift, measure
from wan_sdk.spec.camera_moves import Move, Node

Answer = TypeVar("Answer")


def in_processes(what: Callable[[np.ndarray], Answer], clips: Sequence[np.ndarray]) -> list[Answer]:
    """Measure clips, uint8 [frames, height, width, 3] each, in a process of one thread for each processor."""
    with workers(max(1, min(os.cpu_count() or 1, len(clips)))) as pool:
        return list(pool.map(what, clips))


def camera_of_clip(pixels: np.ndarray) -> Node:
    """Measure the camera of a clip."""
    return measure(Frames(pixels, fps=FPS)).camera


def drift_of_clip(pixels: np.ndarray) -> float:
    """Measure how far a clip's picture drifts, in picture heights a frame."""
    return drift(Frames(pixels, fps=FPS))


def ruler_rows(wants: Sequence[Expected], generated: Sequence[Node], truth: Sequence[Node]) -> list[Row]:
    """Count the single moves that were measured right, and those whose amount is near what was said.

    An amount of a wrong kind or way is a missed amount.
    """
    made, true = (_shares(wants, cameras) for cameras in (generated, truth))
    return [
        Row(f"ruler: {name}", float(np.mean(true[name])), float(np.mean(made[name])), len(made[name])) for name in made
    ]


def _shares(wants: Sequence[Expected], cameras: Sequence[Node]) -> dict[str, list[bool]]:
    found: dict[str, list[bool]] = {}
    for want, camera in zip(wants, cameras, strict=True):
        right = isinstance(camera, Move) and name_of(camera) == want.moves[0]
        found.setdefault("camera, kind and way", []).append(right)
        if want.moves == ("static",):
            found.setdefault("camera, static", []).append(right)
        for kind, asked in want.amounts.items():
            off = relative_error(kind, camera.amount, asked) if right else np.inf
            found.setdefault("amount within 25 %", []).append(off <= 0.25)
            found.setdefault("amount within 10 %", []).append(off <= 0.1)
    return found
