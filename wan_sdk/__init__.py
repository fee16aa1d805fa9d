"""Make and mark video with the open Wan models, from a notebook.

>>> import wan_sdk as wan
>>> from wan_sdk import Camera, Shot
>>> shot = Shot("a red ball rolls over green grass at sunset", seconds=2)
>>> take = shot.with_camera(Camera.pan(degrees=20)).render()    # doctest: +SKIP

Everything named here is public; the rooms behind it are not. Names are looked up when they are
first used, so that importing the package costs nothing: torch is loaded by the first render.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from wan_sdk import errors as errors
from wan_sdk import models as models
from wan_sdk._version import __version__ as __version__

if TYPE_CHECKING:
    from wan_sdk.cut import Cut as Cut
    from wan_sdk.gallery import Gallery as Gallery
    from wan_sdk.job import Job as Job
    from wan_sdk.marking.verdict import Verdict as Verdict
    from wan_sdk.marking.verify import verify as verify
    from wan_sdk.planning import Plan as Plan
    from wan_sdk.spec import Camera as Camera
    from wan_sdk.spec import Character as Character
    from wan_sdk.spec import Look as Look
    from wan_sdk.spec import Lora as Lora
    from wan_sdk.spec import Marking as Marking
    from wan_sdk.spec import Reference as Reference
    from wan_sdk.spec import Scene as Scene
    from wan_sdk.spec import Shot as Shot
    from wan_sdk.spec import Size as Size
    from wan_sdk.spec import Sweep as Sweep
    from wan_sdk.spec import Transition as Transition
    from wan_sdk.studio import Studio as Studio
    from wan_sdk.studio import default_studio as default_studio
    from wan_sdk.take import Take as Take
    from wan_sdk.take import Takes as Takes

_ROOM_OF = {
    **dict.fromkeys(
        ("Scene", "Shot", "Camera", "Reference", "Character", "Look", "Lora", "Transition", "Sweep", "Size", "Marking"),
        "wan_sdk.spec",
    ),
    "Studio": "wan_sdk.studio",
    "default_studio": "wan_sdk.studio",
    "Take": "wan_sdk.take",
    "Takes": "wan_sdk.take",
    "Cut": "wan_sdk.cut",
    "Gallery": "wan_sdk.gallery",
    "Job": "wan_sdk.job",
    "Plan": "wan_sdk.planning",
    "verify": "wan_sdk.marking.verify",
    "Verdict": "wan_sdk.marking.verdict",
}

__all__ = ["__version__", "errors", "models", "plan", "render", "submit", *_ROOM_OF]


def __getattr__(name: str) -> Any:
    if name not in _ROOM_OF:
        hint = errors.nearest(name, __all__)
        raise AttributeError(f"wan_sdk has no {name!r}" + (f"; did you mean {hint!r}?" if hint else ""))
    value = getattr(importlib.import_module(_ROOM_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def plan(x: Any) -> Plan:
    """Write out every model call that a Shot, Scene or Sweep needs, without running any."""
    from wan_sdk import _doors

    return _doors.plan(x)


def render(x: Any, **options: Any) -> Any:
    """Render a Shot to a Take, a Scene to a Cut, a Sweep to Takes, on the default studio."""
    from wan_sdk import _doors

    return _doors.render(x, **options)


def submit(x: Any, **options: Any) -> Any:
    """Render in the background on the default studio; returns a Job."""
    from wan_sdk import _doors

    return _doors.submit(x, **options)
