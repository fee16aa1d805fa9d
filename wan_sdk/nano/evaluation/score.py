"""What counts as right: a caption says what to expect, the judge reads a clip, and a table counts.

An attribute counts where the caption said it, or where saying nothing means what is there: a still camera and subject,
by day, a clear sky, no style, a middle size. What a caption left open is not held against a clip.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from wan_sdk.nano.attributes import AT_ONCE, COLOURS, NAMES, SINGLE, SUBJECTS, Attributes, camera_of
from wan_sdk.nano.evaluation.judge import JOINS, Reading, signed_name
from wan_sdk.spec.camera_moves import Move
from wan_sdk.spec.camera_words import WAYS, is_positive

DEFAULTS = {"size": "medium", "time": "day", "weather": "clear", "style": "plain", "motion": "still"}
NO_WEATHER = ("room", "moon")
DIRECTED = ("left", "right", "up", "down", "approach", "recede")
STILL_BELOW = 0.003  # picture heights a frame


@dataclass(frozen=True)
class Expected:
    """What a caption asks for; None (or nothing) where it leaves something open.

    Args:
      subject, colour, size, place, time, weather, style: Names as in `NAMES`.
      motion: Every motion that would be right.
      companion, companion_colour: The second subject.
      moves: The camera's moves, names of `SIGNED_MOVES`, stillness in turn with a move left out.
      join: "single", "at once" or "in turn".
      amounts: How far, by kind, in the spec's units, where a number was said.
    """

    subject: str | None = None
    colour: str | None = None
    size: str | None = None
    place: str | None = None
    time: str | None = None
    weather: str | None = None
    style: str | None = None
    motion: tuple[str, ...] = ()
    companion: str | None = None
    companion_colour: str | None = None
    moves: tuple[str, ...] = ()
    join: str = "single"
    amounts: Mapping[str, float] = field(default_factory=dict)


def expected(attributes: Attributes, i: int, said: frozenset[str]) -> Expected:
    """Return what a caption of clip `i` asks for.

    Args:
      attributes: A batch as `wan_sdk.nano.world.sample` draws it.
      i: Row of the batch.
      said: What the caption says, as `told_caption` tells.
    """
    value = {name: names[attributes[name][i]] for name, names in NAMES.items()}
    told = {
        name: value[name] if name in said or value[name] == DEFAULTS.get(name) else None
        for name in ("colour", "size", "place", "time", "weather", "style")
    }
    if value["place"] in NO_WEATHER:
        told["weather"] = None
    if value["place"] == "moon":
        told["time"] = None
    motion = (value["motion"],) if "motion" in said or value["motion"] == "still" else ()
    if "crossing" in said:
        motion = ("left", "right")
    pair = attributes["companion"][i] >= 0
    moves, amounts = _camera(attributes, i)
    return Expected(
        subject=value["subject"],
        **told,
        motion=motion,
        companion=SUBJECTS[attributes["companion"][i]] if pair else None,
        companion_colour=COLOURS[attributes["companion_colour"][i]] if pair and "companion_colour" in said else None,
        moves=moves,
        join=JOINS[attributes["camera_join"][i]],
        amounts=amounts if "amount" in said else {},
    )


def name_of(move: Move) -> str:
    """Return a move's kind and way as the judge names it.

    >>> name_of(Move("zoom", 0.5)), name_of(Move("static", 0))
    ('zoom out', 'static')
    """
    if move.kind in ("static", "handheld"):
        return move.kind
    return signed_name(move.kind, WAYS[move.kind][0 if is_positive(move) else 1])


def _camera(attributes: Attributes, i: int) -> tuple[tuple[str, ...], dict[str, float]]:
    path = camera_of(attributes, i)
    parts = [path] if isinstance(path, Move) else [part for part in path.parts if isinstance(part, Move)]
    moving = [part for part in parts if part.kind != "static"]
    if not moving:
        return ("static",), {}
    if attributes["camera_join"][i] == AT_ONCE:
        moving.sort(key=name_of)
    return tuple(map(name_of, moving)), {move.kind: move.amount for move in moving}


def relative_error(kind: str, read: float, asked: float) -> float:
    """Return how far an amount is off, in parts of it; of a zoom the logarithms are compared.

    >>> round(relative_error("pan", 22, 20), 3), round(relative_error("zoom", 2.0, 2.0), 3)
    (0.1, 0.0)
    """
    if kind == "zoom":
        read, asked = math.log(max(read, 1e-6)), math.log(asked)
    return abs(read / asked - 1) if asked else math.inf


def iou(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the overlap of two boxes (left, top, right, bottom), cut at the picture's edges, over what both cover."""
    a, b = ([min(max(float(edge), 0.0), 1.0) for edge in box] for box in (one, other))
    area = lambda box: max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])  # noqa: E731
    both = area([max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])])
    either = area(a) + area(b) - both
    return both / either if either else 0.0


