"""Weight files: is each one whole, and what is in it.

Nothing here needs torch: a damaged or changed checkpoint is known before anything is loaded.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import struct
import tempfile
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from wan_sdk import settings
from wan_sdk.errors import DamagedWeights

# A safetensors file is the length of its header (8 bytes), the header (JSON) and the numbers.
_LENGTH = struct.Struct("<Q")
_LONGEST_HEADER = 100_000_000  # bytes; the limit of the safetensors library
_READ = 1 << 20

_hashes_lock = threading.Lock()


def check_whole(path: Path) -> None:
    """Make sure that a safetensors file has the length that its header promises.

    Args:
      path: The file.

    Raises:
      DamagedWeights: If it is truncated, too long or no safetensors file; names the file.
    """
    _tensors(path)


def count_parameters(path: Path) -> int:
    """Return how many numbers a safetensors file holds, from its header.

    Args:
      path: The file.

    Raises:
      DamagedWeights: As `check_whole`.
    """
    return sum(math.prod(tensor["shape"]) for tensor in _tensors(path))


def _tensors(path: Path) -> list[dict[str, Any]]:
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(_LENGTH.size)
        length = _LENGTH.unpack(start)[0] if len(start) == _LENGTH.size else 0
        if not 2 <= length <= min(size, _LONGEST_HEADER):
            raise _damaged(path, f"it does not begin as a safetensors file does ({size} bytes)")
        header = file.read(length)
    try:
        tensors = [entry for name, entry in json.loads(header).items() if name != "__metadata__"]
        promised = _LENGTH.size + length + max((tensor["data_offsets"][1] for tensor in tensors), default=0)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError):
        raise _damaged(path, "its list of tensors is not readable") from None
    if size != promised:
        raise _damaged(path, f"it has {size} bytes, and its list of tensors promises {promised}")
    return tensors


def _damaged(path: Path, what: str) -> DamagedWeights:
    return DamagedWeights(
        f"this weights file is damaged: {what}",
        where=str(path),
        hint="remove the file and fetch the model again: wan-sdk models fetch NAME",
    )


def sha256_of_files(files: Iterable[Path]) -> dict[Path, str]:
    """Return the SHA-256 of each file, remembered as long as its size and time stay the same.

    Large files take about a second for each GB the first time.

    Args:
      files: Files that exist.
    """
    stamps = {path: _stamp(path) for path in files}
    with _hashes_lock:
        known = _read_remembered()
    found = {path: known[path.as_posix()][2] for path in stamps if known.get(path.as_posix(), [])[:2] == stamps[path]}
    unknown = [path for path in stamps if path not in found]
    if unknown:
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as threads:
            found.update(zip(unknown, threads.map(_sha256, unknown), strict=True))
        _remember({path.as_posix(): [*stamps[path], found[path]] for path in unknown})
    return found


def sha256_together(hashes: Mapping[str, str]) -> str:
    """Return one hash over named hashes, whatever their order.

    >>> sha256_together({"a": "01", "b": "02"}) == sha256_together({"b": "02", "a": "01"})
    True

    Args:
      hashes: SHA-256 in hexadecimal by the file's name inside its checkpoint.
    """
    lines = (f"{name}\0{digest}\n" for name, digest in sorted(hashes.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_READ):
            digest.update(piece)
    return digest.hexdigest()


def _stamp(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def _remembered_file() -> Path:
    return settings.home() / "cache" / "weights.json"


def _read_remembered() -> dict[str, list]:
    try:
        remembered = json.loads(_remembered_file().read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return remembered if isinstance(remembered, dict) else {}


def _remember(new: dict[str, list]) -> None:
    """Add to what is remembered; where it can't be written, the files are hashed again next time."""
    target = _remembered_file()
    with _hashes_lock, contextlib.suppress(OSError):
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=target.name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump({**_read_remembered(), **new}, file, indent=0, sort_keys=True)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
