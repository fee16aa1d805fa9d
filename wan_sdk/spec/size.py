"""How large a picture is, or what kind of size was asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Self

from wan_sdk.errors import SpecError, UnknownName, nearest
from wan_sdk.spec.checks import checked_integer
from wan_sdk.spec.schema import Written

LARGEST_SIDE = 16_384
LINE_CLASSES = ("480p", "720p", "1080p")
USUAL_SHAPES = ("16:9", "9:16", "4:3", "3:4", "1:1", "3:2", "2:3", "21:9")

_SIDES = re.compile(r"(\d{1,6})\s*[x×*]\s*(\d{1,6})")
_SHAPE = re.compile(r"(\d{1,2})\s*:\s*(\d{1,2})")


@dataclass(frozen=True)
class Size(Written):
    """Give the size of a picture in pixels, width first.

    >>> Size(1280, 704)
    Size(width=1280, height=704)

    Args:
      width: Pixels, 1 to 16384; what a model can make of it, the plan says.
      height: Likewise.
    """

    width: int
    height: int

    def __post_init__(self) -> None:
        for side in ("width", "height"):
            value = checked_integer(getattr(self, side), side, where="Size", least=1, most=LARGEST_SIDE)
            object.__setattr__(self, side, value)

    @staticmethod
    def parse(text: str) -> Size | str:
        """Return a size from words: pixels as a `Size`, a class or a shape as its normal text.

        What a class or a shape comes to depends on the model, so it stays what was asked;
        `asked_lines` and `asked_shape` read it.

        >>> Size.parse("1280x720")
        Size(width=1280, height=720)
        >>> Size.parse("720P"), Size.parse(" 16 : 9 ")
        ('720p', '16:9')

        Args:
          text: ``"480p"``, ``"720p"``, ``"1080p"``, a shape such as ``"16:9"``, or ``"1280x720"``.

        Raises:
          UnknownName: With the nearest size that is understood.
        """
        said = text.strip().lower()
        if sides := _SIDES.fullmatch(said):
            return Size(int(sides[1]), int(sides[2]))
        if said in LINE_CLASSES:
            return said
        if (shape := _SHAPE.fullmatch(said)) and int(shape[1]) and int(shape[2]):
            return f"{int(shape[1])}:{int(shape[2])}"
        guess = nearest(said, (*LINE_CLASSES, *USUAL_SHAPES))
        raise UnknownName(
            f"size is {text[:80]!r}; it must be {', '.join(LINE_CLASSES)}, a shape like 16:9, or pixels like 832x480",
            where="Size",
            hint=f"did you mean {guess!r}?" if guess else "for example Size(832, 480)",
        )

    def plain(self) -> str:
        """Return the size as it stands in a scene file.

        >>> Size(640, 360).plain()
        '640x360'
        """
        return f"{self.width}x{self.height}"

    @classmethod
    def from_plain(cls, data: Any) -> Self:
        """Return the size that `plain` or `fields_written` wrote."""
        sides = _SIDES.fullmatch(data) if isinstance(data, str) else None
        return cls(int(sides[1]), int(sides[2])) if sides else super().from_plain(data)

    def fields_written(self) -> dict[str, Any]:
        """Return width and height."""
        return {"width": self.width, "height": self.height}

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Self:
        """Return the size of written fields."""
        return cls(fields.get("width"), fields.get("height"))  # type: ignore[arg-type]

    @classmethod
    def field_names(cls) -> tuple[str, ...]:
        """Return the keys of the written form."""
        return ("width", "height")


def checked_size(value: object) -> Size | str:
    """Return what was given as a size in its normal form: a `Size`, ``"720p"`` or ``"16:9"``."""
    if isinstance(value, Size):
        return value
    if isinstance(value, str):
        return Size.parse(value)
    if isinstance(value, dict):
        return Size.from_plain(value)
    hint = (
        f"write Size({value[0]}, {value[1]})" if isinstance(value, tuple | list) and len(value) == 2 else "say '720p'"
    )
    raise SpecError(f"size is {value!r:.80}; it must be a Size or text", where="Size", hint=hint)


def size_written(size: Size | str) -> str:
    """Return a size as it stands in a scene file."""
    return size.plain() if isinstance(size, Size) else size


def asked_lines(size: Size | str) -> int | None:
    """Return the lines of an asked class, or None for pixels and shapes.

    >>> asked_lines("720p"), asked_lines("16:9")
    (720, None)
    """
    return int(size[:-1]) if isinstance(size, str) and size.endswith("p") else None


def asked_shape(size: Size | str) -> tuple[int, int] | None:
    """Return width and height of an asked shape, or None for pixels and classes.

    >>> asked_shape("16:9"), asked_shape("720p")
    ((16, 9), None)
    """
    if not isinstance(size, str) or ":" not in size:
        return None
    width, height = size.split(":")
    return int(width), int(height)
