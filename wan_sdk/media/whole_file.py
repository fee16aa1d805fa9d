"""Files that are seen whole or not at all: written beside their place, made sure of on the disk, then moved.

Only the standard library is used here, so that the index of a gallery or a key can be written without a codec.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path


def write_whole(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a file that has its mode from the first moment on and is never seen half-written.

    Raises:
      OSError: If it cannot be written; what was there before is untouched.
    """
    draft = temporary_beside(path)
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


def put_in_place(finished: Path, destination: Path) -> None:
    """Move a finished file of the same disk to its name, surviving a power cut on either side of the move.

    Raises:
      OSError: If it cannot be moved; what was there before is untouched.
    """
    with finished.open("rb+") as file:  # Windows makes sure only of what may be written
        os.fsync(file.fileno())
    finished.replace(destination)
    sync_folder(destination.parent)


def sync_folder(folder: Path) -> None:
    """Ask the disk to keep the names in a folder; where that is not possible, do nothing."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def temporary_beside(path: Path) -> Path:
    """Return an unused hidden name in the folder of `path`."""
    return path.with_name(f".{secrets.token_hex(8)}.partial")
