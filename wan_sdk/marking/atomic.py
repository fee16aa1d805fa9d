"""Files that are whole or not there, whatever happens while they are made."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no flock: there, folders left behind are told by their age
    fcntl = None  # type: ignore[assignment]

_PREFIX = ".wan-unfinished-"
_YOUNG_SECONDS = 60.0
_ABANDONED_SECONDS = 24 * 3600.0


def write_whole(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a file that has its mode from the first moment on and is never seen half-written.

    Raises:
      OSError: If it cannot be written; what was there before is untouched.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


def put_in_place(finished: Path, destination: Path) -> None:
    """Move a finished file of the same disk to its name, surviving a power cut on either side of the move.

    Raises:
      OSError: If it cannot be moved; what was there before is untouched.
    """
    with finished.open("rb") as file:
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


@contextmanager
def unfinished(folder: Path) -> Iterator[Path]:
    """Give a hidden folder for files in the making, beside where they will stand; it goes when the work ends.

    A process that was killed cannot clean up: the next one that works in `folder` does it. Its
    lock tells that nobody is in there any more.

    Raises:
      OSError: If the folder cannot be written.
    """
    _sweep(folder)
    bench = folder / f"{_PREFIX}{secrets.token_hex(8)}"
    bench.mkdir(mode=0o700)
    try:
        with (bench / "lock").open("wb") as lock:
            if fcntl:
                with contextlib.suppress(OSError):  # some network disks know no locks
                    fcntl.flock(lock, fcntl.LOCK_EX)
            yield bench
    finally:
        shutil.rmtree(bench, ignore_errors=True)


def _sweep(folder: Path) -> None:
    for bench in folder.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            age = time.time() - bench.stat().st_mtime
            if age > _ABANDONED_SECONDS or (age > _YOUNG_SECONDS and _is_left_alone(bench / "lock")):
                shutil.rmtree(bench, ignore_errors=True)


def _is_left_alone(lock: Path) -> bool:
    if not fcntl:
        return False
    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
