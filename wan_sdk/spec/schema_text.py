"""JSON and YAML text of plain data, with bounds against files made to do harm."""

from __future__ import annotations

import json
from typing import Any

from wan_sdk.errors import SchemaError

MAX_JSON = 8_000_000
MAX_YAML = 1_000_000
MAX_YAML_NODES = 100_000


def json_text(data: Any) -> str:
    """Return plain data as JSON, two spaces a level."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def from_json_text(text: str | bytes, *, where: str) -> Any:
    """Return the plain data of JSON text.

    >>> from_json_text('{"title": "Harbour"}', where="Scene")
    {'title': 'Harbour'}

    Raises:
      SchemaError: If it is not JSON, too long, says a key twice, or holds NaN or infinity.
    """
    text = _decoded(text, MAX_JSON, where)

    def refuse_constant(name: str) -> Any:
        raise SchemaError(f"{name} is not a number that can be used", where=where, hint="write a finite number")

    try:
        return json.loads(
            text, parse_constant=refuse_constant, object_pairs_hook=lambda pairs: _no_repeats(pairs, where)
        )
    except json.JSONDecodeError as problem:
        raise SchemaError(
            f"not JSON: {problem.msg} at line {problem.lineno}, column {problem.colno}",
            where=where,
            hint="was the file cut short?",
        ) from None
    except RecursionError:
        raise SchemaError("nested too deep", where=where, hint="flatten it") from None
    except ValueError as problem:
        if isinstance(problem, SchemaError):
            raise
        raise SchemaError(f"not usable JSON: {problem}", where=where, hint="write shorter numbers") from None


def yaml_text(data: Any) -> str:
    """Return plain data as YAML, in the order of its keys, without aliases."""
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
            return True

    return yaml.dump(data, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100)


def from_yaml_text(text: str | bytes, *, where: str) -> Any:
    """Return the plain data of YAML text, read by PyYAML's safe loader.

    Aliases (``*name``) are refused: a file of ten lines can make a billion values of them.

    >>> from_yaml_text("title: Harbour", where="Scene")
    {'title': 'Harbour'}

    Raises:
      SchemaError: If it is not YAML, too long, says a key twice, or holds aliases or tags.
    """
    import yaml

    text = _decoded(text, MAX_YAML, where)

    class Loader(yaml.SafeLoader):
        nodes = 0

        def compose_node(self, parent: Any, index: Any) -> Any:
            self.nodes += 1
            if self.nodes > MAX_YAML_NODES:
                raise SchemaError(f"more than {MAX_YAML_NODES:,} keys and values", where=where, hint="split the scene")
            if self.check_event(yaml.events.AliasEvent):
                event: Any = self.get_event()  # type: ignore[no-untyped-call]
                raise SchemaError(f"aliases are not read{_line(event)}", where=where, hint="write it out")
            return super().compose_node(parent, index)

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:  # noqa: ARG002 - PyYAML's signature
            pairs = self.construct_pairs(node, deep=True)
            if not all(isinstance(key, str) for key, _ in pairs):
                raise SchemaError(f"a key that is not text{_line(node)}", where=where, hint="put quotes around it")
            return _no_repeats(pairs, where)

    try:
        return yaml.load(text, Loader=Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as problem:
        reason = getattr(problem, "problem", None) or str(problem).splitlines()[0]
        raise SchemaError(f"not YAML: {reason}{_line(problem)}", where=where, hint="was the file cut short?") from None
    except RecursionError:
        raise SchemaError("nested too deep", where=where, hint="flatten it") from None
    except ValueError as problem:
        if isinstance(problem, SchemaError):
            raise
        raise SchemaError(f"not usable YAML: {problem}", where=where, hint="put quotes around it") from None


def _decoded(text: str | bytes, most: int, where: str) -> str:
    if len(text) > most:
        raise SchemaError(
            f"{len(text):,} characters; at most {most:,} are read", where=where, hint="split the scene, or use JSON"
        )
    if isinstance(text, str):
        return text
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise SchemaError(f"not UTF-8 text at byte {problem.start}", where=where, hint="save it as UTF-8") from None


def _no_repeats(pairs: list[tuple[str, Any]], where: str) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise SchemaError(f"{key[:80]!r} is said twice", where=where, hint="keep one of them")
            seen.add(key)
    return fields


def _line(thing: Any) -> str:
    mark = getattr(thing, "problem_mark", None) or getattr(thing, "start_mark", None)
    return f" (line {mark.line + 1})" if mark is not None else ""
