"""A clip under its cell: a player that needs no trust, no script and no kernel, and its slate in words."""

from __future__ import annotations

import base64
import contextlib
import os
from pathlib import Path
from typing import Any

import numpy as np

from wan_sdk.errors import WanError
from wan_sdk.notebook import html
from wan_sdk.notebook.budget import NOTEBOOK, current_cell
from wan_sdk.notebook.derived import Derived, derive
from wan_sdk.notebook.sheet_view import SHEET_WIDTH

PLAYER_WIDTH = 640
THUMBNAIL_WIDTH = 320
PREVIEW_WIDTH, PREVIEW_HEIGHT = 456, 256


def clip_bundle(clip: Any) -> dict[str, str]:
    """Return what a notebook shows for a Take or Cut: text, a player with its slate, and a poster."""
    missing = problem_with_file(clip)
    if missing:
        return {"text/plain": f"{clip!r}\n{missing}", "text/html": str(html.tag("p", html.tag("strong", missing)))}
    try:
        still, thumbnail = stills(clip.frames)
    except WanError as problem:
        words = f"{problem}. {problem.hint or ''}"
        return {"text/plain": f"{clip!r}\n{words}", "text/html": str(html.tag("p", html.tag("strong", words)))}
    shown, note = _what_is_shown(clip)
    width = min(PLAYER_WIDTH, clip.size.width)
    title = f"{type(clip).__name__} {clip.id[:8]}, {seconds_of(clip):.2f} seconds"
    if shown:
        screen = html.video(shown, title=title, poster=still, thumbnail=thumbnail, alt=what_can_be_seen(clip))
    else:
        screen = html.picture(still, alt=what_can_be_seen(clip))
    markup = html.figure(screen, html.tag("strong", heading(clip)), slate(clip), note, width=width)
    return {
        "text/plain": repr(clip),
        "text/html": str(markup),
        "image/jpeg": base64.b64encode(still).decode("ascii"),
    }


def derived_bundle(derived: Derived) -> dict[str, str]:
    """Return what a notebook shows for a sheet or comparison."""
    from wan_sdk.media.read import read_video

    if not derived.path.exists():
        words = f"{derived.title}: its file is gone ({derived.path}); ask for it again"
        return {"text/plain": words, "text/html": str(html.tag("p", words))}
    frames = read_video(derived.path)
    still, thumbnail = stills(frames.pixels, width=SHEET_WIDTH)
    data = _within_budget(derived.path)
    link = _file_link(derived.path)
    if data:
        screen = html.video(data, title=derived.title, poster=still, thumbnail=thumbnail, alt=derived.words)
    else:
        screen = html.picture(still, alt=derived.words)
    note = "" if data else html.joined(["Too large for this notebook; the first look is here, the clip is in ", link])
    name = html.tag("strong", derived.title)
    marks = "Signed as a whole, with its takes as parts."
    markup = html.figure(screen, name, marks, note, width=min(frames.width, SHEET_WIDTH))
    return {
        "text/plain": repr(derived),
        "text/html": str(markup),
        "image/jpeg": base64.b64encode(still).decode("ascii"),
    }


