"""Many takes at once: a sheet with named axes, two side by side; one clip, so all stay in step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wan_sdk.errors import UsageError, nearest
from wan_sdk.media.frames import Frames
from wan_sdk.media.sheet import grid
from wan_sdk.notebook import html
from wan_sdk.notebook.derived import Derived, derive
from wan_sdk.notebook.labels import differences, point_label

SHEET_WIDTH = 960  # as wide as it is shown: what is baked larger costs time and space for nothing


def sheet(takes: Any, *, rows: str | None = None, cols: str | None = None) -> Derived:
    """Return all takes of a sweep on one sheet, playing in step, labelled by what differs.

    >>> shot.sweep(seed=range(4), guidance=[4, 6]).render().sheet(rows="guidance", cols="seed")   # doctest: +SKIP

    Args:
      takes: A `Takes`.
      rows: The axis that runs down; the others run across.
      cols: The axis that runs across; the others run down.

    Raises:
      UsageError: For an axis that was not swept.
    """
    down, across = _axes(takes, rows, cols)
    order = {tuple(point.items()): take for point, take in zip(takes.points(), takes, strict=True)}
    row_points, col_points = _points(takes, down), _points(takes, across)
    cells = [order[_in_order(takes, {**row, **col})] for row in row_points for col in col_points]
    row_labels = [point_label(point, takes.axes) for point in row_points] if down else []
    col_labels = [point_label(point, takes.axes) for point in col_points] if across else []

    def make() -> Frames:
        clips = [Frames(take.frames, take.fps) for take in cells]
        return grid(
            clips,
            len(row_points),
            len(col_points),
            row_labels=row_labels,
            col_labels=col_labels,
            max_width=SHEET_WIDTH,
        )

    axes = " by ".join(" and ".join(names) for names in (down, across) if names)
    words = f"{len(row_points)} rows and {len(col_points)} columns, by {axes}: " + "; ".join([*row_labels, *col_labels])
    layout = repr(("sheet", row_labels, col_labels))
    return derive(cells, layout, make, title=f"Sheet of {len(cells)} takes by {axes}", words=html.readable(words))


def compare(first: Any, second: Any) -> Derived:
    """Return two takes or cuts side by side, in step, labelled by what differs in their recipes."""
    labels = [f"{letter}: {words}" for letter, words in zip("AB", differences(first, second), strict=True)]

    def make() -> Frames:
        return grid(
            [Frames(clip.frames, clip.fps) for clip in (first, second)], 1, 2, col_labels=labels, max_width=SHEET_WIDTH
        )

    return derive(
        [first, second],
        repr(("compare", labels)),
        make,
        title="Side by side",
        words=html.readable(f"Left {labels[0]}; right {labels[1]}"),
    )


def _axes(takes: Any, rows: str | None, cols: str | None) -> tuple[list[str], list[str]]:
    """Return the axes that run down and those that run across."""
    names = list(takes.axes)
    for said in (rows, cols):
        if said is not None and said not in names:
            close = nearest(said, names)
            hint = f"did you mean {close!r}?" if close else f"axes: {', '.join(names)}"
            raise UsageError(f"there is no axis {said!r}", where="Takes.sheet", hint=hint)
    if rows is not None and rows == cols:
        raise UsageError(f"{rows!r} cannot run down and across", where="Takes.sheet", hint="name one of them")
    if rows is not None:
        return [rows], [name for name in names if name != rows]
    if cols is not None:
        return [name for name in names if name != cols], [cols]
    if len(names) == 1:
        return [], names
    # The shorter axis runs down: screens are wide.
    down = min(names, key=lambda name: len(takes.axes[name]))
    return [down], [name for name in names if name != down]


def _points(takes: Any, names: Sequence[str]) -> list[dict[str, Any]]:
    points: list[dict[str, Any]] = [{}]
    for name in names:
        points = [{**point, name: value} for point in points for value in takes.axes[name]]
    return points


def _in_order(takes: Any, point: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple((name, point[name]) for name in takes.axes)
