"""A camera path in words: the phrase that goes into the prompt.

This page is a contract. The captions of the small model are made of exactly these phrases, and
`Camera.parse` reads every one of them back. All is lower case ASCII.

The sentence::

    "the camera " PATH
    PATH  = STEP, then STEP, then STEP ...          moves one after the other
    STEP  = MOVE and MOVE and MOVE ...              moves at once
    STEP  may end in " over N percent of the time"  only if the steps do not share the time equally;
                                                    the last step, which has the rest, never says it
    a MOVE that is itself a group stands in (round brackets)

One phrase per move; its way is the sign of the amount, N the amount without its sign::

    move      phrase                                     first way (+)     second way (-)
    pan       pans N degrees WAY                         to the right      to the left
    tilt      tilts N degrees WAY                        up                down
    roll      rolls N degrees WAY                        clockwise         counterclockwise
    orbit     orbits N degrees WAY                       to the right      to the left
    zoom      zooms WAY by N times                       in                out  (N = 1 / ratio)
    dolly     dollies WAY by N percent                   in                out  (of the distance)
    truck     slides WAY by N percent                    to the right      to the left  (of the width)
    pedestal  cranes WAY by N percent                    up                down  (of the height)
    handheld  shakes handheld by N degrees
    static    holds still

N has at most 2 decimals (3 for times), without zeros at the end: 20, 12.5, 0.6, 1.333. A move whose
amount is nothing after rounding is said as "holds still", and left out beside other moves.

An adverb stands before the verb ("the camera slowly pans 10 degrees to the right"). It follows from
the amount alone, whatever the time; between the two there is none::

    move          slowly below     quickly above      slow, medium, fast in a person's words mean
    pan, roll     15 degrees       25 degrees         10, 20, 30 degrees
    tilt          9.5 degrees      15 degrees         7, 12, 18 degrees
    orbit         20 degrees       33 degrees         15, 25, 40 degrees
    zoom          1.45 times       1.75 times         1.3, 1.6, 2 times
    dolly, truck  20 percent       32 percent         15, 25, 40 percent
    pedestal      15 percent       25 percent         10, 20, 30 percent
    handheld      0.45 degrees     0.9 degrees        0.3, 0.6, 1.2 degrees ("slightly", "strongly")

Easing follows what it eases: after a move " starting gently" (in), " stopping gently" (out) or
" starting and stopping gently" (in-out); after a step of several moves the same after a comma,
after a whole path ", all of it starting gently". Nothing is said of a steady move.
"""

from __future__ import annotations

from dataclasses import replace

from wan_sdk.spec.camera_moves import MOVES, Ease, InTurn, Move, MoveKind, Node, Together, eased, in_turn, together

VERBS: dict[MoveKind, str] = {
    "pan": "pans",
    "tilt": "tilts",
    "roll": "rolls",
    "orbit": "orbits",
    "zoom": "zooms",
    "dolly": "dollies",
    "truck": "slides",
    "pedestal": "cranes",
    "handheld": "shakes",
    "static": "holds still",
}
WAYS: dict[MoveKind, tuple[str, str]] = {
    "pan": ("to the right", "to the left"),
    "tilt": ("up", "down"),
    "roll": ("clockwise", "counterclockwise"),
    "orbit": ("to the right", "to the left"),
    "zoom": ("in", "out"),
    "dolly": ("in", "out"),
    "truck": ("to the right", "to the left"),
    "pedestal": ("up", "down"),
    "handheld": ("handheld", "handheld"),
}
EASE_WORDS: dict[Ease, str] = {
    "linear": "",
    "in": "starting gently",
    "out": "stopping gently",
    "in-out": "starting and stopping gently",
}
STILL = VERBS["static"]
_STILLNESS = Move("static", 0)


def words_of(node: Node) -> str:
    """Return a camera path as the phrase that stands in the prompt.

    >>> words_of(Move("pan", 20))
    'the camera pans 20 degrees to the right'
    >>> words_of(InTurn((Move("pan", -10), Move("zoom", 2.0)), (0.7, 0.3)))
    'the camera slowly pans 10 degrees to the left over 70 percent of the time, then quickly zooms in by 2 times'
    """
    return "the camera " + _path(sayable(node))


