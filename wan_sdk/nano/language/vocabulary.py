"""The words the small model knows, and how a text becomes their numbers. Plain Python: loads nothing.

Words are whole words in lower case; whole numbers up to 99 are words, and so is each of three digits after
a decimal point: "1.35 times" is read as ``1 . 3 5 times``.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from wan_sdk.nano.language import grammar

PAD, END, UNKNOWN = "<pad>", "</s>", "<unk>"
SPECIAL = (PAD, END, UNKNOWN)
TOKEN_PATTERN = r"[a-z]+|(?<=\.)[0-9]|(?<=\.[0-9])[0-9]|(?<=\.[0-9]{2})[0-9]|[0-9]{1,2}(?![0-9])|[0-9]|[,.]"  # noqa: S105 - tokens of text
TEXT_LENGTH = 64

_token = re.compile(TOKEN_PATTERN)


def tokens(text: str) -> list[str]:
    """Split a text into words, numbers, commas and points.

    >>> tokens("Zoom in by 1.35 times, pan 120°")
    ['zoom', 'in', 'by', '1', '.', '3', '5', 'times', ',', 'pan', '1', '20']
    """
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return _token.findall(plain.lower())


def encode(text: str, length: int = TEXT_LENGTH) -> list[int]:
    """Return the numbers of a text's words, ended and padded to `length`.

    >>> encode("a red ball", 5)[3:] == [VOCABULARY[END], VOCABULARY[PAD]]
    True
    """
    ids = [VOCABULARY.get(token, VOCABULARY[UNKNOWN]) for token in tokens(text)][: length - 1]
    ids.append(VOCABULARY[END])
    return ids + [VOCABULARY[PAD]] * (length - len(ids))


@cache
def known_words() -> frozenset[str]:
    """Return every word, number and mark that the model has seen in training.

    >>> "watercolour" in known_words(), "elephant" in known_words()
    (True, False)
    """
    return frozenset(VOCABULARY) - frozenset(SPECIAL)


def _grammar_words() -> set[str]:
    words: set[str] = set()
    for name, table in vars(grammar).items():
        if name.isupper():
            words |= _words_in(table)
    return words


def _words_in(table: object) -> set[str]:
    if isinstance(table, str):
        return set(re.findall(r"[a-z]+", re.sub(r"\{\w+\}", " ", table)))
    if isinstance(table, dict):
        return set().union(*map(_words_in, table.values()))
    if isinstance(table, tuple):
        return set().union(*map(_words_in, table))
    return set()


def _build() -> dict[str, int]:
    numbers = [str(number) for number in range(100)]
    return {word: i for i, word in enumerate([*SPECIAL, ",", ".", *numbers, *sorted(_grammar_words())])}


VOCABULARY: dict[str, int] = _build()