def verdicts(want: Expected, read: Reading) -> dict[str, bool]:
    """Return what is right and what is wrong in a clip; what cannot be asked of it is missing.

    Args:
      want: What its caption asks for.
      read: What the judge reads from it.
    """
    found: dict[str, bool] = {}
    for name in ("place", "time", "weather", "style"):
        if getattr(want, name) is not None:
            found[name] = getattr(read, name) == getattr(want, name)
    if want.weather not in (None, "clear"):
        found["weather, where not clear"] = found["weather"]
    if want.style not in (None, "plain"):
        found["style, where not plain"] = found["style"]
    return (
        found
        | (_pair_verdicts(want, read) if want.companion else _subject_verdicts(want, read))
        | _camera_verdicts(want, read)
    )


def _subject_verdicts(want: Expected, read: Reading) -> dict[str, bool]:
    found = {}
    for name in ("subject", "colour", "size"):
        if getattr(want, name) is not None:
            found[name] = getattr(read, name) == getattr(want, name)
    if want.motion:
        found["motion"] = read.motion in want.motion
        if want.motion[0] in DIRECTED and len(want.motion) == 1:
            found["motion, direction"] = found["motion"]
    return found


def _pair_verdicts(want: Expected, read: Reading) -> dict[str, bool]:
    wanted = [(want.subject, want.colour), (want.companion, want.companion_colour)]
    seen = [(read.subject, read.colour), (read.companion, read.companion_colour)]

    def same(order: list[tuple[str | None, str | None]], *, colours: bool) -> bool:
        return all(
            one[0] == other[0] and (not colours or one[1] in (None, other[1]))
            for one, other in zip(wanted, order, strict=True)
        )

    orders = (seen, seen[::-1])
    return {
        "two subjects": any(same(order, colours=False) for order in orders),
        "two subjects, both with their colours": any(same(order, colours=True) for order in orders),
    }


def _camera_verdicts(want: Expected, read: Reading) -> dict[str, bool]:
    if not want.moves:
        return {}
    if want.join != JOINS[SINGLE]:
        moves = sorted if want.join == JOINS[AT_ONCE] else list
        right = moves(want.moves) == moves(read.moves)
        return {
            "two moves, kinds and ways": sorted(want.moves) == sorted(read.moves),
            f"two moves {want.join}, kinds, ways and order": right and read.join == want.join,
        }
    found = {"camera, kind and way": read.moves == want.moves}
    if want.moves == ("static",):
        found["camera, static"] = found["camera, kind and way"]
    for kind, asked in want.amounts.items():
        off = relative_error(kind, read.amounts[kind], asked) if found["camera, kind and way"] else math.inf
        found["amount within 25 %"] = off <= 0.25
        found["amount within 10 %"] = off <= 0.1
    return found


