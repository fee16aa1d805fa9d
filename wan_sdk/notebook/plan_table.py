"""A plan in a notebook: what will run, what it costs, and what differs from what was asked."""

from __future__ import annotations

from typing import Any

from wan_sdk.notebook import html
from wan_sdk.planning.table import COLUMNS, rows, said, said_seconds


def plan_bundle(plan: Any) -> dict[str, str]:
    """Return what a notebook shows for a Plan."""
    return {"text/plain": str(plan), "text/html": str(plan_html(plan))}


def plan_html(plan: Any) -> html.Html:
    """Return a plan as tables: the calls, the changes, the notes, and the prompts under a fold."""
    parts: list[object] = [
        html.table(caption(plan), COLUMNS, ([html.readable(cell, 80) for cell in row] for row in rows(plan)))
    ]
    if plan.changes:
        parts.append(
            html.table(
                "Changed from what was asked",
                ("shot", "what", "asked", "will be", "why"),
                (
                    [
                        html.readable(plan.names[change.shot], 80),
                        change.field,
                        html.readable(said(change.asked), 80),
                        html.readable(said(change.got), 80),
                        html.readable(change.why),
                    ]
                    for change in plan.changes
                ),
            )
        )
    if plan.notes:
        parts += [
            html.tag("p", html.tag("strong", "Notes")),
            html.items(f"{html.readable(note.where, 80)}: {html.readable(note.text)}" for note in plan.notes),
        ]
    prompts = html.items(html.readable(call.prompt, 1000) for call in plan.calls)
    parts.append(html.details("The prompts as the model reads them", prompts))
    return html.tag("div", *parts)


def caption(plan: Any) -> str:
    """Return the plan in one line: how much of what, how long, how much memory and money."""
    calls = f"{len(plan.calls)} call{'s' if len(plan.calls) != 1 else ''}"
    length = f", {plan.timeline.seconds:.2f} s long" if plan.timeline else ""
    machine = f" on {plan.machine}" if plan.machine else ""
    money = f", {plan.cost:.2f} in money" if plan.cost else ""
    name = "" if plan.title == plan.kind else f" {html.readable(plan.title, 80)}"
    return (
        f"Plan of the {plan.kind}{name}: {calls}{length}; about {said_seconds(plan.seconds)} and "
        f"{plan.memory_gb:.1f} GB{machine}{money}"
    )
