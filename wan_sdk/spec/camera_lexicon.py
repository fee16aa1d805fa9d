"""The words about cameras that are understood, and what each one means.

A text becomes a list of lexemes: verbs, ways, amounts, speeds, ease, shares of the time, joints
and fillers. Whatever is none of these is a lexeme of the meaning "unread".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

from wan_sdk.spec.camera_moves import MOVES, Move, MoveKind, Node, Together

Meaning = Literal[
    "verb", "way", "speed", "amount", "share", "ease", "whole", "and", "comma", "then", "open", "close", "not",
    "filler", "unread",
]  # fmt: skip


@dataclass(frozen=True)
class Lexeme:
    """A piece of the text: its meaning, its value (a verb's group, a way, a speed) and its words.

    Args:
      meaning: What kind of word it is.
      value: Which one of its kind.
      text: As it stood in the text, lower case.
      number: Of an amount (its unit is the value) or a share (0..1).
    """

    meaning: Meaning
    value: str
    text: str
    number: float = 0.0


_PHRASE_TABLE = """
verb pan: pan|pans|panning|panned|turn|turns|turning|swivel|swivels|swiveling
verb tilt: tilt|tilts|tilting|tilted
verb look: look|looks|looking|sweep|sweeps|sweeping
verb roll: roll|rolls|rolling|dutch|dutch roll|dutch angle|dutch tilt|canted angle|cants|barrel roll
verb rotate: rotate|rotates|rotating|rotation|spin|spins|spinning|twist|twists|twisting
verb zoom: zoom|zooms|zooming|zoomed|punch|punches
verb dolly: dolly|dollies|dollying|dolly shot|push|pushes|pushing|approach|approaches|approaching
verb pull: pull|pulls|pulling|retreat|retreats|retreating|recede|recedes
verb truck: truck|trucks|trucking|trucking shot|slide|slides|sliding|slider shot|crab|crabs|strafe|strafes
verb move: move|moves|moving|travel|travels|travelling|traveling|glide|glides|gliding|fly|flies|flying
verb move: go|goes|going|drift|drifts|drifting|float|floats|floating|track|tracks|tracking|tracking shot
verb move: drive|drives|driving|creep|creeps|creeping|shift|shifts|moves sideways|move sideways
verb crane: crane|cranes|craning|crane shot|boom|booms|jib|jibs|jib shot|pedestal|pedestals
verb crane: rise|rises|rising|lift|lifts|lifting|ascend|ascends|ascending
verb sink: sink|sinks|sinking|descend|descends|descending|lower|lowers|lowering|drop|drops
verb orbit: orbit|orbits|orbiting|orbit shot|arc|arcs|arcing|arc shot|circle|circles|circling|encircles
verb orbit: revolve|revolves|revolving|moves around|move around|moving around|goes around|flies around
verb orbit: rotates around|rotate around|rotating around|swings around
verb dolly zoom: dolly zoom|zolly|vertigo|vertigo effect|vertigo shot|vertigo zoom
verb handheld: handheld|hand held|handheld camera|hand held camera|shaky|shaky cam|shake|shakes|shaking
verb handheld: shakes handheld|handheld shake|handheld shaking|handheld motion|handheld movement|camera shake|jitters
verb static: static|static camera|static shot|fixed|fixed camera|fixed shot|locked|locked off|lock off|locked down
verb static: tripod|on a tripod|still|still camera|still shot|stationary|motionless|holds still|hold still|stays still
verb static: stands still|hold|holds|rests|pause|pauses|stop|stops|does not move|doesn't move|do not move|not moving
verb static: no camera movement|no camera motion|no camera move|without camera movement|no movement|no motion
verb static: without moving
way left: left|leftward|leftwards|to the left|towards the left|from right to left|right to left
way right: right|rightward|rightwards|to the right|towards the right|from left to right|left to right
way up: up|upward|upwards|skyward
way down: down|downward|downwards
way in: in|inward|inwards|forward|forwards|closer|nearer|ahead|in on|toward|towards|into
way out: out|outward|outwards|back|backward|backwards|away|away from|farther away|further away
way clockwise: clockwise
way counterclockwise: counterclockwise|counter clockwise|anticlockwise|anti clockwise
speed slow: slow|slowly|small|tiny|little|gentle|gently|slight|slightly|subtle|subtly|gradual|gradually
speed slow: a little|a bit|softly|lightly
speed medium: medium|moderate|moderately|steady|steadily|smooth|smoothly|constant
speed fast: fast|quick|quickly|rapid|rapidly|swift|swiftly|strong|strongly|whip|whips|swish|crash|snap|sudden|suddenly
speed fast: far|big|large|wide|extreme|dramatic|dramatically|hard|violently
ease in: starting gently|starting slowly|starts gently|starts slowly|ease in|eases in|easing in|accelerating
ease out: stopping gently|ending gently|ending slowly|stops gently|ease out|eases out|easing out|slowing to a stop
ease out: coming to a stop|decelerating|slowing down
ease in-out: starting and stopping gently|starting and ending gently|ease in and out|eases in and out
ease in-out: easing in and out|ease in out|eased
whole: all of it|all of this
and: and|while|whilst|with|as|plus|also|simultaneously|at the same time|together with|combined with|&|+
comma: ,
then: then|and then|followed by|after that|afterwards|before|next|finally|later|;|.|->|>
open: (
close: )
not: no|not|never|without|don't|doesn't|isn't|avoid
filler: the|a|an|camera|cam|view|shot|frame|it|is|are|of|to|by|on|at|its|from|there|we|be|being|that|this|very|really
filler: movement|motion|extremely|around|about|first|for a while|distance|the subject|subject|width|height|way|effect
filler: full|!|?|:|-
unread: close up|extreme close up|medium close up|wide shot|low angle|high angle|pull focus|rack focus|in focus
"""


def _phrases() -> dict[str, tuple[Meaning, str]]:
    phrases: dict[str, tuple[Meaning, str]] = {}
    for line in _PHRASE_TABLE.strip().splitlines():
        head, _, words = line.partition(": ")
        meaning, _, value = head.partition(" ")
        phrases.update(dict.fromkeys(words.split("|"), (cast("Meaning", meaning), value)))
    return phrases


PHRASES = _phrases()

_NUMBER = r"[-+]?(?:\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})"
_NUMBER_WORDS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "ten": 10, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40,
    "forty five": 45, "fifty": 50, "sixty": 60, "ninety": 90,
}  # fmt: skip
_UNITS = {
    "degrees": "degrees", "degree": "degrees", "deg": "degrees", "times": "times", "x": "times", "percent": "percent",
    "frame widths": "frames", "frame width": "frames", "widths": "frames", "frame heights": "frames",
    "frame height": "frames", "heights": "frames", "frames": "frames",
}  # fmt: skip
_FOR = r"(?:over|for|during)(?:\ the)?(?:\ first|\ next|\ last|\ second|\ other)?"
_SPAN = r"(?:time|shot|clip|take|video|scene|duration)"


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


@cache
def _lexeme_pattern() -> re.Pattern[str]:
    """Return the pattern of one lexeme, made at first use: most programs never read words."""
    spelt, marks = [p for p in PHRASES if p[0].isalpha()], [p for p in PHRASES if not p[0].isalpha()]
    return re.compile(
        rf"""
          (?:{_FOR})\ (?P<share>{_NUMBER})\ ?percent(?:\ of)?(?:\ the)?\ {_SPAN}\b
        | (?P<half>(?:{_FOR})\ half(?:\ of)?(?:\ the\ {_SPAN})?)\b
        | (?P<number>{_NUMBER}|\b(?:{_any_of(_NUMBER_WORDS)})(?=\ (?:{_any_of(_UNITS)})\b))
          (?:\ ?(?P<unit>{_any_of(_UNITS)})\b)?(?!\.?\d)
        | \bx\ ?(?P<times>{_NUMBER})
        | (?P<phrase>(?<![a-z'])(?:{_any_of(spelt)})(?![a-z'])|{_any_of(marks)})
        | (?P<word>[^\s.,;()&+>:!?]+)
        """,
        re.VERBOSE,
    )


DEGREES, TIMES, PERCENT, FRAMES, BARE = "degrees", "times", "percent", "frames", ""

_SIDEWAYS: dict[str, tuple[MoveKind, int]] = {"left": ("truck", -1), "right": ("truck", 1)}
_UPRIGHT: dict[str, tuple[MoveKind, int]] = {"up": ("pedestal", 1), "down": ("pedestal", -1)}
_DEPTH: dict[str, tuple[MoveKind, int]] = {"in": ("dolly", 1), "out": ("dolly", -1)}
_TURN: dict[str, tuple[MoveKind, int]] = {
    "left": ("pan", -1),
    "right": ("pan", 1),
    "up": ("tilt", 1),
    "down": ("tilt", -1),
}
_ROLL: dict[str, tuple[MoveKind, int]] = {"clockwise": ("roll", 1), "counterclockwise": ("roll", -1)}

VERB_WAYS: dict[str, dict[str, tuple[MoveKind, int]]] = {
    "pan": {**_TURN, "": ("pan", 1)},
    "tilt": {"up": ("tilt", 1), "down": ("tilt", -1), "": ("tilt", 1)},
    "look": _TURN,
    "roll": {**_ROLL, "right": ("roll", 1), "left": ("roll", -1), "": ("roll", 1)},
    "rotate": {**_ROLL, "left": ("pan", -1), "right": ("pan", 1), "": ("roll", 1)},
    "zoom": {"in": ("zoom", 1), "out": ("zoom", -1), "": ("zoom", 1)},
    "dolly": {**_SIDEWAYS, **_UPRIGHT, **_DEPTH, "": ("dolly", 1)},
    "pull": {**_SIDEWAYS, **_UPRIGHT, **_DEPTH, "": ("dolly", -1)},
    "truck": {**_SIDEWAYS, **_UPRIGHT, **_DEPTH, "": ("truck", 1)},
    "move": {**_SIDEWAYS, **_UPRIGHT, **_DEPTH},
    "crane": {**_SIDEWAYS, **_UPRIGHT, **_DEPTH, "": ("pedestal", 1)},
    "sink": {"down": ("pedestal", -1), "": ("pedestal", -1)},
    "orbit": {
        "right": ("orbit", 1),
        "left": ("orbit", -1),
        "counterclockwise": ("orbit", 1),
        "clockwise": ("orbit", -1),
        "": ("orbit", 1),
    },
    "dolly zoom": {"in": ("dolly", 1), "out": ("dolly", -1), "": ("dolly", 1)},
    "handheld": {"": ("handheld", 1)},
    "static": {"": ("static", 1)},
}
"""What each verb means with each way; the empty way is what it means alone. Seen from above, an
orbit to the right is counterclockwise."""


def lexemes_of(text: str) -> list[Lexeme]:
    """Cut a text into lexemes.

    >>> [(lexeme.meaning, lexeme.value) for lexeme in lexemes_of("slowly pan left by 20°")]
    [('speed', 'slow'), ('verb', 'pan'), ('way', 'left'), ('filler', ''), ('amount', 'degrees')]
    """
    return [_lexeme(match) for match in _lexeme_pattern().finditer(_flattened(text))]


def move_of(verb: str, way: str, amount: Lexeme | None, speed: str) -> tuple[Node, bool] | None:
    """Return the move that words mean, and whether the amount was of use.

    Args:
      verb: Group of the verb, a key of `VERB_WAYS`.
      way: Way, or empty.
      amount: What was said, or None.
      speed: "slow", "medium", "fast", or empty for medium.

    Returns:
      None when the verb says nothing without a way.
    """
    meaning = VERB_WAYS[verb].get(way)
    if meaning is None:
        return None
    kind, sign = meaning
    usual = MOVES[kind].usual[("slow", "medium", "fast").index(speed or "medium")]
    said = _amount_in_unit(kind, sign, way, amount) if amount else None
    if said is not None:
        value = said
    elif kind == "zoom":
        value = usual if sign > 0 else 1 / usual
    else:
        value = sign * usual
    move = Move(kind, value)
    if verb == "dolly zoom":  # the subject keeps its size: the focal length follows the distance
        return Together((move, Move("zoom", 1 - move.amount))), said is not None
    return move, said is not None


def _amount_in_unit(kind: MoveKind, sign: int, way: str, amount: Lexeme) -> float | None:
    unit, number = amount.value, amount.number
    match MOVES[kind].unit, unit:
        case "degrees", "degrees" | "":
            return abs(number) if kind == "handheld" else sign * number
        case "ratio", "times" | "" if number > 0:
            if way == "out":
                return 1 / number if number >= 1 else number
            return number if way == "" or number >= 1 else None
        case "ratio", "percent" if number > 0:
            return 1 + number / 100 if sign > 0 else 1 / (1 + number / 100)
        case "distance" | "widths" | "heights", "percent":
            return sign * number / 100
        case "distance", "" if abs(number) < 1:
            return sign * number
        case "widths" | "heights", "frames" | "":
            return sign * number
        case _:
            return None


def _flattened(text: str) -> str:
    for sign, words in (("×", " x "), ("°", " degrees "), ("%", " percent "), ("’", "'"), ("→", " then "), ("−", "-")):
        text = text.replace(sign, words)
    text = re.sub(r"(?<=[a-z])[-/](?=[a-z])", " ", text.lower())
    return " ".join(re.sub(r"[–—\n]", " , ", text).split())


def _lexeme(match: re.Match[str]) -> Lexeme:
    text = match[0]
    if match["share"]:
        return Lexeme("share", "", text, float(match["share"]) / 100)
    if match["half"]:
        return Lexeme("share", "", text, 0.5)
    if said := match["number"]:
        number = float(_NUMBER_WORDS.get(said, said))
        return Lexeme("amount", _UNITS.get(match["unit"] or "", BARE), text, number)
    if match["times"]:
        return Lexeme("amount", TIMES, text, float(match["times"]))
    if match["phrase"]:
        meaning, value = PHRASES[match["phrase"]]
        return Lexeme(meaning, value, text)
    return Lexeme("unread", "", text)
