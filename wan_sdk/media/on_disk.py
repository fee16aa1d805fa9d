"""Keep pixels on disk while they are worked on, where memory would grow with the length of a film."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from wan_sdk.media.encode import typed_write_errors


def kept_on_disk(pieces: Iterable[np.ndarray], folder: Path) -> np.ndarray:
    """Write pieces one after the other to a file without a name, and return them as one read-only array.

    The file is gone with the last use of the array, and with the process, however it ends: nobody can
    find it, whole or half-written. Its pages are read as they are used and given back when memory is short.

    >>> kept_on_disk([np.zeros((2, 4, 4, 3), np.uint8), np.ones((3, 4, 4, 3), np.uint8)], Path()).shape
    (5, 4, 4, 3)

    Args:
      pieces: uint8 [frames, height, width, 3] each, all of one size; at least one frame in all.
      folder: On whose disk; the system's folder for temporary files may be memory.

    Raises:
      StorageError: If the folder cannot be written or is full.
    """
    frames, size = 0, (0, 0, 3)
    with typed_write_errors(folder):
        file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - the array holds its pages after it is closed
    with file:
        for piece in pieces:
            with typed_write_errors(folder):
                # Written rather than stored into a map, where a full disk would kill the process.
                file.write(np.ascontiguousarray(piece).data)
            frames, size = frames + len(piece), piece.shape[1:]
        with typed_write_errors(folder):
            file.flush()
        return np.memmap(file, np.uint8, mode="r", shape=(frames, *size))
