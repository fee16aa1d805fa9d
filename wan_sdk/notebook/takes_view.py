"""The takes of a sweep in a notebook: a table of pictures, each under the values that made it."""

from __future__ import annotations

from typing import Any

from wan_sdk.errors import WanError
from wan_sdk.notebook import html
from wan_sdk.notebook.labels import point_label
from wan_sdk.notebook.player import slate

PICTURE_WIDTH = 200
MOST_SHOWN = 36


def takes_bundle(takes: Any) -> dict[str, str]:
    """Return what a notebook shows for Takes: pictures at once; `.sheet()` makes them play."""
    rows = [
        [point_label(point, takes.axes), _picture(take), slate(take)]
        for point, take in list(zip(takes.points(), takes, strict=True))[:MOST_SHOWN]
    ]
    rest = f" (the first {MOST_SHOWN})" if len(takes) > MOST_SHOWN else ""
    markup = html.tag(
        "div",
        html.table(f"{len(takes)} takes{rest}", ("values", "picture", "slate"), rows),
        html.tag(
            "p", html.tag("code", ".sheet()"), " plays them all in step; ", html.tag("code", ".pick(…)"), " takes one."
        ),
    )
    return {"text/plain": repr(takes), "text/html": str(markup)}


def _picture(take: Any) -> html.Html | str:
    from wan_sdk.media.encode import jpeg_bytes
    from wan_sdk.media.fit import fit_inside

    try:
        small = fit_inside(take.frames[len(take.frames) // 2], 2 * PICTURE_WIDTH, 2 * PICTURE_WIDTH)
    except WanError:
        return "its file is gone"
    return html.picture(jpeg_bytes(small, 75), alt=take.shot.prompt, width=PICTURE_WIDTH)
