"""Where things live and what holds when nothing is said.

Every setting is looked up in one order: the argument of the call, the environment
(``WAN_SDK_*``), the config file (``config.toml`` in the home folder), the built-in value.
"""

from __future__ import annotations

import os
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from wan_sdk.errors import SpecError, StorageError

DEFAULT_MODEL = "nano"
DEFAULT_GALLERY = "wan_takes"
DEFAULT_EMBED_MB = 4.0


def home() -> Path:
    """Return the folder of keys, the ledger and caches; it need not exist yet.

    >>> import os; os.environ["WAN_SDK_HOME"] = "/srv/wan"
    >>> home().as_posix()
    '/srv/wan'
    """
    if chosen := os.environ.get("WAN_SDK_HOME"):
        return Path(chosen).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("wan_sdk", appauthor=False))


def gallery_folder(argument: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder where takes are kept; it need not exist yet."""
    chosen = argument or os.environ.get("WAN_SDK_GALLERY") or _config_text("gallery") or DEFAULT_GALLERY
    return Path(chosen).expanduser()


def model_name(argument: str | None = None) -> str:
    """Return the model that renders when neither the shot nor the scene names one."""
    return argument or os.environ.get("WAN_SDK_MODEL") or _config_text("model") or DEFAULT_MODEL


def offline(argument: bool | None = None) -> bool:
    """Return whether no socket may be opened."""
    if argument is not None:
        return argument
    said = os.environ.get("WAN_SDK_OFFLINE", _config().get("offline", False))
    return str(said).strip().lower() not in ("", "0", "false", "no", "off")


def tsa_url() -> str | None:
    """Return the RFC 3161 time-stamping service of config.toml (`tsa_url`), or None."""
    return _config_text("tsa_url")


def embed_megabytes() -> float:
    """Return how much video one notebook cell may carry, in megabytes."""
    text = os.environ.get("WAN_SDK_EMBED_MB") or _config().get("embed_mb") or DEFAULT_EMBED_MB
    try:
        megabytes = float(text)
    except (ValueError, TypeError):
        megabytes = -1.0
    if not 0 <= megabytes < float("inf"):
        raise SpecError(
            f"{text!r} is not a number of megabytes of 0 or more",
            where="WAN_SDK_EMBED_MB, or embed_mb in config.toml",
            hint=f"unset it for {DEFAULT_EMBED_MB:g} MB a cell",
        )
    return megabytes


def _config_text(name: str) -> str | None:
    """Return a setting of the config file that must be text, or None where it says nothing."""
    value = _config().get(name)
    if value is not None and not isinstance(value, str):
        raise SpecError(
            f"{name} is {value!r:.80}; it must be text",
            where=str(home() / "config.toml"),
            hint=f'write it in quotes: {name} = "…"',
        )
    return value or None


def _config() -> dict[str, Any]:
    path = home() / "config.toml"
    try:
        return _read_config(path, path.stat().st_mtime_ns)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as problem:
        raise StorageError(
            f"cannot be read ({problem.strerror})", where=str(path), hint="mend its permissions or remove it"
        ) from None


@cache
def _read_config(path: Path, _changed_ns: int) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise SpecError(f"not valid TOML: {problem}", where=str(path), hint="mend it or remove it") from None
