"""A smaller world to train on, said in words: ``subject=ball camera=pan,zoom companion=none``."""

from __future__ import annotations

from collections.abc import Sequence

from wan_sdk.errors import UsageError, nearest
from wan_sdk.nano.attributes import MOVE_KINDS, NAMES, SUBJECTS

_CHOICES = {**NAMES, "camera": list(MOVE_KINDS), "companion": ["none", "any", *SUBJECTS]}


def read_fixed(words: Sequence[str]) -> dict[str, object]:
    """Return what is the same in every clip, as `wan_sdk.nano.world.sample` takes it.

    >>> read_fixed(["subject=ball", "camera=pan,zoom", "companion=none"])
    {'subject': 'ball', 'camera': ['pan', 'zoom'], 'companion': None}

    Args:
      words: Each `NAME=VALUE`. A name is an attribute of the world, `camera` or `companion`; a camera is the name of a
        move, or of several with commas between, of which each clip has one; a companion is a subject, `any` or `none`.

    Raises:
      UsageError: For a name or a value that the world does not have, or a name said twice.
    """
    fixed: dict[str, object] = {}
    for word in words:
        name, given, value = word.partition("=")
        if not given:
            raise UsageError(f"{word!r} is not NAME=VALUE", where="--fixed", hint=f"{name}=... or subject=ball")
        if name not in _CHOICES:
            raise _unknown("attribute", name, list(_CHOICES))
        if name in fixed:
            raise UsageError(f"{name} is said twice", where="--fixed", hint=f"say {name}= once")
        several = value.split(",") if name == "camera" else [value]
        for one in several:
            if one not in _CHOICES[name]:
                raise _unknown(name, one, _CHOICES[name])
        fixed[name] = several if len(several) > 1 else None if (name, value) == ("companion", "none") else value
    return fixed


def _unknown(kind: str, value: str, choices: Sequence[str]) -> UsageError:
    close = nearest(value, choices)
    allowed = f"one of {', '.join(choices)}"
    return UsageError(
        f"the world has no {kind} {value!r}",
        where="--fixed",
        hint=f"did you mean {close!r}? It may be {allowed}" if close else allowed,
    )
