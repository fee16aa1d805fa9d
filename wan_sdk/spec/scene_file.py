"""Scene files: plain data to a file and back, whole or not at all.

Paths in a scene file are relative to the file's folder, so that a scene and its pictures can be
moved together and loaded from anywhere.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Any

from wan_sdk.errors import SpecError, StorageError
from wan_sdk.spec import schema_text
from wan_sdk.spec.checks import checked_path

_SUFFIXES = {".yaml": "yaml", ".yml": "yaml", ".json": "json"}


def write(path: str | PathLike[str], data: dict[str, Any]) -> None:
    """Write the plain data of a scene; the file holds the old text or the new, never a part."""
    target = Path(checked_path(path, "Scene.save"))
    form = _form(target)
    moved = _with_paths(data, lambda name: _seen_from(name, target.parent))
    text = schema_text.yaml_text(moved) if form == "yaml" else schema_text.json_text(moved)
    if len(text.encode()) > _most(form):
        raise SpecError(
            f"the scene takes {len(text):,} characters; at most {_most(form):,} are read again",
            where=name_of(target),
            hint="split the scene, or save it as .json",
        )
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        _write_whole(temporary, text)
        temporary.replace(target)
    except OSError as problem:
        raise StorageError(
            f"cannot be written: {problem.strerror or problem}",
            where=name_of(target),
            hint="check that the folder exists, may be written, and has room",
        ) from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def read(path: str | PathLike[str]) -> Any:
    """Return the plain data of a scene file, its paths relative to the working folder."""
    source = Path(checked_path(path, "Scene.load"))
    form = _form(source)
    try:
        with source.open("rb") as stream:
            text = stream.read(_most(form) + 1)
    except FileNotFoundError:
        raise SpecError(
            "there is no such file", where=name_of(source), hint=f"looked in {source.parent.resolve()}"
        ) from None
    except OSError as problem:
        raise SpecError(f"cannot be read: {problem.strerror or problem}", where=name_of(source), hint=None) from None
    parse = schema_text.from_yaml_text if form == "yaml" else schema_text.from_json_text
    data = parse(text, where=name_of(source))
    return _with_paths(data, lambda name: _seen_from_here(source.parent / name))


def name_of(path: str | PathLike[str]) -> str:
    """Return what messages call a file."""
    return str(path)[-120:]


def _form(path: Path) -> str:
    form = _SUFFIXES.get(path.suffix.lower())
    if form is None:
        raise SpecError(
            f"a scene file ends in {', '.join(_SUFFIXES)}, not in {path.suffix!r}",
            where=name_of(path),
            hint=f"call it {path.with_suffix('.yaml').name}" if path.name else None,
        )
    return form


def _most(form: str) -> int:
    return schema_text.MAX_YAML if form == "yaml" else schema_text.MAX_JSON


def _write_whole(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def _seen_from(name: str, folder: Path) -> str:
    """Return a relative path as it is seen from a folder; across drives it stays absolute."""
    if folder.resolve() == Path.cwd():
        return name
    try:
        return Path(os.path.relpath(name, folder)).as_posix()
    except ValueError:
        return str(Path(name).resolve())


def _seen_from_here(path: Path) -> str:
    """Return a path as it is seen from the working folder; what lies outside of it stays absolute."""
    plain = Path(os.path.normpath(path))
    return plain.relative_to(Path.cwd()).as_posix() if plain.is_relative_to(Path.cwd()) else plain.as_posix()


def _with_paths(data: Any, change: Callable[[str], str]) -> Any:
    """Return plain data with `change` applied to every relative path of a file in it."""
    if isinstance(data, list):
        return [_with_paths(item, change) for item in data]
    if not isinstance(data, dict):
        return data
    return {
        key: change(value)
        if key == "path" and isinstance(value, str) and value and not Path(value).is_absolute()
        else _with_paths(value, change)
        for key, value in data.items()
    }
