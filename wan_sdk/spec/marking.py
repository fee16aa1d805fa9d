"""Which marks say that a clip was made by a machine."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal, Self

from wan_sdk.errors import SpecError
from wan_sdk.spec.checks import checked_choice
from wan_sdk.spec.schema import Written

_CHOICES: dict[str, tuple[str, ...]] = {
    "label": ("publish", "always", "never"),
    "prompt": ("omit", "include"),
    "tsa": ("off", "best_effort", "required"),
}


@dataclass(frozen=True)
class Marking(Written):
    """Choose the marks of a clip. All that is invisible is on unless it is switched off.

    >>> Marking().watermark
    'ssw'
    >>> Marking(label="always")
    Marking(c2pa=True, watermark='ssw', label='always', prompt='omit', tsa='off', unsafe_unmarked=False)

    Args:
      c2pa: Whether the file carries a signed manifest.
      watermark: ``"ssw"``, the mark in the pixels, or None for no mark.
      label: When the visible label is drawn: on ``"publish"``, ``"always"`` or ``"never"``.
      prompt: Whether the manifest says the prompt: ``"omit"`` or ``"include"``.
      tsa: The time-stamping service: ``"off"``, ``"best_effort"`` or ``"required"``.
      unsafe_unmarked: Say that leaving both marks off is meant; it is recorded.

    Raises:
      SpecError: If both marks are off and `unsafe_unmarked` does not say so.
    """

    c2pa: bool = True
    watermark: Literal["ssw"] | None = "ssw"
    label: Literal["publish", "always", "never"] = "publish"
    prompt: Literal["omit", "include"] = "omit"
    tsa: Literal["off", "best_effort", "required"] = "off"
    unsafe_unmarked: bool = False

    def __post_init__(self) -> None:
        for name in ("c2pa", "unsafe_unmarked"):
            if not isinstance(getattr(self, name), bool):
                raise SpecError(
                    f"{name} is {getattr(self, name)!r:.80}; it must be True or False",
                    where="Marking",
                    hint="write True",
                )
        if self.watermark is not None:
            checked_choice(
                self.watermark, "watermark", ["ssw"], where="Marking", hint="or None for no mark in the pixels"
            )
        for name, allowed in _CHOICES.items():
            checked_choice(getattr(self, name), name, allowed, where="Marking")
        if not self.c2pa and self.watermark is None and not self.unsafe_unmarked:
            raise SpecError(
                "both marks are off, so nothing would say that a machine made this",
                where="Marking",
                hint="keep c2pa or the watermark, or say unsafe_unmarked=True, which is recorded",
            )

    def fields_written(self) -> dict[str, Any]:
        """Return the choices that differ from the usual ones."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Self:
        """Return the marking of written choices."""
        return cls(**fields)

    @classmethod
    def field_names(cls) -> tuple[str, ...]:
        """Return the keys of the written form."""
        return tuple(cls.__dataclass_fields__)
