"""Checks of numbers and words that hold everywhere in the spec."""

from __future__ import annotations

import math
import numbers
import unicodedata
from collections.abc import Iterable
from os import PathLike, fspath

from wan_sdk.errors import SpecError, UnknownName, nearest

MAX_PROMPT = 20_000
MAX_NAME = 200
MAX_PATH = 4_000
MAX_SEED = 2**63 - 1

_KEPT_CONTROLS = "\n\t"
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff \n\t"
_LINE_ENDS = ("\r\n", "\r", "\u2028", "\u2029")


def checked_number(
    value: object,
    field: str,
    *,
    where: str,
    least: float = -math.inf,
    most: float = math.inf,
    above: float | None = None,
    whole_hint: str = "",
) -> float:
    """Return a finite number in its range, as a float.

    >>> checked_number(2, "seconds", where="Shot", above=0)
    2.0

    Args:
      value: What was given.
      field: Its name, for the message.
      where: The object it belongs to, for the message.
      least: Smallest allowed.
      most: Largest allowed.
      above: The number must be greater than this.
      whole_hint: What to do about it, if there is more to say than the range.

    Raises:
      SpecError: For anything that is not a number, NaN, infinity, or out of range.
    """
    allowed = _range_words(least, most, above)
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        shown = f"{value!r} (a {type(value).__name__})"
        raise SpecError(
            f"{field} is {_short(shown)}; it must be a number{allowed}", where=where, hint=whole_hint or None
        )
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise SpecError(
            f"{field} is {value}; it must be a finite number{allowed}", where=where, hint=whole_hint or None
        )
    if (above is not None and number <= above) or number < least or number > most:
        if above is not None and number <= above:
            nearest_legal = ""
        else:
            nearest_legal = f"the nearest is {min(max(number, least), most):g}"
        raise SpecError(
            f"{field} is {_short(repr(value))}; it must be{allowed}",
            where=where,
            hint=whole_hint or nearest_legal or None,
        )
    return number


def checked_integer(value: object, field: str, *, where: str, least: int, most: int) -> int:
    """Return a whole number in its range.

    >>> checked_integer(7, "seed", where="Shot", least=0, most=9)
    7
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        shown = f"{value!r} (a {type(value).__name__})"
        raise SpecError(f"{field} is {_short(shown)}; it must be a whole number from {least} to {most}", where=where)
    number = int(value)
    if not least <= number <= most:
        raise SpecError(
            f"{field} is {number}; it must be from {least} to {most}",
            where=where,
            hint=f"the nearest is {min(max(number, least), most)}",
        )
    return number


def checked_text(
    value: object,
    field: str,
    *,
    where: str,
    most: int = MAX_PROMPT,
    may_be_empty: bool = False,
    hint: str | None = None,
) -> str:
    r"""Return text in the form that is kept: NFC, trimmed, with plain line ends.

    Line ends become ``\n``. What cannot be seen and changes what is read is refused: control
    characters, and the marks that reverse the direction of writing.

    >>> checked_text("  a boat\r\nat dawn ", "prompt", where="Shot")
    'a boat\nat dawn'

    Args:
      value: What was given.
      field: Its name, for the message.
      where: The object it belongs to, for the message.
      most: Longest text, characters.
      may_be_empty: Whether no text at all is an answer too.
      hint: What to do when the text is empty.

    Raises:
      SpecError: If it is not text, empty, too long, or holds an invisible character.
    """
    if not isinstance(value, str):
        raise SpecError(f"{field} is {_short(repr(value))} (a {type(value).__name__}); it must be text", where=where)
    if len(value) > most:
        raise SpecError(
            f"{field} has {len(value):,} characters; at most {most:,} are kept",
            where=where,
            hint="say less: models read a few hundred words at most",
        )
    text = value
    for line_end in _LINE_ENDS:
        text = text.replace(line_end, "\n")
    text = unicodedata.normalize("NFC", text).strip()
    if not may_be_empty and not text.strip(_INVISIBLE):
        raise SpecError(f"{field} is empty", where=where, hint=hint or f"give the {field} some words")
    for position, sign in enumerate(text):
        if _is_hidden(sign):
            name = unicodedata.name(sign, "control character")
            raise SpecError(
                f"{field} holds the invisible character U+{ord(sign):04X} ({name.lower()}) at position {position}",
                where=where,
                hint="remove it; it does not show, and it changes what is read",
            )
    return text


def checked_line(value: object, field: str, *, where: str, most: int = MAX_NAME) -> str:
    """Return text that stays on one line: a name, a title, a path.

    >>> checked_line(" Harbour ", "title", where="Scene")
    'Harbour'
    """
    text = checked_text(value, field, where=where, most=most)
    if "\n" in text or "\t" in text:
        raise SpecError(f"{field} is {text!r}; it must be a single line without tabs", where=where)
    return text


def checked_path(path: object, where: str) -> str:
    """Return the path of a file as text, as it is; whether it is there is found out when it is planned.

    >>> checked_path("mara.png", "Reference.image")
    'mara.png'
    """
    text = fspath(path) if isinstance(path, str | PathLike) else None
    if not isinstance(text, str):
        raise SpecError(
            f"path is {_short(repr(path))} (a {type(path).__name__}); it must be a file's path", where=where
        )
    if not text.strip() or len(text) > MAX_PATH:
        raise SpecError(f"path has {len(text):,} characters; it must be a file's path", where=where)
    for position, sign in enumerate(text):
        if unicodedata.category(sign) in ("Cc", "Cs"):
            raise SpecError(f"path holds the character U+{ord(sign):04X} at position {position}", where=where)
    return text


def checked_choice(value: object, field: str, allowed: Iterable[str], *, where: str, hint: str | None = None) -> str:
    """Return the value if it is one of the allowed words.

    >>> checked_choice("cut", "kind", ["cut", "fade"], where="Transition")
    'cut'

    Raises:
      UnknownName: With the nearest allowed word.
    """
    words = list(allowed)
    if isinstance(value, str) and value in words:
        return value
    guess = nearest(value, words) if isinstance(value, str) else None
    raise UnknownName(
        f"{field} is {_short(repr(value))}; it must be one of {', '.join(words)}",
        where=where,
        hint=f"did you mean {guess!r}?" if guess else hint,
    )


def _is_hidden(sign: str) -> bool:
    if sign in _KEPT_CONTROLS:
        return False
    return unicodedata.category(sign) in ("Cc", "Cs") or sign in _BIDI


def _range_words(least: float, most: float, above: float | None) -> str:
    if above is not None:
        return f" greater than {above:g}" + (f" and at most {most:g}" if math.isfinite(most) else "")
    if math.isfinite(least) and math.isfinite(most):
        return f" from {least:g} to {most:g}"
    if math.isfinite(least):
        return f" of at least {least:g}"
    return f" of at most {most:g}" if math.isfinite(most) else ""


def _short(text: str, most: int = 80) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
