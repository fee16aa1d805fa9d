"""Captions: one way of saying what is in a clip, drawn from the grammar.

What is left unsaid has a default: a still camera, by day, a clear sky, no style, a middle size. A
caption may leave out what is at its default; a camera move is never left out.
"""

from __future__ import annotations

import random
import re
from functools import cache

from wan_sdk.nano.attributes import (
    COLOURS,
    FLYING,
    NAMES,
    SUBJECTS,
    Attributes,
    camera_of,
)
from wan_sdk.nano.language import grammar
from wan_sdk.nano.language.vocabulary import TEXT_LENGTH, VOCABULARY, encode, tokens
from wan_sdk.spec.camera_moves import MOVES, InTurn, Move, Node, Together
from wan_sdk.spec.camera_words import is_positive, said_amount, words_of

__all__ = ["VOCABULARY", "camera_caption", "caption", "encode", "told_caption"]

CONTRACT_SHARE = 0.45  # of the camera phrases that are word for word what Camera.words() says
NUMBER_SHARE = 0.25  # of the others, how many name the amount

_cached_alternatives = cache(grammar.alternatives)


def caption(rng: random.Random, attributes: Attributes, i: int, full: bool = False) -> str:
    """Say clip `i` of a batch in words.

    Args:
      rng: Chooses among the ways of saying it.
      attributes: A batch as `wan_sdk.nano.world.sample` draws it.
      i: Row of the batch.
      full: Whether to say every attribute, also one at its default.

    Returns:
      A text of at most `TEXT_LENGTH` - 1 tokens.
    """
    return told_caption(rng, attributes, i, full)[0]


def told_caption(rng: random.Random, attributes: Attributes, i: int, full: bool = False) -> tuple[str, frozenset[str]]:
    """Say clip `i` of a batch in words, and tell what was said; the text is what `caption` returns.

    Returns:
      The text, and names of what it says: "colour", "size", "place", "time", "weather", "style", "motion",
      "companion_colour", "camera"; "crossing" instead of "motion" for a way to the left or right that is not said;
      "amount" where the camera's numbers are.
    """
    while True:
        said: set[str] = set()
        text = _caption(rng, attributes, i, full, said)
        if len(tokens(text)) < TEXT_LENGTH:
            return text, frozenset(said)


def camera_caption(rng: random.Random, camera: Node, full: bool = True) -> str:
    """Say a camera path as the spec writes it or as people do.

    >>> words_of(Move("pan", 20.0)) in {camera_caption(random.Random(seed), Move("pan", 20.0)) for seed in range(9)}
    True
    """
    if rng.random() < CONTRACT_SHARE:
        return words_of(camera)
    if isinstance(camera, Move):
        return _move_phrase(rng, camera)
    first, second = (_move_phrase(rng, part) for part in camera.parts[:2] if isinstance(part, Move))
    form = _pick(rng, grammar.AND_WORDS if isinstance(camera, Together) else grammar.THEN_WORDS)
    text = form.format(one=first, two=second)
    if isinstance(camera, InTurn) and abs(camera.shares[0] - 0.5) > 0.01:
        return words_of(camera) if full else text
    return text


def _caption(rng: random.Random, attributes: Attributes, i: int, full: bool, said: set[str]) -> str:
    value = {name: names[attributes[name][i]] for name, names in NAMES.items()}
    scene = _scene_sentence(rng, attributes, i, value, full, said)
    camera = camera_of(attributes, i)
    static = isinstance(camera, Move) and camera.kind == "static"
    camera_text = "" if static and not full and rng.random() < 0.5 else camera_caption(rng, camera)
    if camera_text:
        said.add("camera")
    if camera_text == words_of(camera) or (isinstance(camera, Move) and re.search("[0-9]", camera_text)):
        said.add("amount")
    plain = value["style"] == "plain"
    style_text = ""
    if (rng.random() < 0.12) if plain else (full or rng.random() < 0.97):
        style_text = _pick(rng, grammar.STYLE_WORDS[value["style"]])
        said.add("style")
    extras = [text for text in ((style_text, camera_text) if rng.random() < 0.6 else (camera_text, style_text)) if text]
    if rng.random() < 0.06:
        extras.insert(int(rng.random() * (len(extras) + 1)), _pick(rng, grammar.MOODS))
    parts = [scene, *extras]
    if extras and rng.random() < 0.2:
        parts = [parts[-1], *parts[:-1]]
    text = (", " if rng.random() < 0.8 else ". ").join(parts)
    return _tidy(text)


