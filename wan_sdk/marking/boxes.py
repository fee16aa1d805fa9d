"""The boxes of an MP4, counted before anybody parses them: the parser's work grows with their square."""

from __future__ import annotations

import os
from typing import BinaryIO

MOST_BOXES = 10_000
"""A quarter of a second for the parser; 400,000, which fit into 3 MB, would be several minutes."""

_DEEPEST = 32
_CREDENTIALS = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_CONTAINERS = frozenset(
    {
        *(b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"mvex", b"edts", b"dinf", b"udta"),
        *(b"tref", b"sinf", b"schi", b"rinf", b"strk", b"strd", b"mfra", b"meco", b"gmhd"),
    }
)


class TooManyBoxes(ValueError):
    """The file has more boxes than are looked through."""


def has_credentials_box(stream: BinaryIO) -> bool:
    """Return whether a file of boxes has one for content credentials.

    Raises:
      TooManyBoxes: If it has more than 10,000 boxes, or nests them absurdly deep.
    """
    size = stream.seek(0, os.SEEK_END)
    found = False
    seen = 0
    levels = [(0, size)]
    while levels:
        position, end = levels.pop()
        if position + 8 > end:
            continue
        seen += 1
        if seen > MOST_BOXES or len(levels) > _DEEPEST:
            raise TooManyBoxes(f"it has more than {MOST_BOXES:,} boxes, more than are looked through")
        stream.seek(position)
        head = stream.read(32)
        length, kind, body = int.from_bytes(head[:4], "big"), head[4:8], 8
        if length == 1:
            length, body = int.from_bytes(head[8:16], "big"), 16
        if length == 0:
            length = end - position
        if length < body:
            continue
        found = found or (kind == b"uuid" and head[body : body + 16] == _CREDENTIALS)
        after = min(position + length, end)
        levels.append((after, end))
        if kind in _CONTAINERS:
            levels.append((position + body, after))
    return found
