"""Every combination of some values of a shot."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Self, overload

from wan_sdk import _doors
from wan_sdk.errors import SchemaError, SpecError
from wan_sdk.spec.schema import Written, inside, read_list, refuse_unknown
from wan_sdk.spec.shot import Shot
from wan_sdk.spec.shot_fields import FIELDS

MAX_SHOTS = 4096

_BY_NAME = {field.name: field for field in FIELDS}


@dataclass(frozen=True, init=False, repr=False)
class Sweep(Written):
    """Try every combination of values: rendered, it is a set of takes with axes.

    >>> sweep = Sweep(Shot("a boat"), {"seed": range(2), "guidance": [4, 6]})
    >>> dict(sweep.axes)
    {'seed': (0, 1), 'guidance': (4.0, 6.0)}
    >>> [(shot.seed, shot.guidance) for shot in sweep]
    [(0, 4.0), (0, 6.0), (1, 4.0), (1, 6.0)]

    Args:
      shot: What stays the same.
      axes: Values by the name of a field, in order; the last one changes fastest.

    Raises:
      UnknownName: For an axis that is no field of a shot.
      SpecError: For an axis without values or with one twice, or more than 4096 shots.
    """

    shot: Shot
    values: tuple[tuple[str, tuple[Any, ...]], ...]

    def __init__(self, shot: Shot, axes: Mapping[str, Iterable[Any]]) -> None:
        if not isinstance(shot, Shot):
            raise SpecError(f"shot is {shot!r:.80}; it must be a Shot", where="Sweep", hint="shot.sweep(seed=range(4))")
        if not axes:
            raise SpecError("no axis", where="Sweep", hint="say what changes: shot.sweep(seed=range(4))")
        refuse_unknown(axes, _BY_NAME, "Sweep")
        values = tuple((name, _checked_axis(shot, name, tried)) for name, tried in axes.items())
        count = 1
        for _, tried in values:
            count *= len(tried)
        if count > MAX_SHOTS:
            raise SpecError(
                f"{count:,} shots; at most {MAX_SHOTS:,} are rendered at once", where="Sweep", hint="try fewer"
            )
        object.__setattr__(self, "shot", shot)
        object.__setattr__(self, "values", values)

    @property
    def axes(self) -> Mapping[str, tuple[Any, ...]]:
        """Values by name, in order."""
        return MappingProxyType(dict(self.values))

    @cached_property
    def shots(self) -> tuple[Shot, ...]:
        """Every combination as a shot, the last axis changing fastest."""
        names = [name for name, _ in self.values]
        combinations = itertools.product(*(tried for _, tried in self.values))
        return tuple(replace(self.shot, **dict(zip(names, values, strict=True))) for values in combinations)

    def plan(self) -> Any:
        """Return the plan of all shots, made by the default studio."""
        return _doors.plan(self)

    def render(self, **options: Any) -> Any:
        """Render all shots on the default studio and return the Takes; options as for `Studio.render`."""
        return _doors.render(self, **options)

    def submit(self, **options: Any) -> Any:
        """Start rendering all shots on the default studio and return the Job."""
        return _doors.submit(self, **options)

    def fields_written(self) -> dict[str, Any]:
        """Return the shot and the axes."""
        axes = {name: [_BY_NAME[name].written_value(value) for value in tried] for name, tried in self.values}
        return {"shot": self.shot.plain(), "axes": axes}

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Self:
        """Return the sweep of written fields."""
        axes = fields.get("axes")
        if not isinstance(axes, Mapping):
            raise SchemaError(f"axes is {axes!r:.80}; it must be a mapping", where="Sweep", hint='{"seed": [0, 1, 2]}')
        with inside("Sweep"):
            shot = Shot.from_plain(fields.get("shot"))
        return cls(shot, {name: read_list(tried, str(name), "Sweep") for name, tried in axes.items()})

    @classmethod
    def field_names(cls) -> tuple[str, ...]:
        """Return the keys of the written form."""
        return ("shot", "axes")

    def __len__(self) -> int:
        return len(self.shots)

    def __iter__(self) -> Iterator[Shot]:
        return iter(self.shots)

    @overload
    def __getitem__(self, index: int) -> Shot: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Shot, ...]: ...
    def __getitem__(self, index: int | slice) -> Shot | tuple[Shot, ...]:
        return self.shots[index]

    def __repr__(self) -> str:
        axes = ", ".join(f"{name}={list(tried)!r}" for name, tried in self.values)
        return f"{self.shot!r}.sweep({axes})"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002 - IPython's
        return _doors.mimebundle(self)


def _checked_axis(shot: Shot, name: str, tried: Any) -> tuple[Any, ...]:
    """Return the values of an axis as a shot keeps them."""
    if isinstance(tried, str | bytes | Mapping) or not isinstance(tried, Iterable):
        raise SpecError(
            f"the axis {name} is {tried!r:.80}; it must be a list of values",
            where="Sweep",
            hint=f"{name}=[{tried!r:.40}]",
        )
    given = list(itertools.islice(tried, MAX_SHOTS + 1))
    with inside("Sweep"):
        values = tuple(getattr(replace(shot, **{name: value}), name) for value in given)
    if not values:
        raise SpecError(f"the axis {name} has no values", where="Sweep", hint=f"{name}=[…]")
    if len(set(values)) < len(values):
        twice = next(value for index, value in enumerate(values) if value in values[:index])
        raise SpecError(f"the axis {name} has {twice!r:.80} twice", where="Sweep", hint="a value names one take")
    return values
