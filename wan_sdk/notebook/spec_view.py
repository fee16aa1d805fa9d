"""Scenes, shots and cameras in a notebook, before anything is rendered."""

from __future__ import annotations

from typing import Any

from wan_sdk.notebook import html
from wan_sdk.notebook.camera_path import camera_path_png
from wan_sdk.notebook.storyboard import Storyboard


def scene_bundle(scene: Any) -> dict[str, str]:
    """Return what a notebook shows for a Scene: its storyboard."""
    return {"text/plain": repr(scene), "text/html": str(Storyboard(scene).html())}


def shot_bundle(shot: Any) -> dict[str, str]:
    """Return what a notebook shows for a Shot: its fields that say something, and its camera drawn."""
    rows = [
        [name, html.readable(_said(value))] for name, value in shot.to_dict().items() if _says_something(name, value)
    ]
    parts: list[object] = [html.table("Shot", ("field", "value"), rows)]
    if shot.camera:
        parts.append(_drawn(shot.camera))
    return {"text/plain": repr(shot), "text/html": str(html.tag("div", *parts))}


def camera_bundle(camera: Any) -> dict[str, str]:
    """Return what a notebook shows for a Camera: the path of its window over the first picture."""
    return {"text/plain": repr(camera), "text/html": str(_drawn(camera))}


def _drawn(camera: Any) -> html.Html:
    words = camera.words()
    drawing = html.picture(camera_path_png(camera), alt=f"The window of the camera: {words}", kind="image/png")
    return html.figure(drawing, html.readable(words), width=320)


def _says_something(name: str, value: Any) -> bool:
    return name not in ("schema", "camera") and value not in (None, [], (), {})


def _said(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