def stills(frames: np.ndarray, *, width: int = PLAYER_WIDTH) -> tuple[bytes, bytes]:
    """Return the middle frame as two JPEGs: a poster, and a thumbnail for pages that show no videos.

    A notebook carries them for every clip, so they are as small as they can be.
    """
    from wan_sdk.media.encode import jpeg_bytes
    from wan_sdk.media.fit import fit_inside

    middle = frames[len(frames) // 2]
    poster, thumbnail = (fit_inside(middle, side, side) for side in (width, THUMBNAIL_WIDTH))
    return jpeg_bytes(poster, 80), jpeg_bytes(thumbnail, 75)


def heading(clip: Any) -> str:
    """Return the name of a clip for people: its title or name, else the first words of its prompt."""
    if type(clip).__name__ == "Cut":
        return html.readable(f"{clip.scene.title}: {len(clip.recipe.calls)} shots", 120)
    return html.readable(clip.shot.name or clip.shot.prompt, 120)


def slate(clip: Any) -> str:
    """Return the slate in words: model, seed, steps, size, speed, length, wall time, marks.

    >>> slate(take)
    'nano · seed 291466 · 12 steps · 640x384 · 12 fps · 2.08 s · made in 7.4 s · signed, watermarked'
    """
    calls = clip.recipe.calls
    models = ", ".join(dict.fromkeys(call.model for call in calls))
    seeds = ", ".join(dict.fromkeys(str(call.seed) for call in calls))
    steps = ", ".join(dict.fromkeys(str(call.num_inference_steps) for call in calls))
    wall = sum(seconds for name, seconds in clip.recipe.seconds.items() if name != "total")
    parts = [
        models,
        f"seed{'s' if ',' in seeds else ''} {seeds}",
        f"{steps} {'step' if steps == '1' else 'steps'}",
        f"{clip.size.width}x{clip.size.height}",
        f"{clip.fps:g} fps",
        f"{seconds_of(clip):.2f} s",
        "from the gallery" if clip.reused else f"made in {wall:.1f} s",
        clip.recipe.marks.words(),
    ]
    return html.readable(" · ".join(parts), 600)


def seconds_of(clip: Any) -> float:
    """Return the length of a clip; that of a take is in its recipe, so its file need not be there."""
    if type(clip).__name__ == "Cut":
        return float(clip.seconds)
    call = clip.recipe.calls[0]
    return float(call.num_frames / call.fps)


def what_can_be_seen(clip: Any) -> str:
    """Return the words for those who cannot see the clip: prompt, camera, length."""
    if type(clip).__name__ == "Cut":
        shots = "; then ".join(html.readable(shot.prompt, 120) for shot in clip.scene.shots)
        return f"A clip of {seconds_of(clip):.1f} seconds: {shots}"
    shot = clip.shot
    camera = shot.camera.words() if shot.camera else ""
    return f"A clip of {seconds_of(clip):.1f} seconds: {shot.prompt}{f', {camera}' if camera else ''}"


def problem_with_file(clip: Any) -> str | None:
    """Return what is wrong with the file of a clip, or None: it may be gone, or no longer the one signed."""
    from wan_sdk.gallery import sha256_of

    found = sha256_of(clip.path)
    if found is None:
        return f"The file of {type(clip).__name__.lower()} {clip.id[:8]} is gone ({clip.path}); render it again."
    if not found.startswith(clip.id):
        return (
            f"The file of {type(clip).__name__.lower()} {clip.id[:8]} was changed after it was signed ({clip.path}); "
            "it is not shown. verify() says what is wrong with it; render again for a whole one."
        )
    return None


def _what_is_shown(clip: Any) -> tuple[bytes | None, html.Html | str]:
    """Return the bytes to embed and what to say about them: the signed file, else a preview, else nothing."""
    data = _within_budget(clip.path)
    if data:
        return data, ""
    link = _file_link(clip.path)
    if clip.size.width <= PREVIEW_WIDTH * 1.2:  # a preview would not be smaller
        return None, html.joined(["This notebook carries its share of video already; the clip is ", link])
    with contextlib.suppress(WanError):  # a gallery that cannot be written is no reason to show nothing
        if data := _within_budget(preview_of(clip).path):
            return data, html.joined(["A small preview, marked as one; the full clip is ", link])
    return None, html.joined(["This notebook carries its share of video already; the clip is ", link])


def preview_of(clip: Any) -> Derived:
    """Return a small clip of a clip, marked and signed as derived from it."""
    from wan_sdk.media.fit import fit_inside
    from wan_sdk.media.frames import Frames

    def small() -> Frames:
        pixels = fit_inside(clip.frames, PREVIEW_WIDTH, PREVIEW_HEIGHT)
        return Frames(pixels, clip.fps)

    return derive([clip], "preview", small, title="Preview", words=what_can_be_seen(clip))


def _within_budget(path: Path) -> bytes | None:
    """Return a file's bytes if the cell may still carry them, and count them."""
    cell, run = current_cell()
    size = path.stat().st_size
    if size > NOTEBOOK.allowance(cell, run):
        return None
    NOTEBOOK.spend(cell, run, size)
    return path.read_bytes()


def _file_link(path: Path) -> html.Html:
    """Return a link that works when the notebook lies where it ran: relative to it where possible."""
    try:
        relative = path.resolve().relative_to(Path.cwd().resolve()).as_posix()
    except ValueError:
        return html.tag("code", os.fspath(path))
    return html.tag("a", relative, href=relative)
