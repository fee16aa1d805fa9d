"""A camera path as plain data, as it stands in a scene file.

A node is a move, ``{"kind": "pan", "degrees": 20}``, moves at once, ``{"all": [nodes]}``, or moves
one after the other, ``{"then": [nodes]}``. Any node may carry ``ease``; those of a ``then`` may
carry their ``share`` of the time. Shares that are left out divide what the others leave.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wan_sdk.errors import SchemaError
from wan_sdk.spec.camera_moves import MAX_PARTS, MOVES, InTurn, Move, Node, eased, in_turn, together, unknown_move
from wan_sdk.spec.checks import checked_number
from wan_sdk.spec.schema import number_written, read_list, refuse_unknown

_MOVE_KEYS = ("kind", *dict.fromkeys(facts.unit for facts in MOVES.values() if facts.unit), "seed")
NODE_KEYS = (*_MOVE_KEYS, "all", "then", "ease", "share")


def node_written(node: Node) -> dict[str, Any]:
    """Return a node as plain data.

    >>> node_written(Move("handheld", 0.6, seed=3, ease="in"))
    {'kind': 'handheld', 'degrees': 0.6, 'seed': 3, 'ease': 'in'}
    """
    if isinstance(node, Move):
        data: dict[str, Any] = {"kind": node.kind}
        if unit := MOVES[node.kind].unit:
            data[unit] = number_written(node.amount)
        if node.seed:
            data["seed"] = node.seed
    elif isinstance(node, InTurn):
        parts = [node_written(part) for part in node.parts]
        if any(share != 1 / len(parts) for share in node.shares):
            for part, share in zip(parts, node.shares, strict=True):
                part["share"] = share
        data = {"then": parts}
    else:
        data = {"all": [node_written(part) for part in node.parts]}
    if node.ease != "linear":
        data["ease"] = node.ease
    return data


def node_read(data: Any) -> Node:
    """Return the node that `node_written` wrote, or that a person wrote in its place."""
    if not isinstance(data, Mapping):
        raise SchemaError(
            f"a node of a camera path is {data!r:.80}; it must be a mapping",
            where="Camera",
            hint='for example {"kind": "pan", "degrees": 20}',
        )
    forms = [form for form in ("kind", "all", "then") if form in data]
    if len(forms) != 1:
        said = " and ".join(forms) or "neither kind nor all nor then"
        raise SchemaError(
            f"a node of a camera path says {said}; it must say one of them",
            where="Camera",
            hint='for example {"kind": "pan", "degrees": 20}',
        )
    form = forms[0]
    if form == "kind":
        node: Node = _move_read(data)
    else:
        refuse_unknown(data, (form, "ease", "share"), f"Camera {form!r}")
        parts = read_list(data[form], form, "Camera")
        if not 2 <= len(parts) <= MAX_PARTS:
            raise SchemaError(
                f"{form!r} has {len(parts)} parts; it takes 2 to {MAX_PARTS}",
                where="Camera",
                hint="say a single move alone",
            )
        nodes = [node_read(part) for part in parts]
        node = together(*nodes) if form == "all" else in_turn(nodes, _shares(parts))
        if any(isinstance(part, Mapping) and "share" in part for part in parts) and form == "all":
            raise SchemaError(
                "share stands in a move at once", where="Camera", hint="only the nodes of a 'then' have one"
            )
    return eased(node, data["ease"]) if "ease" in data else node


def _move_read(data: Mapping[str, Any]) -> Move:
    kind = data["kind"]
    if not isinstance(kind, str) or kind not in MOVES:
        raise unknown_move(kind)
    unit = MOVES[kind].unit
    keys = ["kind", *([unit] if unit else []), *(["seed"] if kind == "handheld" else []), "ease", "share"]
    refuse_unknown(data, keys, f"Camera {kind}")
    if unit and unit not in data and kind != "handheld":
        raise SchemaError(f"{unit} is missing", where=f"Camera {kind}", hint=f'write {{"kind": "{kind}", "{unit}": …}}')
    return Move(kind, data.get(unit, 0.6 if kind == "handheld" else 0), seed=data.get("seed", 0))


def _shares(parts: list[Any]) -> list[float]:
    said = [
        checked_number(part["share"], "share", where="Camera 'then'", above=0, most=1) if "share" in part else None
        for part in parts
    ]
    silent = said.count(None)
    if silent == len(parts):
        return [1 / len(parts)] * len(parts)
    rest = 1 - sum(share for share in said if share is not None)
    return [rest / silent if share is None else share for share in said]