def _scene_sentence(
    rng: random.Random, attributes: Attributes, i: int, value: dict[str, str], full: bool, said: set[str]
) -> str:
    motion, place, subject = value["motion"], value["place"], value["subject"]
    verb, wayless = _verb(rng, value, full)
    if verb:
        said.add("crossing" if wayless else "motion")
    first = _subject_words(rng, subject, value["colour"], value["size"], full, said)
    place_text = _place_words(rng, place, subject, motion, wayless) if full or rng.random() < 0.95 else ""
    time_text = weather_text = ""
    said |= {"place"} if place_text else set()
    if place != "moon" and (full or rng.random() < (0.4 if value["time"] == "day" else 0.97)):
        time_text = " " + _pick(rng, grammar.TIME_WORDS[value["time"]])
    if place not in ("room", "moon"):
        told = rng.random() < (0.17 if value["weather"] == "clear" else 0.97)
        weather_text = " " + _pick(rng, grammar.WEATHER_WORDS[value["weather"]]) if told or full else ""
    said |= {name for name, words in (("time", time_text), ("weather", weather_text)) if words}
    if attributes["companion"][i] >= 0:
        pair = _pair_sentence(rng, attributes, i, first, verb, motion, place_text, said)
        return pair + time_text + weather_text
    if rng.random() < 0.03:
        place_text = f"{_pick(rng, grammar.ALONE)} {place_text}"
    if verb and rng.random() < 0.25:
        form, verb = _pick(rng, grammar.PARTICIPLE_FORMS), _participle(verb)
        return form.format(subject=first, verb=verb, place=place_text, time=time_text, weather=weather_text)
    form = _pick(rng, grammar.FORMS)
    if not verb and ("that {verb}" in form or "it {verb}" in form):
        form = _cached_alternatives(grammar.FORMS)[0]
    return form.format(subject=first, verb=verb, place=place_text, time=time_text, weather=weather_text)


def _pair_sentence(
    rng: random.Random, attributes: Attributes, i: int, first: str, verb: str, motion: str, place: str, said: set[str]
) -> str:
    colour = COLOURS[attributes["companion_colour"][i]]
    of_second: set[str] = set()
    second = _subject_words(rng, SUBJECTS[attributes["companion"][i]], colour, "medium", False, of_second)
    said |= {"companion_colour"} if "colour" in of_second else set()
    side = "right" if attributes["companion_side"][i] > 0 else "left"
    form = _pick(rng, grammar.PAIR_WORDS["still" if motion == "still" else "moving"])
    return form.format(first=first, second=second, verb=verb, side=side, place=place)


def _subject_words(rng: random.Random, subject: str, colour: str, size: str, full: bool, said: set[str]) -> str:
    name = _pick(rng, grammar.SUBJECT_WORDS[subject])
    article = "a" if rng.random() < 0.85 else _pick(rng, grammar.ARTICLES)
    colour_text = _pick(rng, grammar.COLOUR_WORDS[colour]) if full or rng.random() < 0.95 else ""
    size_text = _pick(rng, grammar.SIZE_WORDS[size]) if full or rng.random() < 0.85 else ""
    said |= {name for name, words in (("colour", colour_text), ("size", size_text)) if words}
    if subject == "person" and colour_text:
        return f"{article} {size_text} {name} {_pick(rng, grammar.CLOTHES).format(colour=colour_text)}"
    return f"{article} {size_text} {colour_text} {name}"


