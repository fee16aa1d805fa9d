"""What a notebook shows: players, plans, progress, sheets, verdicts, and tools to look inside."""

from __future__ import annotations

import importlib
from typing import Any

from wan_sdk.notebook.panel import progress_listener as progress_listener
from wan_sdk.notebook.sheet_view import compare as compare
from wan_sdk.notebook.sheet_view import sheet as sheet
from wan_sdk.notebook.storyboard import storyboard as storyboard

__all__ = ["browse", "compare", "explore", "mimebundle", "progress_listener", "sheet", "storyboard", "xray"]

_BUNDLES = {
    "Take": ("player", "clip_bundle"),
    "Cut": ("player", "clip_bundle"),
    "Takes": ("takes_view", "takes_bundle"),
    "Plan": ("plan_table", "plan_bundle"),
    "Verdict": ("verdict_card", "verdict_bundle"),
    "Job": ("panel", "job_bundle"),
    "Scene": ("spec_view", "scene_bundle"),
    "Shot": ("spec_view", "shot_bundle"),
    "Camera": ("spec_view", "camera_bundle"),
}


def explore(x: Any = None, *, studio: Any = None) -> Any:
    """Return knobs over a Shot, a Scene or a prompt, with the plan following as they turn."""
    from wan_sdk.notebook import explorer

    return explorer.explore(x, studio=studio)


def browse(gallery: Any = None, *, studio: Any = None) -> Any:
    """Return a browser over what a gallery keeps."""
    from wan_sdk.notebook import gallery_browser

    return gallery_browser.browse(gallery, studio=studio)


def mimebundle(x: Any) -> dict[str, str]:
    """Return what a notebook shows for an object of the SDK: text always, markup where there is some.

    Args:
      x: A Take, Cut, Takes, Plan, Verdict, Job, Scene, Shot or Camera; anything else shows its text.
    """
    room, name = _BUNDLES.get(type(x).__name__, ("", ""))
    if not room:
        return {"text/plain": repr(x)}
    bundle: dict[str, str] = getattr(importlib.import_module(f"wan_sdk.notebook.{room}"), name)(x)
    return bundle
