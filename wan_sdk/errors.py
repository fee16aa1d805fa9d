"""Every error a user of wan_sdk can meet.

    WanError                     anything the SDK raises on purpose; carries `where` and `hint`
    ├── UsageError               what was asked cannot be: exit code 64
    │   ├── SpecError            a scene, shot, camera or reference is not well formed
    │   │   ├── UnknownName      a field, move, role or cast name that does not exist
    │   │   └── SchemaError      a scene file of another kind, or newer than this version
    │   └── PlanError            well formed, but no model call can serve it
    │       ├── UnknownModel     a name that the catalogue does not hold
    │       ├── SizeNotSupported the model does not make pictures of this size
    │       ├── LengthNotSupported  too short or too long for one call
    │       └── RoleNotServed    the model has no use for a reference of this role
    ├── ModelNotHere             the weights are not on this machine, and nothing is downloaded unasked
    ├── MediaError               a picture, clip or sound that cannot be read or written
    ├── EngineError              the model could not be loaded or run
    │   ├── DamagedWeights       a weights file is truncated or not what it says
    │   └── OutOfMemory          the device ran full; says at what and how much was free
    ├── MarkingError             a mark could not be made or read
    │   ├── SignerError          key, certificate or time stamp
    │   └── NotMarked            a file that should carry our marks does not
    ├── StorageError             a folder that cannot be written, a full disk, a damaged index
    ├── MissingExtra             a feature whose optional package is not installed
    └── Cancelled                stopped by the user: exit code 130

An error says what is wrong, where, the value, what is allowed and the nearest right choice; the
hint says what to do about it and prints on a line of its own.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class WanError(Exception):
    """Base of every error that wan_sdk raises on purpose.

    >>> error = WanError("the clip has no frames", where="Shot 'pier'", hint="give it some seconds")
    >>> print(error)
    Shot 'pier': the clip has no frames

    Args:
      message: What is wrong, with the value and what is allowed.
      where: The object it is about, e.g. ``"Shot 'pier'"`` or a file's name.
      hint: What to do about it. Python prints it under the message.
    """

    exit_code = 1

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.message = message
        self.where = where
        self.hint = hint
        if hint:
            self.add_note(f"  -> {hint}")

    def to_dict(self) -> dict[str, str | None]:
        """Return the error as the command line prints it with ``--json``."""
        return {
            "type": type(self).__name__,
            "message": self.message,
            "where": self.where,
            "hint": self.hint,
        }


class UsageError(WanError, ValueError):
    """What was asked cannot be."""

    exit_code = 64


class SpecError(UsageError):
    """A scene, shot, camera or reference is not well formed."""


class UnknownName(SpecError):
    """A field, move, role or cast name that does not exist."""


class SchemaError(SpecError):
    """A scene file of another kind, or newer than this version of wan_sdk."""


class PlanError(UsageError):
    """A well-formed request that no model call can serve."""


class UnknownModel(PlanError):
    """A model name that the catalogue does not hold."""


class SizeNotSupported(PlanError):
    """A size that the model does not make."""


class LengthNotSupported(PlanError):
    """A length that one model call cannot make."""


class RoleNotServed(PlanError):
    """A reference whose role the model has no use for."""


class ModelNotHere(WanError):
    """A model whose weights are not on this machine."""


class MediaError(WanError):
    """A picture, clip or sound that cannot be read or written."""


class EngineError(WanError):
    """The model could not be loaded or run."""


class DamagedWeights(EngineError):
    """A weights file is truncated or not what it says."""


class OutOfMemory(EngineError):
    """The device ran out of memory."""


class MarkingError(WanError):
    """A mark could not be made or read."""


class SignerError(MarkingError):
    """A key, certificate or time stamp cannot be used."""


class NotMarked(MarkingError):
    """A file that should carry our marks does not."""


class StorageError(WanError):
    """A folder that cannot be written, a full disk, or a damaged index."""


class MissingExtra(WanError):
    """A feature whose optional package is not installed."""


class Cancelled(WanError):
    """The work was stopped by the user."""

    exit_code = 130


def nearest(value: str, allowed: Iterable[str]) -> str | None:
    """Return the allowed name most like `value`, or None when none is alike.

    >>> nearest("dolley", ["dolly", "pan"])
    'dolly'
    """
    matches = difflib.get_close_matches(value, list(allowed), n=1, cutoff=0.6)
    return matches[0] if matches else None
