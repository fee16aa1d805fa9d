"""A plan as an aligned table for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wan_sdk.planning.call import Call
    from wan_sdk.planning.plan import Plan

COLUMNS = ("#", "shot", "model", "task", "size", "frames", "length", "steps", "guidance", "shift", "seed", "estimate")
RIGHT = frozenset({"#", "frames", "length", "steps", "guidance", "shift", "seed", "estimate"})
LONGEST_PROMPT = 400


def plan_table(plan: Plan) -> str:
    """Return a plan as text: the calls, their prompts, what was changed, and the notes."""
    parts = [_heading(plan), *aligned([COLUMNS, *rows(plan)]), "", "prompts"]
    parts += together(
        [(plan.names[index], _shortened(call.prompt)) for index, call in enumerate(plan.calls)], len(plan.calls)
    )
    if plan.changes:
        parts += ["", "changed from what was asked"]
        parts += together(
            [
                (plan.names[change.shot], f"{change.field} {said(change.asked)} -> {said(change.got)}: {change.why}")
                for change in plan.changes
            ],
            len(plan.calls),
        )
    if plan.notes:
        parts += ["", "notes", *together([(note.where, note.text) for note in plan.notes], len(plan.calls))]
    return "\n".join(parts)


def rows(plan: Plan) -> list[tuple[str, ...]]:
    """Return one row of text for each call, in the order of `COLUMNS`."""
    return [_row(plan, index, call) for index, call in enumerate(plan.calls)]


def said_seconds(seconds: float) -> str:
    """Return a length of time as people say it.

    >>> said_seconds(0.4), said_seconds(42.2), said_seconds(170), said_seconds(7260)
    ('0.4 s', '42 s', '2 min 50 s', '2 h 1 min')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def said(value: Any) -> str:
    """Return a value of a change in few characters.

    >>> said(2.0833333333), said(None), said("480p")
    ('2.083', 'not said', '480p')
    """
    if value is None:
        return "not said"
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)


def together(remarks: Sequence[tuple[str, str]], calls: int) -> list[str]:
    """Return remarks as lines, the same text about several shots said once.

    >>> together([("pier", "short"), ("bird", "short"), ("pier", "dark")], 2)
    ['  every shot: short', '  pier: dark']

    Args:
      remarks: Name of the shot and text, in order.
      calls: How many shots there are.
    """
    shots: dict[str, list[str]] = {}
    for name, text in remarks:
        shots.setdefault(text, []).append(name)
    return [
        f"  {'every shot' if len(names) == calls > 1 else '; '.join(names[:4]) + _more(names)}: {text}"
        for text, names in shots.items()
    ]


def aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    """Return rows of cells as lines of one width a column; the first row is the heading."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    right = [name in RIGHT for name in lines[0]]
    return [
        "  ".join(
            cell.rjust(width) if flush else cell.ljust(width)
            for cell, width, flush in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    ]


def _more(names: Sequence[str]) -> str:
    return f" and {len(names) - 4} more" if len(names) > 4 else ""


def _heading(plan: Plan) -> str:
    calls = f"{len(plan.calls)} call{'s' if len(plan.calls) != 1 else ''}"
    length = f", {plan.timeline.seconds:.2f} s long" if plan.timeline else ""
    machine = f" on {plan.machine}" if plan.machine else ""
    money = f", {plan.cost:.2f} in money" if plan.cost else ""
    return (
        f"Plan of {plan.kind} {plan.title!r}: {calls}{length}; "
        f"about {said_seconds(plan.seconds)} and {plan.memory_gb:.1f} GB{machine}{money}\n"
    )


def _row(plan: Plan, index: int, call: Call) -> tuple[str, ...]:
    guidance = f"{call.guidance_scale:g}"
    if call.guidance_scale_2 is not None:
        guidance += f"/{call.guidance_scale_2:g}"
    size = f"{call.width}x{call.height}"
    if call.enlarge > 1:
        size += " to {}x{}".format(*call.delivered_size)
    return (
        str(index),
        plan.names[index],
        call.model,
        call.task,
        size,
        str(call.num_frames),
        f"{call.num_frames / call.fps:.2f} s",
        str(call.num_inference_steps),
        guidance,
        f"{call.flow_shift:g}",
        str(call.seed),
        said_seconds(plan.estimates[index].seconds) if plan.estimates else "",
    )


def _shortened(prompt: str) -> str:
    line = " ".join(prompt.split())
    return line if len(line) <= LONGEST_PROMPT else line[: LONGEST_PROMPT - 1] + "…"
