"""The ruler: what a clip shows, read from its pixels alone.

It knows nothing of how the clip was made. The camera is read by fitting the small world's own camera to the
pictures (`ruler.camera`); for a clip of another world its unit of length, the height of the eye, is a guess.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wan_sdk.media.frames import Frames
from wan_sdk.nano.ruler.camera import glance_at_camera, read_camera
from wan_sdk.nano.ruler.colour import subject_colour
from wan_sdk.nano.ruler.corners import usual_step
from wan_sdk.nano.ruler.fitting import Fit
from wan_sdk.nano.ruler.paper import undone
from wan_sdk.nano.ruler.points import Points, choose, sized_gray
from wan_sdk.nano.ruler.rig import KINDS, SHAKE
from wan_sdk.spec.camera_moves import MOVES, InTurn, Move, Node, Together
from wan_sdk.spec.camera_words import words_of

_SURE_OF_COLOUR = 0.7
_OFF_UNTIL, _ON_FROM = 0.08, 0.92


@dataclass(frozen=True)
class Measurement:
    """Say what was read from a clip.

    Args:
      camera: The moves with their amounts, in the spec's units and signs; static if there is none.
      explained: How well the pictures go with that camera, 0 to 1.
      drift: How far the fastest corner or edge of the picture usually moves from frame to frame by that camera, in
        picture heights; 0 if the camera is still.
      colour: Of the subject, by name; None if it could not be read.
      flicker: Jumps of the brightness between frames, root mean square, in gray levels of 255.
      seam: The largest jump between two frames over the usual one; 1 means even.
      sharpness: Mean difference of neighbouring lines, 0 to 1.
      first_frame_db: Likeness to a given first frame (PSNR), None if none was given.
    """

    camera: Node
    explained: float
    drift: float
    colour: str | None
    flicker: float
    seam: float
    sharpness: float
    first_frame_db: float | None = None

    @property
    def words(self) -> str:
        """The camera as `Camera.words()` would say it."""
        return words_of(self.camera)

    @property
    def amounts(self) -> dict[str, float]:
        """Kind of move to its amount, in the spec's units; empty for a static camera."""
        moves = (self.camera,) if isinstance(self.camera, Move) else self.camera.parts
        return {move.kind: move.amount for move in moves if isinstance(move, Move) and move.kind != "static"}


def measure(frames: Frames, *, first_frame: np.ndarray | None = None) -> Measurement:
    """Measure a clip.

    >>> still = Frames(np.full((5, 96, 160, 3), 90, np.uint8), fps=12)
    >>> measure(still).words, measure(still).flicker
    ('the camera holds still', 0.0)

    Args:
      frames: The clip, of at least 2 frames.
      first_frame: uint8 [height, width, 3], the picture that the clip was to start on.
    """
    pixels = frames.pixels
    aspect = frames.height / frames.width
    fit = read_camera(_papers(frames), len(pixels), aspect, frames.fps)
    colour, share = subject_colour(pixels)
    brightness = pixels.astype(np.float32).mean((1, 2, 3))
    return Measurement(
        camera=_camera_of(fit),
        explained=_explained(fit),
        drift=usual_step(fit.dials, len(pixels), aspect),
        colour=colour if share >= _SURE_OF_COLOUR else None,
        flicker=float(np.sqrt(np.mean(np.diff(brightness, 2) ** 2))) if len(brightness) > 2 else 0.0,
        seam=_seam(pixels),
        sharpness=float(np.abs(np.diff(pixels.astype(np.float32), axis=1)).mean() / 255),
        first_frame_db=None if first_frame is None else psnr(pixels[0], first_frame),
    )


def psnr(picture: np.ndarray, other: np.ndarray) -> float:
    """Return the likeness of two uint8 pictures in decibels; infinite if they are equal."""
    error = np.mean((picture.astype(np.float64) - other) ** 2)
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def drift(frames: Frames) -> float:
    """Return how far the fastest corner or edge of the picture usually moves from frame to frame, in picture heights.

    It is the camera's motion alone: what moves by itself, as the subject, rain, snow or waves do, does not count, and
    where a still camera explains a clip as well as a moving one, it is 0. It takes a part of the time of `measure`.

    >>> drift(Frames(np.full((5, 96, 160, 3), 90, np.uint8), fps=12))
    0.0
    """
    fit = glance_at_camera(_papers(frames), len(frames.pixels), frames.height / frames.width, frames.fps)
    return usual_step(fit.dials, len(frames.pixels), frames.height / frames.width)


def _papers(frames: Frames) -> list[Points]:
    return [choose(gray) for gray in undone(sized_gray(frames.pixels))]


def _camera_of(fit: Fit) -> Node:
    """Return the moves of a fit, one after the other if the second starts where the first ends."""
    moves = [_move(kind, path) for kind, path in fit.dials.items()]
    if not moves:
        return Move("static", 0)
    if len(moves) == 1:
        return moves[0]
    spans = [_span(path) for path in fit.dials.values() if path.ndim == 1]
    if len(spans) == 2:
        (start, end), (other_start, other_end) = spans
        if end <= other_start + 0.12:
            return _in_turn(moves[0], moves[1], (end + other_start) / 2)
        if other_end <= start + 0.12:
            return _in_turn(moves[1], moves[0], (other_end + start) / 2)
    return Together(tuple(moves))


def _in_turn(first: Move, second: Move, share: float) -> InTurn:
    share = min(max(round(share, 2), 0.05), 0.95)
    return InTurn((first, second), (share, 1 - share))


def _move(kind: str, path: np.ndarray) -> Move:
    if kind == SHAKE:
        return Move("handheld", float(np.sqrt((path**2).sum(0).mean())))
    amount = math.exp(path[-1]) if kind == "zoom" else float(path[-1])
    facts = MOVES[next(name for name in KINDS if name == kind)]
    return Move(next(name for name in MOVES if name == kind), min(max(amount, facts.smallest), facts.largest))


def _span(path: np.ndarray) -> tuple[float, float]:
    """Return when a move is under way, as parts of the clip."""
    done = path / path[-1] if path[-1] else np.linspace(0, 1, len(path))
    under_way = np.flatnonzero((done > _OFF_UNTIL) & (done < _ON_FROM))
    last = len(path) - 1
    return (under_way[0] - 1) / last if len(under_way) else 0.0, (under_way[-1] + 1) / last if len(under_way) else 1.0


def _explained(fit: Fit) -> float:
    return float(np.clip(1 - fit.cost / 4, 0, 1))


def _seam(pixels: np.ndarray) -> float:
    if len(pixels) < 2:
        return 1.0
    change = np.abs(np.diff(pixels.astype(np.float32), axis=0)).mean((1, 2, 3))
    usual = float(np.median(change))
    return float(change.max() / usual) if usual > 0 else 1.0