def _verb(rng: random.Random, value: dict[str, str], full: bool) -> tuple[str, bool]:
    """Return what the subject does, and whether it crosses the picture without a direction being said."""
    motion, subject = value["motion"], value["subject"]
    if motion == "still":
        unsaid = not full and rng.random() < 0.5
        return ("" if unsaid else _pick(rng, grammar.MOTION_WORDS["still"])), False
    own = grammar.OWN_VERBS.get(subject, grammar.OTHER_VERBS)
    if motion in ("left", "right") and not full and rng.random() < 0.3:
        return _pick(rng, own if rng.random() < 0.8 else grammar.OTHER_VERBS), True
    if motion in grammar.WAY_WORDS and rng.random() < 0.5:
        return f"{_pick(rng, own)} {_pick(rng, grammar.WAY_WORDS[motion])}", False
    return _pick(rng, grammar.MOTION_WORDS[motion]), False


def _participle(verb: str) -> str:
    """Return "moving left" for "moves left" and for "is moving left"."""
    if verb == "does not move":
        return "not moving"
    first, _, rest = verb.partition(" ")
    return rest if first == "is" else f"{grammar.PARTICIPLES[first]} {rest}"


def _place_words(rng: random.Random, place: str, subject: str, motion: str, wayless: bool) -> str:
    crossing = motion in ("left", "right")
    if crossing and rng.random() < (0.7 if wayless else 0.3):
        return _pick(rng, grammar.PLACE_CROSSED[place])
    if subject in FLYING and rng.random() < 0.35:
        return _pick(rng, grammar.PLACE_ABOVE[place])
    return _pick(rng, grammar.PLACE_WORDS[place])


def _move_phrase(rng: random.Random, move: Move) -> str:
    """Say one move as people do: with an amount, or with an adverb that fits it."""
    words = _pick(rng, grammar.CAMERA_WORDS[move.kind])
    if move.kind == "static":
        return words
    ways = grammar.CAMERA_WAYS.get(move.kind)
    way = _pick(rng, ways[0 if is_positive(move) else 1]) if ways else ""
    plainly = _pick(rng, grammar.DOLLY_WORDS[0 if is_positive(move) else 1]) if "{p}" in words else ""
    amount = _amount_words(rng, move) if rng.random() < NUMBER_SHARE else ""
    if "camera {a}" in words:  # an amount does not stand before the verb
        amount = ""
    elif words.startswith("{a}"):
        amount = amount.removeprefix("by ")
    pace = grammar.CAMERA_ADJECTIVES if words.startswith("{a}") else grammar.CAMERA_ADVERBS
    return words.format(a=amount or _pick(rng, pace[_pace(move)]), d=way, p=plainly)


def _pace(move: Move) -> str:
    facts = MOVES[move.kind]
    size = 1 / move.amount if move.kind == "zoom" and move.amount < 1 else abs(move.amount)
    return "slow" if size < facts.slow_below else "fast" if size > facts.fast_above else "medium"


def _amount_words(rng: random.Random, move: Move) -> str:
    said = said_amount(move)
    if said is None:
        return ""
    unit = MOVES[move.kind].unit
    word = "degrees" if unit == "degrees" else "times" if unit == "ratio" else "percent"
    by = "by " if unit != "degrees" or rng.random() < 0.5 else ""
    return f"{by}{said} {word}"


def _pick(rng: random.Random, text: str) -> str:
    options = _cached_alternatives(text)
    return options[int(rng.random() * len(options))]


def _tidy(text: str) -> str:
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r"\s+([,.])", r"\1", text)
    text = re.sub(r"\ba (?=[aeio])", "an ", text)
    text = re.sub(r"^[ ,.]+|[ ,]+$", "", text)
    return re.sub(r"([,.])(?:\s*,)+", r"\1", text)
