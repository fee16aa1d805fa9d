"""Measure how well the ruler reads cameras: python -m tests.benchmarks.ruler [--clips N] [--seed S] [--out FILE].

Renders scenes that it was not tuned on, drawn as the training draws them, at 320x192, reads the camera from their
pixels, and prints a table by kind of move. `--out FILE` writes every clip's outcome as JSON, with the versions.
"""

import argparse
import json
import platform
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

import numpy as np

from wan_sdk.media.frames import Frames
from wan_sdk.nano.attributes import NAMES, Attributes, camera_of
from wan_sdk.nano.evaluation.score import name_of, relative_error
from wan_sdk.nano.measure import measure
from wan_sdk.nano.ruler.rig import KINDS, SHAKE
from wan_sdk.nano.world import build, render, sample
from wan_sdk.spec.camera_moves import InTurn, Move, Node, Together

SEED, DRAWN = 20260, 320
"""Clips are the first of so many drawn at once, so that fewer are a part of the same set."""
FRAMES, FPS, HEIGHT, WIDTH = 25, 12, 192, 320
CLOSE = 0.1
"""Largest part of an amount by which a close reading is off."""
STILL, TWO = "static", "two moves"
_AT_A_TIME, _WORTH_COMPILING = 4, 64


@dataclass(frozen=True)
class Outcome:
    """Say what the ruler made of one clip.

    Args:
      clip: Its number.
      place: Where it plays.
      kind: Of its move; "static" or "two moves" otherwise.
      asked, read: The camera that it has, and that was read.
      right: Whether every move was read with its kind and way, and no other.
      within: Whether every amount is close, too.
      in_order: Whether moves that are right come at once or in turn as they should.
      error: The largest error of an amount, in parts of it; None where a kind or way is wrong.
    """

    clip: int
    place: str
    kind: str
    asked: str
    read: str
    right: bool
    within: bool
    in_order: bool
    error: float | None


def clips(count: int, seed: int) -> Iterator[tuple[np.ndarray, Attributes]]:
    """Render clips, a few at a time: uint8 [frames, height, width, 3], and what each shows."""
    drawn = sample(np.random.default_rng(seed), max(count, DRAWN))
    for first in range(0, count, _AT_A_TIME):
        some = {name: values[first : first + _AT_A_TIME] for name, values in drawn.items()}
        pictures = render(build(some, FRAMES, FPS), HEIGHT, WIDTH, compiled=count >= _WORTH_COMPILING)
        pixels = ((pictures + 1) * 127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 4, 1).numpy()
        for row, clip in enumerate(pixels):
            yield clip, {name: values[row : row + 1] for name, values in some.items()}


def outcome(clip: int, shown: Attributes, read: Node) -> Outcome:
    """Compare the camera that was read with the one that a clip has."""
    asked = camera_of(shown, 0)
    wanted, found = moves_of(asked), moves_of(read)
    right = sorted(map(name_of, wanted)) == sorted(map(name_of, found))
    amounts = {move.kind: move.amount for move in found}
    errors = [relative_error(move.kind, amounts[move.kind], move.amount) for move in wanted] if right else []
    error = max(errors, default=0.0) if right else None
    joined = len(wanted) < 2 or isinstance(read, InTurn if isinstance(asked, InTurn) else Together)
    same_order = not isinstance(asked, InTurn) or [move.kind for move in wanted] == [move.kind for move in found]
    return Outcome(
        clip=clip,
        place=NAMES["place"][shown["place"][0]],
        kind=TWO if len(wanted) > 1 else wanted[0].kind if wanted else STILL,
        asked=_said(asked),
        read=_said(read),
        right=right,
        within=error is not None and error <= CLOSE,
        in_order=right and joined and same_order,
        error=None if error is None else round(error, 4),
    )


def moves_of(camera: Node) -> list[Move]:
    """Return the moves of a camera, without any stillness between them."""
    if isinstance(camera, Move):
        return [camera] if camera.kind != STILL else []
    return [move for part in camera.parts for move in moves_of(part)]


def table(outcomes: Sequence[Outcome]) -> str:
    """Return the shares that are right and close, by kind of move, as Markdown."""
    groups = {kind: [each for each in outcomes if each.kind == kind] for kind in (STILL, *KINDS, SHAKE)}
    groups["single moves"] = [each for each in outcomes if each.kind not in (STILL, TWO)]
    groups["single moves over the sea"] = [each for each in groups["single moves"] if each.place == "sea"]
    groups[TWO] = [each for each in outcomes if each.kind == TWO]
    lines = ["| camera | kind and way | amount within 10 % | usual error where right | n |", "|---|---|---|---|---|"]
    for name, group in groups.items():
        if group:
            errors = [each.error for each in group if each.error is not None]
            shares = [_percent([each.right for each in group]), _percent([each.within for each in group])]
            usual = f"{100 * statistics.median(errors):.2g} %" if errors else ""
            lines.append(f"| {name} | {shares[0]} | {shares[1]} | {usual} | {len(group)} |")
    if groups[TWO]:
        lines.append(
            f"\nTwo moves, at once or in turn as they are: {_percent([each.in_order for each in groups[TWO]])}"
        )
    return "\n".join(lines)


def record(outcomes: Sequence[Outcome], seed: int, seconds: float) -> str:
    """Return all outcomes as JSON, a clip a line."""
    head = {
        "clips": len(outcomes),
        "seed": seed,
        "frames": FRAMES,
        "size": f"{WIDTH}x{HEIGHT}",
        "seconds_a_clip": round(seconds, 2),
        "versions": {"python": platform.python_version()}
        | {name: metadata.version(name) for name in ("numpy", "torch", "opencv-python-headless", "wan-sdk")},
    }
    lines = ",\n  ".join(json.dumps(asdict(each)) for each in outcomes)
    return f'{json.dumps(head, indent=1)[:-2]},\n "outcomes": [\n  {lines}\n ]\n}}\n'


def _said(camera: Node) -> str:
    joint = ", then " if isinstance(camera, InTurn) else " and "
    return joint.join(f"{move.kind} {move.amount:.4g}" for move in moves_of(camera)) or STILL


def _percent(right: Sequence[bool]) -> str:
    return f"{100 * sum(right) / len(right):.1f} %"


def main() -> None:
    """Render, measure and print."""
    parser = argparse.ArgumentParser(description="Measure how well the ruler reads clips whose camera is known.")
    parser.add_argument("--clips", type=int, default=DRAWN, help="how many clips, the first of a fixed set")
    parser.add_argument("--seed", type=int, default=SEED, help="draws the set")
    parser.add_argument("--out", type=Path, help="JSON file for every clip's outcome and the versions")
    options = parser.parse_args()
    outcomes, seconds = [], []
    for number, (pixels, shown) in enumerate(clips(options.clips, options.seed)):
        began = time.perf_counter()
        read = measure(Frames(pixels, fps=FPS)).camera
        seconds.append(time.perf_counter() - began)
        outcomes.append(outcome(number, shown, read))
    print(table(outcomes))
    if options.out:
        options.out.write_text(record(outcomes, options.seed, statistics.median(seconds)), encoding="utf-8")


if __name__ == "__main__":
    main()
