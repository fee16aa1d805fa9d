"""Keys of the watermark: one that everybody has, and those that only their owner has.

The public profile key lets anyone find the mark, which is what a machine-readable mark is for; it
protects nothing. A private key adds a layer that only its owner can read. Private keys lie in
``settings.home()/keys/watermark``, one file for each name and epoch, readable by the owner alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import re
import secrets
import tempfile
from pathlib import Path

from wan_sdk import settings
from wan_sdk.errors import MarkingError, StorageError, UsageError

KEY_BYTES = 32
PUBLIC_KEY = hashlib.sha256(b"org.wansdk.ssw.1 public profile key").digest()
PRIVATE_VARIANTS = 4
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")


def hkdf(key: bytes, info: bytes, length: int = KEY_BYTES) -> bytes:
    """Derive a sub-key: HKDF with SHA-256 and no salt (RFC 5869)."""
    extracted = hmac.digest(b"\0" * 32, key, "sha256")
    block, derived = b"", b""
    counter = 1
    while len(derived) < length:
        block = hmac.digest(extracted, block + info + bytes([counter]), "sha256")
        derived += block
        counter += 1
    return derived[:length]


def checked(key: bytes | None) -> bytes:
    """Return the key to use: the public one for None; raise UsageError if it is not 32 bytes."""
    if key is None:
        return PUBLIC_KEY
    if not isinstance(key, bytes | bytearray) or len(key) != KEY_BYTES:
        size = len(key) if hasattr(key, "__len__") else type(key).__name__
        raise UsageError(
            f"a watermark key is {KEY_BYTES} bytes; got {size}",
            hint="make one with wan_sdk.marking.watermark.keys.create(), or leave it out for the public key",
        )
    return bytes(key)


def key_id(key: bytes | None = None) -> str:
    """Name a key without giving it away.

    >>> key_id()
    'ssw1-public'
    """
    used = checked(key)
    if hmac.compare_digest(used, PUBLIC_KEY):
        return "ssw1-public"
    return "ssw1-" + hkdf(used, b"org.wansdk.ssw.1/id", 8).hex()


def variants(key: bytes | None = None) -> int:
    """Return how many sets of pilots a key uses.

    The public key has one. A private key has four, of which each clip takes one by its id: that
    makes the pilots harder to learn by averaging many clips.
    """
    return 1 if hmac.compare_digest(checked(key), PUBLIC_KEY) else PRIVATE_VARIANTS


def create(name: str = "default") -> bytes:
    """Draw a private key, keep it (mode 0600) as the newest epoch of this name, and return it.

    Older epochs stay: clips marked with them are still found by `every(name)`.

    Raises:
      UsageError: The name is not a plain word.
      StorageError: The folder cannot be written.
    """
    folder = _folder(name)
    key = secrets.token_bytes(KEY_BYTES)
    epoch = len(_files(name)) + 1
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        while True:
            try:
                _write_new(folder / f"{name}.{epoch:04d}.key", key)
            except FileExistsError:
                epoch += 1
            else:
                return key
    except OSError as problem:
        raise StorageError(
            f"the key could not be kept: {problem.strerror or problem}",
            where=str(folder),
            hint="make the folder writable, or set WAN_SDK_HOME to one that is",
        ) from None


def current(name: str = "default") -> bytes | None:
    """Return the newest private key of this name, or None when there is none."""
    found = every(name)
    return found[0] if found else None


def every(name: str = "default") -> list[bytes]:
    """Return the private keys of this name, the newest epoch first."""
    return [_read(path) for path in reversed(_files(name))]


def _folder(name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot name a key: small letters, digits, - and _ only, 41 at most",
            hint="for example 'studio-2026'",
        )
    return settings.home() / "keys" / "watermark"


def _files(name: str) -> list[Path]:
    return sorted(_folder(name).glob(f"{name}.[0-9][0-9][0-9][0-9].key"))


def _read(path: Path) -> bytes:
    try:
        key = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError) as problem:
        raise MarkingError(
            f"the key cannot be read: {problem}", where=str(path), hint="restore it from a copy"
        ) from None
    if len(key) != KEY_BYTES:
        raise MarkingError(
            f"the key has {len(key)} bytes, not {KEY_BYTES}", where=str(path), hint="restore it from a copy"
        )
    return key


def _write_new(path: Path, key: bytes) -> None:
    """Write a key that must not exist yet; a reader sees the whole file or none."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".key-")
    try:
        os.fchmod(handle, 0o600) if hasattr(os, "fchmod") else Path(temporary).chmod(0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(key.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    finally:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
