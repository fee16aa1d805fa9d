"""A camera path as a tree: single moves, moves at once, and moves one after the other.

The table `MOVES` is the one place that knows each move's unit, sign, range and the amounts that
people mean by slow, medium and fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from wan_sdk.errors import SpecError, UnknownName, nearest
from wan_sdk.spec.checks import checked_integer, checked_number

MoveKind = Literal["pan", "tilt", "roll", "zoom", "dolly", "truck", "pedestal", "orbit", "handheld", "static"]
Ease = Literal["linear", "in", "out", "in-out"]
Unit = Literal["degrees", "ratio", "distance", "widths", "heights", ""]

EASES: tuple[str, ...] = get_args(Ease)
MAX_PARTS = 64
MAX_DEPTH = 12


@dataclass(frozen=True)
class MoveFacts:
    """What holds for one kind of move.

    Args:
      unit: Name of the amount, in the maker and in JSON; empty for a move without one.
      smallest, largest: Range of the amount, both allowed.
      usual: The amounts meant by slow, medium and fast when no number is given.
      slow_below, fast_above: Where the words change; a zoom out counts as the zoom in it undoes.
    """

    unit: Unit
    smallest: float
    largest: float
    usual: tuple[float, float, float]
    slow_below: float
    fast_above: float


MOVES: dict[MoveKind, MoveFacts] = {
    "pan": MoveFacts("degrees", -3600, 3600, (10, 20, 30), 15, 25),
    "tilt": MoveFacts("degrees", -3600, 3600, (7, 12, 18), 9.5, 15),
    "roll": MoveFacts("degrees", -3600, 3600, (10, 20, 30), 15, 25),
    "zoom": MoveFacts("ratio", 0.01, 100, (1.3, 1.6, 2.0), 1.45, 1.75),
    "dolly": MoveFacts("distance", -100, 0.9999, (0.15, 0.25, 0.4), 0.2, 0.32),
    "truck": MoveFacts("widths", -100, 100, (0.15, 0.25, 0.4), 0.2, 0.32),
    "pedestal": MoveFacts("heights", -100, 100, (0.1, 0.2, 0.3), 0.15, 0.25),
    "orbit": MoveFacts("degrees", -3600, 3600, (15, 25, 40), 20, 33),
    "handheld": MoveFacts("degrees", 0, 45, (0.3, 0.6, 1.2), 0.45, 0.9),
    "static": MoveFacts("", 0, 0, (0, 0, 0), 0, 0),
}


@dataclass(frozen=True)
class Move:
    """One move of the camera over its whole time.

    Args:
      kind: Name of the move, a key of `MOVES`.
      amount: How far, in the move's unit; 0 for static.
      seed: Of the shake, for handheld alone.
      ease: How the move starts and stops.
    """

    kind: MoveKind
    amount: float
    seed: int = 0
    ease: Ease = "linear"

    def __post_init__(self) -> None:
        if self.kind not in MOVES:
            raise unknown_move(self.kind)
        facts = MOVES[self.kind]
        where = f"Camera.{self.kind}"
        amount = checked_number(
            self.amount, facts.unit or "amount", where=where, least=facts.smallest, most=facts.largest
        )
        object.__setattr__(self, "amount", amount)
        object.__setattr__(self, "seed", checked_integer(self.seed, "seed", where=where, least=0, most=2**63 - 1))
        if self.seed and self.kind != "handheld":
            raise SpecError(
                f"seed is {self.seed}, but only a handheld shake has a seed", where=where, hint="leave it out"
            )
        object.__setattr__(self, "ease", checked_ease(self.ease))


@dataclass(frozen=True)
class Together:
    """Moves at once."""

    parts: tuple[Node, ...]
    ease: Ease = "linear"

    def __post_init__(self) -> None:
        object.__setattr__(self, "ease", checked_ease(self.ease))
        _check_tree(self)


@dataclass(frozen=True)
class InTurn:
    """Moves one after the other; `shares` says which part of the time each one gets."""

    parts: tuple[Node, ...]
    shares: tuple[float, ...]
    ease: Ease = "linear"

    def __post_init__(self) -> None:
        object.__setattr__(self, "ease", checked_ease(self.ease))
        _check_tree(self)


Node = Move | Together | InTurn


def together(*nodes: Node) -> Node:
    """Join moves at once; groups that are not eased open into one list."""
    parts: list[Node] = []
    for node in nodes:
        if isinstance(node, Together) and node.ease == "linear":
            parts.extend(node.parts)
        else:
            parts.append(node)
    return Together(tuple(parts)) if len(parts) > 1 else parts[0]


def in_turn(nodes: Sequence[Node], shares: Sequence[float]) -> Node:
    """Join moves one after the other; sequences that are not eased open into one list.

    Args:
      nodes: The moves, in order.
      shares: Part of the time of each, greater than 0, 1 in all.
    """
    if abs(sum(shares) - 1) > 1e-6 or min(shares) <= 0:
        said = " + ".join(f"{share:g}" for share in shares)
        raise SpecError(
            f"the shares are {said} = {sum(shares):g}; each must be more than 0 and all together 1",
            where="Camera.then",
            hint="leave the shares out to give each move the same time",
        )
    parts: list[Node] = []
    times: list[float] = []
    for node, share in zip(nodes, shares, strict=True):
        if isinstance(node, InTurn) and node.ease == "linear":
            parts.extend(node.parts)
            times.extend(share * inner for inner in node.shares)
        else:
            parts.append(node)
            times.append(share)
    return InTurn(tuple(parts), tuple(times)) if len(parts) > 1 else parts[0]


def eased(node: Node, ease: Ease) -> Node:
    """Return the node with another ease."""
    return replace(node, ease=checked_ease(ease))


def checked_ease(ease: str) -> Ease:
    """Return the ease if there is one of that name."""
    if ease in EASES:
        return ease  # type: ignore[return-value]
    guess = nearest(str(ease), EASES)
    raise UnknownName(
        f"there is no ease {ease!r}; there are {', '.join(EASES)}",
        where="Camera.eased",
        hint=f"did you mean {guess!r}?" if guess else "leave it out for a steady move",
    )


def unknown_move(kind: object) -> UnknownName:
    """Return the error for a move that does not exist."""
    guess = nearest(str(kind), MOVES)
    return UnknownName(
        f"there is no move {kind!r}; there are {', '.join(MOVES)}",
        where="Camera",
        hint=f"did you mean {guess!r}?" if guess else "Camera.parse(...) reads what people write",
    )


def _check_tree(node: Node) -> None:
    if _depth(node) > MAX_DEPTH or _count(node) > MAX_PARTS:
        raise SpecError(
            f"a camera path has at most {MAX_PARTS} moves, nested at most {MAX_DEPTH} deep",
            where="Camera",
            hint="split the shot",
        )


def _depth(node: Node) -> int:
    return 1 if isinstance(node, Move) else 1 + max(_depth(part) for part in node.parts)


def _count(node: Node) -> int:
    return 1 if isinstance(node, Move) else sum(_count(part) for part in node.parts)
