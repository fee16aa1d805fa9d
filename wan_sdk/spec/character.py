"""Who plays: a name that prompts can use, with what the person looks like."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Self

from wan_sdk.errors import SpecError, UnknownName, nearest
from wan_sdk.spec.checks import checked_line, checked_text
from wan_sdk.spec.reference import Reference
from wan_sdk.spec.schema import Written

MAX_CHARACTER_NAME = 60
_MENTION = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")


@dataclass(frozen=True, init=False)
class Character(Written):
    """Name somebody or something that appears in several shots.

    >>> mara = Character("Mara", looks="red raincoat, short grey hair")
    >>> fill_cast("{Mara} walks, then {Mara} turns", [mara])
    'Mara (red raincoat, short grey hair) walks, then Mara turns'

    Args:
      name: What stands in brackets in a prompt: ``"{Mara}"``.
      looks: What it looks like, in the words of a prompt.
      reference: A picture or clip of it.
    """

    name: str
    looks: str = ""
    reference: Reference | None = None

    def __init__(self, name: str, *, looks: str = "", reference: Reference | None = None) -> None:
        name = checked_line(name, "name", where="Character", most=MAX_CHARACTER_NAME)
        if "{" in name or "}" in name:
            raise SpecError(
                f"name is {name!r}; it must be free of curly brackets", where="Character", hint="write 'Mara'"
            )
        where = f"Character {name!r}"
        if reference is not None and not isinstance(reference, Reference):
            raise SpecError(
                f"reference is {reference!r:.80}; it must be a Reference",
                where=where,
                hint="write Reference.image('mara.png', role='subject')",
            )
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "looks", checked_text(looks, "looks", where=where, may_be_empty=True))
        object.__setattr__(self, "reference", reference)

    def with_name(self, name: str) -> Self:
        """Return the character under another name."""
        return replace(self, name=name)

    def with_looks(self, looks: str) -> Self:
        """Return the character with other looks."""
        return replace(self, looks=looks)

    def with_reference(self, reference: Reference | None) -> Self:
        """Return the character with another picture."""
        return replace(self, reference=reference)

    def fields_written(self) -> dict[str, Any]:
        """Return the fields that differ from their default."""
        written: dict[str, Any] = {"name": self.name}
        if self.looks:
            written["looks"] = self.looks
        if self.reference is not None:
            written["reference"] = self.reference.plain()
        return written

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Self:
        """Return the character of written fields."""
        rest = dict(fields)
        if rest.get("reference") is not None:
            rest["reference"] = Reference.from_plain(rest["reference"])
        return cls(rest.pop("name", None), **rest)

    @classmethod
    def field_names(cls) -> tuple[str, ...]:
        """Return the keys of the written form."""
        return ("name", "looks", "reference")


def fill_cast(prompt: str, cast: Iterable[Character], *, where: str = "Shot") -> str:
    """Return a prompt with its characters written out.

    The first mention of a character says its looks in round brackets, later ones the name alone.
    Doubled curly brackets are plain ones.

    >>> fill_cast("a {{robot}}", [])
    'a {robot}'

    Args:
      prompt: The prompt, with names in curly brackets.
      cast: The characters there are.
      where: The shot, for the message.

    Raises:
      UnknownName: If a name in curly brackets is not in the cast.
    """
    by_name = {character.name: character for character in cast}
    met: set[str] = set()

    def written_out(mention: re.Match[str]) -> str:
        if mention[1] is None:
            return mention[0][0]
        character = by_name.get(mention[1].strip())
        if character is None:
            raise _unknown_cast(mention[1].strip(), by_name, where)
        first = character.name not in met
        met.add(character.name)
        return f"{character.name} ({character.looks})" if first and character.looks else character.name

    return _MENTION.sub(written_out, prompt)


def mentioned(prompt: str) -> tuple[str, ...]:
    """Return the names in curly brackets, each once, in order.

    >>> mentioned("{Mara} waves to {Tom}, {Mara} smiles")
    ('Mara', 'Tom')
    """
    names = (mention[1].strip() for mention in _MENTION.finditer(prompt) if mention[1] is not None)
    return tuple(dict.fromkeys(names))


def _unknown_cast(name: str, cast: Iterable[str], where: str) -> UnknownName:
    names = list(cast)
    there_are = f"the cast is {', '.join(names)}" if names else "there is no cast"
    guess = nearest(name, names)
    return UnknownName(
        f"{{{name[:MAX_CHARACTER_NAME]}}} is used in the prompt, but {there_are}",
        where=where,
        hint=f"did you mean {{{guess}}}?"
        if guess
        else "add it with scene.with_cast(...), or write {{ }} for plain brackets",
    )
