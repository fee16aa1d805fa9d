"""Likeness of clips: a 64-bit hash a moment, near for what looks alike, far for what does not.

It survives encoding, scaling and trimming. It is no proof: it tells whether an id that was read
from the pixels sits on the clip that the id belongs to.

Measured on 41 clips (film, animation, photographs that are panned, the small model's own world), largest
distance: H.264 at CRF 28 0.02, CRF 35 0.05, half size 0.04, trimmed, one frame or half the frames 0.02,
mirrored 0.01, contrast x1.4 0.15, 5 % cropped 0.11, 10 % cropped 0.23 (0.12 on average). Of 1,640 pairs of
different clips the nearest is at 0.22, the hundredth part at 0.32. Twelve takes of the small model, six seeds of
two prompts: another encoding 0.02 at most, CRF 35 0.05, another seed of the same prompt 0.06 to 0.3, the other prompt
0.27 or more. So likeness tells clips apart and takes of one shot only just: a mark that is copied from
one take of a shot onto another is not found out.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import av
import cv2
import numpy as np

SIDE = 32
BITS = 64
MOST_HASHES = 2048
QUERY_HASHES = 16
BLANK_BELOW = 1.0
"""Standard deviation of the thumbnail's grey levels."""

MATCH = 0.04
"""Likeness that counts by itself: what an encoder does to a clip, and less than another seed does."""
PROBABLE = 0.12
"""Likeness that is worth a remark."""
RESEMBLES = 0.18
"""Likeness that counts when an id in the pixels says the same."""


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """The likeness of a clip.

    Args:
      hashes: uint64, one for each moment looked at, in order; blank moments are left out.
    """

    hashes: np.ndarray

    def to_bytes(self) -> bytes:
        """Return the fingerprint as it is kept: a version byte, then little-endian words."""
        return b"\x01" + self.hashes.astype("<u8").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Fingerprint:
        """Return the fingerprint that `to_bytes` wrote; empty for other versions."""
        if data[:1] != b"\x01" or len(data) % 8 != 1:
            return cls(np.zeros(0, np.uint64))
        return cls(np.frombuffer(data, "<u8", offset=1).astype(np.uint64))

    def __len__(self) -> int:
        return len(self.hashes)


def distance(query: Fingerprint, record: Fingerprint) -> float:
    """Return how unlike two clips are: 0 is the same, 0.5 is what unrelated bits give.

    A few moments of the query are each compared with the nearest of the record, so a part of a clip
    is near to the whole. A mirrored query is tried too. Blank clips are like nothing: 1.0.
    """
    if not len(query) or not len(record):
        return 1.0
    asked = query.hashes[_spread(len(query), QUERY_HASHES)]
    return min(_mean_nearest(asked, record.hashes), _mean_nearest(asked ^ _MIRROR, record.hashes))


def fingerprint_of(thumbnails: Sequence[np.ndarray], fps: float) -> Fingerprint:
    """Return the fingerprint of a clip from the thumbnails of all its frames.

    Every frame of a short clip is kept, so that whatever is cut out of it finds its like; of a long
    one 2,048 that are spread evenly, or one a second if that is more.
    """
    moments = _spread(len(thumbnails), max(MOST_HASHES, math.ceil(len(thumbnails) / fps)))
    hashes = [_hash(thumbnails[moment]) for moment in moments if thumbnails[moment].std() >= BLANK_BELOW]
    return Fingerprint(np.array(hashes, np.uint64))


def thumbnail(picture: av.VideoFrame | np.ndarray, quarter_turns: int = 0) -> np.ndarray:
    """Return a picture as grey levels, uint8 [32, 32]: from a decoded frame, or uint8 RGB [height, width, 3]."""
    if isinstance(picture, np.ndarray):
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    else:
        grey = picture.to_ndarray(format="gray")
    return np.rot90(cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA), quarter_turns)


def _hash(grey: np.ndarray) -> int:
    """Return the signs of the 64 slowest waves of a picture, the mean left out."""
    waves = cv2.dct(np.ascontiguousarray(grey, np.float32))[_ROWS, _COLUMNS]
    bits: int = struct.unpack("<Q", np.packbits(waves > 0, bitorder="little").tobytes())[0]
    return bits


def _spread(length: int, most: int) -> np.ndarray:
    """Return at most so many positions, evenly spread."""
    count = min(length, most)
    return ((np.arange(count) + 0.5) * length / count).astype(int)


def _mean_nearest(query: np.ndarray, record: np.ndarray) -> float:
    apart = np.bitwise_count(query[:, None] ^ record[None, :]).min(axis=1)
    return float(apart.mean()) / BITS


def _slowest() -> tuple[np.ndarray, np.ndarray]:
    """Return rows and columns of the 64 waves nearest to the mean, without the mean."""
    rows, columns = np.indices((SIDE, SIDE))
    order = np.lexsort((rows.ravel(), np.maximum(rows, columns).ravel(), (rows + columns).ravel()))[1 : BITS + 1]
    return order // SIDE, order % SIDE


_ROWS, _COLUMNS = _slowest()
# Mirroring a picture changes the sign of every wave that is odd from left to right.
_MIRROR = np.uint64(struct.unpack("<Q", np.packbits(_COLUMNS % 2 == 1, bitorder="little").tobytes())[0])