ROWS = (
    "camera, kind and way",
    "camera, static",
    "two moves, kinds and ways",
    "two moves at once, kinds, ways and order",
    "two moves in turn, kinds, ways and order",
    "amount within 25 %",
    "amount within 10 %",
    "subject",
    "colour",
    "size",
    "place",
    "time",
    "weather",
    "weather, where not clear",
    "style",
    "style, where not plain",
    "motion",
    "motion, direction",
    "two subjects",
    "two subjects, both with their colours",
)


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Args:
      name: What is read.
      truth: Its reading of true renders, None if there are none.
      generated: Its reading of generated clips.
      count: How many clips it was asked of.
      unit: "%" for a share in 0...1, else what follows the figure.
    """

    name: str
    truth: float | None
    generated: float
    count: int
    unit: str = "%"


def rows_of(
    wants: Sequence[Expected],
    generated: Sequence[Reading],
    truth: Sequence[Reading] | None = None,
    *,
    only: Iterable[str] = ROWS,
    before: str = "",
) -> list[Row]:
    """Count right readings, one row an attribute.

    Args:
      wants: What each caption asks for.
      generated: What was read from the generated clips, in the same order.
      truth: What was read from true renders of the same, if there are any.
      only: Names of the rows.
      before: What the names of the rows begin with.
    """
    right = _shares(wants, generated)
    right_in_truth = _shares(wants, truth) if truth is not None else {}
    return [
        Row(before + name, right_in_truth[name][0] if name in right_in_truth else None, *right[name])
        for name in only
        if name in right
    ]


def _shares(wants: Sequence[Expected], readings: Sequence[Reading]) -> dict[str, tuple[float, int]]:
    found: dict[str, list[bool]] = {}
    for want, reading in zip(wants, readings, strict=True):
        for name, right in verdicts(want, reading).items():
            found.setdefault(name, []).append(right)
    return {name: (sum(each) / len(each), len(each)) for name, each in found.items()}


def by_move(wants: Sequence[Expected], readings: Sequence[Reading]) -> dict[str, dict[str, float]]:
    """Return for each single move how often it was read right and how far its amount is off, in the median."""
    found: dict[str, tuple[list[bool], list[float]]] = {}
    for want, read in zip(wants, readings, strict=True):
        if want.join != JOINS[SINGLE] or len(want.moves) != 1:
            continue
        right, off = found.setdefault(want.moves[0], ([], []))
        right.append(read.moves == want.moves)
        if right[-1]:
            off += [relative_error(kind, read.amounts[kind], asked) for kind, asked in want.amounts.items()]
    return {
        move: {"right": sum(right), "of": len(right)}
        | ({"amount_off": round(sorted(off)[len(off) // 2], 3)} if off else {})
        for move, (right, off) in sorted(found.items())
    }


def confusions(wants: Sequence[Expected], readings: Sequence[Reading], most: int = 8) -> dict[str, list[str]]:
    """Return the commonest mistakes of each attribute, as "asked > read: times"."""
    found: dict[str, Counter[str]] = {}
    for want, read in zip(wants, readings, strict=True):
        wrong = {name for name, right in verdicts(want, read).items() if not right}
        for name in wrong & set(NAMES):
            asked = "/".join(want.motion) if name == "motion" else getattr(want, name)
            found.setdefault(name, Counter())[f"{asked} > {getattr(read, name)}"] += 1
        if "camera, kind and way" in wrong:
            found.setdefault("camera", Counter())[f"{want.moves[0]} > {' and '.join(read.moves)}"] += 1
    return {name: [f"{what}: {times}" for what, times in each.most_common(most)] for name, each in found.items()}


def markdown(table: Mapping[str, object]) -> str:
    """Write a table as `evaluate` makes it for a page.

    >>> print(markdown({"rows": [{"name": "subject", "truth": 1.0, "generated": 0.5, "count": 8, "unit": "%"}]}))
    | what is read | true renders | generated clips | n |
    |---|---|---|---|
    | subject | 100.0 % | 50.0 % | 8 |
    """
    lines = ["| what is read | true renders | generated clips | n |", "|---|---|---|---|"]
    for row in table["rows"]:
        figures = (_figure(row[column], row["unit"]) for column in ("truth", "generated"))
        lines.append("| " + " | ".join([row["name"], *figures, str(row["count"])]) + " |")
    return "\n".join(lines)


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    return f"{100 * value:.1f} %" if unit == "%" else f"{value:.4g} {unit}".strip()
