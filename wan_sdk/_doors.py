"""The one place where a low room may reach up.

A Shot that renders itself, a Take that shows itself: these conveniences are one line each on the
low object and call a function here. Everything is imported inside the functions, so that the low
rooms stay light and the arrows of the house stay one-way everywhere else.
"""

from __future__ import annotations

from typing import Any


def render(x: Any, **options: Any) -> Any:
    """Render a Shot, Scene or Sweep on the default studio."""
    from wan_sdk.studio import default_studio

    return default_studio().render(x, **options)


def plan(x: Any) -> Any:
    """Plan a Shot, Scene or Sweep on the default studio."""
    from wan_sdk.studio import default_studio

    return default_studio().plan(x)


def submit(x: Any, **options: Any) -> Any:
    """Submit a Shot, Scene or Sweep to the default studio."""
    from wan_sdk.studio import default_studio

    return default_studio().submit(x, **options)


def mimebundle(x: Any) -> dict[str, str]:
    """Return what a notebook shows for an object of the SDK."""
    from wan_sdk import notebook

    return notebook.mimebundle(x)


def storyboard(cut: Any) -> Any:
    """Return the storyboard of a cut or a scene."""
    from wan_sdk import notebook

    return notebook.storyboard(cut)


def sheet(takes: Any, **options: Any) -> Any:
    """Return one sheet on which several takes play in step."""
    from wan_sdk import notebook

    return notebook.sheet(takes, **options)


def compare(take: Any, other: Any) -> Any:
    """Return two takes side by side, playing in step."""
    from wan_sdk import notebook

    return notebook.compare(take, other)


def progress_listener(title: str, plan: Any) -> Any:
    """Return a listener that shows progress where there is a notebook to show it in, else None."""
    import sys

    if "IPython" not in sys.modules:
        return None
    from wan_sdk import notebook

    return notebook.progress_listener(title, plan)
