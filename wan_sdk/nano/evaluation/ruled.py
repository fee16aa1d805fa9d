"""The ruler's part of the table: cameras measured from pixels, many clips at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wan_sdk.media.frames import Frames
from wan_sdk.nano.evaluation.score import Expected, Row, name_of, relative_error
from wan_sdk.nano.measure import measure
from wan_sdk.spec.camera_moves import Move, Node


def one_thread() -> None:
    """Let OpenCV compute on one thread in this process, since each processor has a process of its own."""
    import cv2

    cv2.setNumThreads(1)


def camera_of_clip(pixels: np.ndarray, fps: float) -> Node:
    """Measure the camera of a clip, uint8 [frames, height, width, 3]."""
    return measure(Frames(pixels, fps=fps)).camera


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
