"""The fields of a shot: what each one accepts, keeps and writes. The one table of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from wan_sdk.errors import SpecError
from wan_sdk.spec.camera import Camera
from wan_sdk.spec.checks import (
    MAX_NAME,
    MAX_SEED,
    checked_choice,
    checked_integer,
    checked_line,
    checked_number,
    checked_text,
)
from wan_sdk.spec.look import Look, checked_loras, checked_negative
from wan_sdk.spec.reference import Reference
from wan_sdk.spec.schema import number_written
from wan_sdk.spec.size import checked_size, size_written

TIERS = ("draft", "fast", "exact")
MAX_REFERENCES = 32
MAX_SECONDS = 3600.0
MAX_FPS = 240.0
MAX_STEPS = 1000

STARTS = ("first_frame", "continue")
SLOTS: dict[str, tuple[str, ...]] = {
    "first_frame": STARTS,
    "continue": STARTS,
    "last_frame": ("last_frame",),
    "restyle": ("restyle",),
    "mask": ("mask",),
}
"""Roles of which a shot has one: a new reference takes the place of these."""


@dataclass(frozen=True)
class Field:
    """One field of a shot.

    Args:
      name: As in the constructor and in a scene file.
      check: Turn what was given, if it is not the default, into what is kept; gets the place for messages.
      default: What stands for nothing said.
      written: Turn what is kept into plain data, where it is not that already.
    """

    name: str
    check: Callable[[Any, str], Any]
    default: Any = None
    written: Callable[[Any], Any] | None = None

    def checked(self, value: Any, where: str) -> Any:
        """Return the value as it is kept."""
        return value if value is None and self.default is None and self.name != "prompt" else self.check(value, where)

    def written_value(self, value: Any) -> Any:
        """Return what is kept as plain data; None stays None."""
        return value if value is None or self.written is None else self.written(value)


def checked_seconds(value: Any, where: str) -> float:
    """Return a length in seconds."""
    return checked_number(value, "seconds", where=where, above=0, most=MAX_SECONDS)


def checked_fps(value: Any, where: str) -> float:
    """Return a number of frames per second."""
    return checked_number(value, "fps", where=where, above=0, most=MAX_FPS)


def checked_seed(value: Any, where: str) -> int:
    """Return a seed."""
    return checked_integer(value, "seed", where=where, least=0, most=MAX_SEED)


def checked_name(field: str) -> Callable[[Any, str], str]:
    """Return the check of a one-line name."""
    return lambda value, where: checked_line(value, field, where=where, most=MAX_NAME)


def _prompt(value: Any, where: str) -> str:
    return checked_text(value, "prompt", where=where, hint="say what is seen: 'a boat on the sea at dawn'")


def _guidance(value: Any, where: str) -> float | tuple[float, float]:
    if isinstance(value, tuple | list):
        if len(value) != 2:
            raise SpecError(
                f"guidance has {len(value)} values; it is a number, or (high, low) for two experts",
                where=where,
                hint="guidance=(4.0, 3.0)",
            )
        return _one_guidance(value[0], where), _one_guidance(value[1], where)
    return _one_guidance(value, where)


def _one_guidance(value: Any, where: str) -> float:
    return checked_number(value, "guidance", where=where, least=0, most=100)


def _references(value: Any, where: str) -> tuple[Reference, ...]:
    if isinstance(value, Reference):
        value = (value,)
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise SpecError(
            f"references is {value!r:.80}; it must be a list",
            where=where,
            hint="references=[Reference.image('mara.png')], or shot.starting_on('mara.png')",
        )
    references: list[Reference] = []
    for item in value:
        if len(references) == MAX_REFERENCES:
            raise SpecError(f"more than {MAX_REFERENCES} references", where=where, hint="models read a handful at most")
        if isinstance(item, Mapping):
            references.append(Reference.from_plain(item))
        elif isinstance(item, Reference):
            references.append(item)
        else:
            raise SpecError(f"{item!r:.80} is not a Reference", where=where, hint="write Reference.image('mara.png')")
    _refuse_rivals(references, where)
    return tuple(references)


def _refuse_rivals(references: list[Reference], where: str) -> None:
    for index, reference in enumerate(references):
        rivals = SLOTS.get(reference.role, ())
        if any(other.role in rivals for other in references[:index]):
            raise SpecError(
                f"two references want to be the {' or '.join(rivals).replace('_', ' ')}",
                where=where,
                hint="keep one; with_reference replaces the one before",
            )


FIELDS: tuple[Field, ...] = (
    Field("prompt", _prompt),
    Field("seconds", checked_seconds, written=number_written),
    Field("camera", lambda value, _: Camera.of(value), written=lambda camera: camera.plain()),
    Field("references", _references, default=(), written=lambda references: [r.plain() for r in references]),
    Field("look", lambda value, _: Look.of(value), written=lambda look: look.plain()),
    Field("size", lambda value, _: checked_size(value), written=size_written),
    Field("fps", checked_fps, written=number_written),
    Field("seed", checked_seed),
    Field("model", checked_name("model")),
    Field("negative", checked_negative),
    Field("steps", lambda value, where: checked_integer(value, "steps", where=where, least=1, most=MAX_STEPS)),
    Field(
        "guidance",
        _guidance,
        written=lambda value: [number_written(v) for v in value] if isinstance(value, tuple) else number_written(value),
    ),
    Field(
        "shift",
        lambda value, where: checked_number(value, "shift", where=where, above=0, most=100),
        written=number_written,
    ),
    Field("loras", checked_loras, default=(), written=lambda loras: [lora.plain() for lora in loras]),
    Field("tier", lambda value, where: checked_choice(value, "tier", TIERS, where=where)),
    Field("name", checked_name("name")),
)
