"""A folder for files in the making, cleared up even after a process that was killed."""

from __future__ import annotations

import contextlib
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
