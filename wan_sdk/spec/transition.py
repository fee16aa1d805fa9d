"""How one shot becomes the next."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from wan_sdk.errors import SpecError
from wan_sdk.spec.checks import checked_choice, checked_number
from wan_sdk.spec.schema import Written, number_written

TransitionKind = Literal["cut", "dissolve", "fade", "wipe"]
Side = Literal["left", "right", "up", "down"]

LONGEST_SECONDS = 60.0
COLOURS = {"black": "#000000", "white": "#ffffff", "grey": "#808080", "gray": "#808080"}
_KEYS: dict[str, tuple[str, ...]] = {
    "cut": ("kind",),
    "dissolve": ("kind", "seconds"),
    "fade": ("kind", "seconds", "colour"),
    "wipe": ("kind", "seconds", "towards"),
}


@dataclass(frozen=True)
class Transition(Written):
    """Join two shots: make one with `cut`, `dissolve`, `fade` or `wipe`.

    >>> Transition.dissolve(seconds=0.5).plain()
    {'kind': 'dissolve', 'seconds': 0.5}

    A transition takes its time from both shots, which overlap in it; the plan refuses one that is
    longer than its shots.

    Args:
      kind: ``"cut"``, ``"dissolve"``, ``"fade"`` (through a colour) or ``"wipe"``.
      seconds: How long it lasts, 0 for a cut.
      colour: Of a fade, as ``"#rrggbb"``.
      towards: Where the edge of a wipe moves to.
    """

    kind: TransitionKind
    seconds: float = 0.0
    colour: str | None = None
    towards: Side | None = None

    def __post_init__(self) -> None:
        checked_choice(self.kind, "kind", _KEYS, where="Transition")
        where = f"Transition.{self.kind}"
        if self.kind == "cut":
            if self.seconds != 0:
                raise SpecError(
                    f"a cut takes no time, but seconds is {self.seconds!r}", where=where, hint="use a dissolve"
                )
        else:
            seconds = checked_number(self.seconds, "seconds", where=where, above=0, most=LONGEST_SECONDS)
            object.__setattr__(self, "seconds", seconds)
        if (self.colour is None) == (self.kind == "fade") or (self.towards is None) == (self.kind == "wipe"):
            raise SpecError(
                "a fade has a colour, a wipe says where it goes, and the others have neither",
                where=where,
                hint="make it with Transition.fade(...) or Transition.wipe(...)",
            )
        if self.colour is not None:
            object.__setattr__(self, "colour", _colour(self.colour, where))
        if self.towards is not None:
            checked_choice(self.towards, "towards", ["left", "right", "up", "down"], where=where)

    @classmethod
    def cut(cls) -> Self:
        """Go to the next shot from one frame to the next.

        >>> Transition.cut().seconds
        0.0
        """
        return cls("cut")

    @classmethod
    def dissolve(cls, seconds: float = 0.5) -> Self:
        """Let one shot shine through the other.

        Args:
          seconds: How long both are seen, greater than 0.
        """
        return cls("dissolve", seconds)

    @classmethod
    def fade(cls, seconds: float = 1.0, colour: str = "black") -> Self:
        """Go to a colour and come back from it.

        >>> Transition.fade(seconds=1, colour="white").colour
        '#ffffff'

        Args:
          seconds: From the full picture of one shot to that of the next.
          colour: ``"black"``, ``"white"``, ``"grey"`` or ``"#rrggbb"``.
        """
        return cls("fade", seconds, colour=colour)

    @classmethod
    def wipe(cls, seconds: float = 0.5, towards: Side = "left") -> Self:
        """Push an edge across the picture; behind it is the next shot.

        Args:
          seconds: How long the edge moves.
          towards: ``"left"``, ``"right"``, ``"up"`` or ``"down"``.
        """
        return cls("wipe", seconds, towards=towards)

    @classmethod
    def of(cls, value: Transition | str | Mapping[str, Any]) -> Transition:
        """Return a transition from what is accepted where one is wanted: itself, its name, plain data.

        >>> Transition.of("dissolve")
        Transition(kind='dissolve', seconds=0.5, colour=None, towards=None)
        """
        if isinstance(value, Transition):
            return value
        if isinstance(value, str):
            name = checked_choice(value.strip().lower(), "via", _KEYS, where="Transition")
            made: Transition = getattr(cls, name)()
            return made
        if isinstance(value, Mapping):
            return cls.from_plain(value)
        raise SpecError(
            f"via is {value!r:.80}; it must be a Transition",
            where="Transition",
            hint="for example Transition.dissolve()",
        )

    def fields_written(self) -> dict[str, Any]:
        """Return the kind and what belongs to it."""
        written = {
            "kind": self.kind,
            "seconds": number_written(self.seconds),
            "colour": self.colour,
            "towards": self.towards,
        }
        return {name: written[name] for name in _KEYS[self.kind]}

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Self:
        """Return the transition of written fields; what is left out has the maker's usual value."""
        if "kind" not in fields:
            raise SpecError("kind is missing", where="Transition", hint=f"one of {', '.join(_KEYS)}")
        rest = dict(fields)
        kind = checked_choice(rest.pop("kind"), "kind", _KEYS, where="Transition")
        for name in rest:
            if name not in _KEYS[kind]:
                raise SpecError(f"a {kind} has no {name}", where="Transition", hint=f"it has {', '.join(_KEYS[kind])}")
        made: Self = getattr(cls, kind)(**rest)
        return made

    @classmethod
    def field_names(cls) -> tuple[str, ...]:
        """Return the keys of the written form."""
        return ("kind", "seconds", "colour", "towards")


def _colour(value: object, where: str) -> str:
    said = value.strip().lower() if isinstance(value, str) else ""
    if said in COLOURS:
        return COLOURS[said]
    if re.fullmatch(r"#[0-9a-f]{6}", said):
        return said
    raise SpecError(
        f"colour is {value!r:.80}; it must be black, white, grey or #rrggbb", where=where, hint="for example '#202020'"
    )
