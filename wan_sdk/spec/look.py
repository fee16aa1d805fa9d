"""How the pictures look: words for the style, and the LoRA files that carry one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any, Literal, Self

from wan_sdk.errors import SpecError
from wan_sdk.spec.checks import checked_choice, checked_number, checked_path, checked_text
from wan_sdk.spec.schema import Written, number_written

MAX_LORAS = 16


@dataclass(frozen=True, init=False)
class Lora(Written):
    """Add a LoRA file to a model.

    >>> Lora("rain.safetensors", weight=0.8)
    Lora(path='rain.safetensors', weight=0.8, expert=None)

    Args:
      path: The safetensors file.
      weight: How strongly it counts, -4 to 4, not 0.
      expert: ``"high"`` or ``"low"`` for one of a model's two experts, None for both.
    """

    path: str
    weight: float = 1.0
    expert: Literal["high", "low"] | None = None

    def __init__(
        self, path: str | PathLike[str], *, weight: float = 1.0, expert: Literal["high", "low"] | None = None
    ) -> None:
        weight = checked_number(weight, "weight", where="Lora", least=-4, most=4)
        if weight == 0:
            raise SpecError("weight is 0, which is no LoRA at all", where="Lora", hint="leave it out")
        if expert is not None:
            checked_choice(expert, "expert", ["high", "low"], where="Lora", hint="or None for both")
        object.__setattr__(self, "path", checked_path(path, "Lora"))
        object.__setattr__(self, "weight", weight)
        object.__setattr__(self, "expert", expert)

    def with_weight(self, weight: float) -> Self:
        """Return the LoRA with another weight."""
        return replace(self, weight=weight)

    def fields_written(self) -> dict[str, Any]:
        """Return the fields that differ from their default."""
        written: dict[str, Any] = {"path": self.path}
        if self.weight != 1:
            written["weight"] = number_written(self.weight)
        if self.expert is not None:
            written["expert"] = self.expert
        return written

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Self:
        """Return the LoRA of written fields."""
        rest = dict(fields)
        return cls(rest.pop("path", None), **rest)

    @classmethod
    def field_names(cls) -> tuple[str, ...]:
        """Return the keys of the written form."""
        return ("path", "weight", "expert")


@dataclass(frozen=True, init=False)
class Look(Written):
    """Give pictures a style. Where a Look is wanted, plain text is taken for its words.

    >>> Look("watercolour on rough paper", negative="photo")
    Look(words='watercolour on rough paper', negative='photo', loras=())

    Args:
      words: What goes into the prompt.
      negative: What goes into the negative prompt, or None.
      loras: LoRA files that carry the style.
    """

    words: str
    negative: str | None = None
    loras: tuple[Lora, ...] = ()

    def __init__(self, words: str, *, negative: str | None = None, loras: Iterable[Lora] = ()) -> None:
        object.__setattr__(self, "words", checked_text(words, "words", where="Look", hint="for example 'watercolour'"))
        object.__setattr__(self, "negative", checked_negative(negative, "Look"))
        object.__setattr__(self, "loras", checked_loras(loras, "Look"))

    def with_words(self, words: str) -> Self:
        """Return the look with other words."""
        return replace(self, words=words)

    def with_negative(self, negative: str | None) -> Self:
        """Return the look with another negative prompt."""
        return replace(self, negative=negative)

    def with_loras(self, *loras: Lora) -> Self:
        """Return the look with these LoRA files instead of its own."""
        return replace(self, loras=loras)

    @classmethod
    def of(cls, value: Look | str | Mapping[str, Any]) -> Look:
        """Return a look from what is accepted where one is wanted: itself, its words, plain data.

        >>> Look.of("watercolour") == Look("watercolour")
        True
        """
        if isinstance(value, Look):
            return value
        if isinstance(value, str | Mapping):
            return cls.from_plain(value)
        raise SpecError(
            f"look is {value!r:.80}; it must be a Look or words", where="Look", hint="for example 'watercolour'"
        )

    def plain(self) -> Any:
        """Return the words alone where there is nothing else to say, else the fields."""
        written = self.fields_written()
        return self.words if len(written) == 1 else written

    @classmethod
    def from_plain(cls, data: Any) -> Self:
        """Return the look that `plain` wrote."""
        return cls(data) if isinstance(data, str) else super().from_plain(data)

    def fields_written(self) -> dict[str, Any]:
        """Return the fields that differ from their default."""
        written: dict[str, Any] = {"words": self.words}
        if self.negative is not None:
            written["negative"] = self.negative
        if self.loras:
            written["loras"] = [lora.plain() for lora in self.loras]
        return written

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Self:
        """Return the look of written fields."""
        rest = dict(fields)
        return cls(rest.pop("words", ""), **rest)

    @classmethod
    def field_names(cls) -> tuple[str, ...]:
        """Return the keys of the written form."""
        return ("words", "negative", "loras")


def checked_negative(negative: object, where: str) -> str | None:
    """Return a negative prompt: None follows the authors' recipe, empty text is none at all."""
    return None if negative is None else checked_text(negative, "negative", where=where, may_be_empty=True)


def checked_loras(loras: object, where: str) -> tuple[Lora, ...]:
    """Return LoRA files as a tuple; plain data is read."""
    if isinstance(loras, Lora):
        return (loras,)
    if isinstance(loras, str | Mapping) or not isinstance(loras, Iterable):
        raise SpecError(
            f"loras is {loras!r:.80}; it must be a list", where=where, hint="loras=[Lora('rain.safetensors')]"
        )
    made = []
    for lora in loras:
        if isinstance(lora, Mapping):
            made.append(Lora.from_plain(lora))
        elif isinstance(lora, Lora):
            made.append(lora)
        else:
            raise SpecError(
                f"{lora!r:.80} is not a Lora", where=where, hint="write Lora('rain.safetensors', weight=0.8)"
            )
        if len(made) > MAX_LORAS:
            raise SpecError(f"more than {MAX_LORAS} LoRA files", where=where, hint="merge some of them")
    return tuple(made)
