"""How a piece of the spec becomes plain data and comes back.

Every public object is `Written`: it says its own fields as plain data, and everything else is
here: the schema line, the upgrade of old data, unknown keys, and bounds against hostile input.
The text forms, JSON and YAML, are in `schema_text`.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Self

from wan_sdk.errors import SchemaError, SpecError, UnknownName, WanError, nearest
from wan_sdk.spec import schema_text

MAX_VALUES = 50_000
MAX_DEPTH = 40

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]
_UPGRADES: dict[tuple[str, int], Upgrade] = {}
_SCHEMA_LINE = re.compile(r"wan_sdk\.([A-Za-z]+)/([0-9]{1,6})")


class Written(ABC):
    """What can be written as plain data, as JSON and as YAML, and read back equal."""

    schema_version: ClassVar[int] = 1

    @abstractmethod
    def fields_written(self) -> dict[str, Any]:
        """Return the fields that differ from their default, as plain data."""

    @classmethod
    @abstractmethod
    def from_fields(cls, fields: dict[str, Any]) -> Self:
        """Return the object of fields as `fields_written` gives them."""

    @classmethod
    @abstractmethod
    def field_names(cls) -> tuple[str, ...]:
        """Return the keys that may stand in the written form."""

    def plain(self) -> Any:
        """Return the form that stands inside another object, without the schema line."""
        return self.fields_written()

    @classmethod
    def from_plain(cls, data: Any) -> Self:
        """Return the object that `plain` wrote."""
        return cls.from_fields(read_fields(data, cls.__name__, cls.schema_version, cls.field_names()))

    def to_dict(self) -> dict[str, Any]:
        """Return plain data with its schema line; defaults are left out."""
        return {"schema": f"wan_sdk.{type(self).__name__}/{self.schema_version}", **self.fields_written()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the object that `to_dict` wrote, by this version of wan_sdk or an older one.

        Data without a schema line is read as today's.

        Raises:
          SchemaError: If it is of another kind, or newer than this version.
          UnknownName: For an unknown key, with the nearest valid one.
          SpecError: For a value that cannot be.
        """
        check_extent(data, cls.__name__)
        return cls.from_plain(data)

    def to_json(self) -> str:
        """Return the object as JSON text."""
        return schema_text.json_text(self.to_dict())

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Return the object of JSON text; raises as `from_dict` does."""
        return cls.from_dict(schema_text.from_json_text(text, where=cls.__name__))

    def to_yaml(self) -> str:
        """Return the object as YAML text."""
        return schema_text.yaml_text(self.to_dict())

    @classmethod
    def from_yaml(cls, text: str | bytes) -> Self:
        """Return the object of YAML text, read by the safe loader; raises as `from_dict` does."""
        return cls.from_dict(schema_text.from_yaml_text(text, where=cls.__name__))


def upgrades(kind: str, version: int) -> Callable[[Upgrade], Upgrade]:
    """Register a function that turns data of one version into the next.

    Decorate a function from dict to dict. It gets the data without its schema line, its own copy,
    and says what it was called then and is called now::

        @upgrades("Scene", 1)
        def _name_became_title(data):
            data["title"] = data.pop("name")
            return data

    Args:
      kind: Name of the class, e.g. ``"Scene"``.
      version: Version that the function reads; it gives version + 1.
    """

    def register(function: Upgrade) -> Upgrade:
        if (kind, version) in _UPGRADES:
            raise SchemaError(f"there is already an upgrade from {kind}/{version}", hint="one function per version")
        _UPGRADES[kind, version] = function
        return function

    return register


def upgrade(data: dict[str, Any], kind: str, version: int, current: int) -> dict[str, Any]:
    """Return data of an old version as data of the current one, step by step."""
    for step in range(version, current):
        function = _UPGRADES.get((kind, step))
        if function is None:
            raise SchemaError(
                f"this {kind} has version {step} of its schema, and nothing reads it any more",
                where=kind,
                hint=f"write it anew as wan_sdk.{kind}/{current}",
            )
        data = function(dict(data))
    return data


def read_fields(data: Any, kind: str, current: int, names: Iterable[str]) -> dict[str, Any]:
    """Return the fields of plain data: schema line taken off, upgraded, no unknown key in it.

    >>> read_fields({"schema": "wan_sdk.Size/1", "width": 640}, "Size", 1, ["width", "height"])
    {'width': 640}
    """
    if not isinstance(data, Mapping):
        raise SchemaError(
            f"expected the fields of a {kind}, got {type(data).__name__}",
            where=kind,
            hint=f"write a mapping with the keys {', '.join(names)}",
        )
    fields = dict(data)
    if "schema" in fields:
        version = _version_of(fields.pop("schema"), kind, current)
        fields = upgrade(fields, kind, version, current)
    refuse_unknown(fields, names, kind)
    return fields


def refuse_unknown(given: Iterable[Any], names: Iterable[str], where: str) -> None:
    """Raise `UnknownName` for the first name that is not among the valid ones."""
    valid = list(names)
    for name in given:
        if isinstance(name, str) and name in valid:
            continue
        guess = nearest(name, valid) if isinstance(name, str) else None
        raise UnknownName(
            f"there is no field {str(name)[:80]!r}; there are {', '.join(valid)}",
            where=where,
            hint=f"did you mean {guess!r}?" if guess else "remove it",
        )


def read_list(value: Any, field: str, where: str) -> list[Any]:
    """Return a list from plain data, or say that it is none."""
    if isinstance(value, list | tuple):
        return list(value)
    raise SchemaError(
        f"{field} is a {type(value).__name__}; it must be a list", where=where, hint="write [ ] around it"
    )


@contextmanager
def inside(place: str) -> Iterator[None]:
    """Say in every error raised here in which part of a larger whole it happened."""
    try:
        yield
    except WanError as problem:
        where = f"{place}, {problem.where}" if problem.where else place
        raise type(problem)(problem.message, where=where, hint=problem.hint) from None


def number_written(value: float) -> float | int:
    """Return a number as people write it: 2 rather than 2.0."""
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _version_of(line: Any, kind: str, current: int) -> int:
    match = _SCHEMA_LINE.fullmatch(line) if isinstance(line, str) else None
    if match is None or match[1] != kind:
        raise SchemaError(
            f"the schema is {str(line)[:80]!r}; expected 'wan_sdk.{kind}/{current}'",
            where=kind,
            hint=f"read it with {match[1]}.from_dict(...)" if match else "was it written by wan_sdk?",
        )
    version = int(match[2])
    if version > current:
        raise SchemaError(
            f"this {kind} has version {version} of its schema; this wan_sdk reads up to {current}",
            where=kind,
            hint="update it: pip install -U wan-sdk",
        )
    return version


def check_extent(data: Any, kind: str) -> None:
    """Refuse data that is too deep or too large, before anything else walks through it."""
    level, values = [data], 0
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for value in level:
            if isinstance(value, Mapping):
                below.extend(value.values())
            elif isinstance(value, list | tuple):
                below.extend(value)
            if values + len(below) > MAX_VALUES:
                raise SpecError(f"more than {MAX_VALUES:,} values", where=kind, hint="split the scene")
        values += len(below)
        if not below:
            return
        level = below
    raise SpecError(f"nested deeper than {MAX_DEPTH} levels", where=kind, hint="flatten it")