def sayable(node: Node) -> Node:
    """Return the part of a path that words can say: no seeds, and no stillness beside motion.

    The path read back from the words is this one, its amounts rounded.

    >>> sayable(Together((Move("static", 0), Move("handheld", 0.6, seed=3))))
    Move(kind='handheld', amount=0.6, seed=0, ease='linear')
    """
    if isinstance(node, Move):
        if said_amount(node) is None:
            return _STILLNESS
        return replace(node, seed=0) if node.seed else node
    parts = tuple(sayable(part) for part in node.parts)
    if _STILLNESS not in parts and parts == node.parts:
        return node
    if all(part == _STILLNESS for part in parts):
        return _STILLNESS
    if isinstance(node, InTurn):
        return eased(in_turn(parts, node.shares), node.ease)
    moving = [part for part in parts if part != _STILLNESS]
    if len(moving) == 1 and node.ease != "linear" != moving[0].ease:
        return eased(together(_STILLNESS, moving[0]), node.ease)
    return moving[0] if len(moving) == 1 and node.ease == "linear" else eased(together(*moving), node.ease)


def move_words(move: Move) -> str:
    """Return one move as its phrase, without its ease.

    >>> move_words(Move("zoom", 0.5))
    'quickly zooms out by 2 times'
    """
    said = said_amount(move)
    if said is None:
        return STILL
    verb, way = VERBS[move.kind], WAYS[move.kind][0 if is_positive(move) else 1]
    unit = MOVES[move.kind].unit
    if move.kind == "handheld":
        phrase = f"{verb} {way} by {said} degrees"
    elif unit == "degrees":
        phrase = f"{verb} {said} degrees {way}"
    elif unit == "ratio":
        phrase = f"{verb} {way} by {said} times"
    else:
        phrase = f"{verb} {way} by {said} percent"
    adverb = _adverb(move)
    return f"{adverb} {phrase}" if adverb else phrase


def said_amount(move: Move) -> str | None:
    """Return the amount as it is said, or None when it rounds to no motion at all.

    >>> said_amount(Move("dolly", -0.125)), said_amount(Move("pan", 0.001))
    ('12.5', None)
    """
    unit = MOVES[move.kind].unit
    size = _size(move)
    if unit == "degrees":
        said = _decimal(size, 2)
    elif unit == "ratio":
        said = _decimal(size, 3)
    elif move.kind == "dolly" and move.amount > 0:
        said = _decimal(min(size * 100, 99.99), 2)
    else:
        said = _decimal(size * 100, 2)
    nothing = "1" if unit == "ratio" else "0"
    return None if said == nothing else said


def is_positive(move: Move) -> bool:
    """Return whether the move goes the first way of the table."""
    return move.amount >= (1 if move.kind == "zoom" else 0)


def _path(node: Node) -> str:
    if not isinstance(node, InTurn):
        return _step(node)
    equal = max(node.shares) - min(node.shares) < 1e-9
    steps = []
    for index, (part, share) in enumerate(zip(node.parts, node.shares, strict=True)):
        step = f"({_path(part)})" if isinstance(part, InTurn) else _step(part)
        if not equal and index < len(node.parts) - 1:
            step += f" over {_decimal(share * 100, 2)} percent of the time"
        steps.append(step)
    ease = f", all of it {EASE_WORDS[node.ease]}" if node.ease != "linear" else ""
    return ", then ".join(steps) + ease


def _step(node: Node) -> str:
    if not isinstance(node, Together):
        return _one(node)
    ease = f", {EASE_WORDS[node.ease]}" if node.ease != "linear" else ""
    return " and ".join(_one(part) for part in node.parts) + ease


def _one(node: Node) -> str:
    if not isinstance(node, Move):
        return f"({_path(node)})"
    phrase = move_words(node)
    return phrase if node.ease == "linear" or phrase == STILL else f"{phrase} {EASE_WORDS[node.ease]}"


def _adverb(move: Move) -> str:
    facts = MOVES[move.kind]
    slow, fast = ("slightly", "strongly") if move.kind == "handheld" else ("slowly", "quickly")
    size = _size(move)
    return slow if size < facts.slow_below else fast if size > facts.fast_above else ""


def _size(move: Move) -> float:
    if move.kind == "zoom":
        return move.amount if move.amount >= 1 else 1 / move.amount
    return abs(move.amount)


def _decimal(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
