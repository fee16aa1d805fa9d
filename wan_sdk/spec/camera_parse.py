"""Read what people write about a camera.

The text is cut into lexemes (`camera_lexicon`), then read by the grammar of `camera_words`,
loosened: verb, way, amount and adverb stand in any order within a move; "and", "while", "with" or
a comma joins moves at once; "then", "followed by", a full stop or a semicolon joins moves one
after the other. What is neither part of a move nor a known filler is collected, and said.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import cast

from wan_sdk.errors import SpecError, nearest
from wan_sdk.spec.camera_lexicon import VERB_WAYS, Lexeme, lexemes_of, move_of
from wan_sdk.spec.camera_moves import MAX_DEPTH, MOVES, Ease, Move, Node, eased, in_turn, together
from wan_sdk.spec.checks import checked_text

MAX_TEXT = 2_000


@dataclass
class _Step:
    """Moves at once, with the ease of the group and the share of the time, where said."""

    nodes: list[Node] = field(default_factory=list)
    ease: Ease | None = None
    share: float | None = None


@dataclass
class _Chunk:
    """The lexemes of one move, as indexes into the text."""

    verb: str = ""
    way: str = ""
    speed: str = ""
    ease: Ease | None = None
    amount: int | None = None
    negated: bool = False
    used: list[int] = field(default_factory=list)


def read_path(text: str) -> tuple[Node, tuple[str, ...]]:
    """Return the path that a text describes, and what in it was not understood.

    >>> read_path("pan left, past the boats")
    (Move(kind='pan', amount=-20.0, seed=0, ease='linear'), ('past the boats',))

    Raises:
      SpecError: If nothing in it is a move.
    """
    text = checked_text(text, "camera", where="Camera.parse", most=MAX_TEXT, hint="for example 'slow push in'")
    reader = _Reader(lexemes_of(text))
    node = reader.path(depth=0, to_end=True)
    if node is None:
        raise _nothing_understood(text)
    return node, reader.unread()


class _Reader:
    """Read lexemes from left to right, once."""

    def __init__(self, lexemes: list[Lexeme]) -> None:
        ahead = [*lexemes[1:], None]
        self._lexemes = [
            replace(lexeme, meaning="unread")
            if lexeme.meaning == "whole" and (following is None or following.meaning != "ease")
            else lexeme
            for lexeme, following in zip(lexemes, ahead, strict=True)
        ]
        self._at = 0
        self._missed: set[int] = set()
        self._last_verb = ""

    def path(self, depth: int, *, to_end: bool = False) -> Node | None:
        """Read steps one after the other, up to a closing bracket or the end."""
        if depth > MAX_DEPTH:
            raise SpecError(f"brackets nested deeper than {MAX_DEPTH}", where="Camera.parse", hint="say it simpler")
        steps: list[_Step] = []
        ease: Ease | None = None
        while self._at < len(self._lexemes):
            if self._is("close"):
                if not to_end:
                    break
                self._at += 1
            elif self._is("then"):
                self._at += 1
            elif self._is("comma", "whole", "ease") or self._is("whole", "ease"):
                self._at += 2 if self._is("whole") else 3
                ease = self._ease(self._at - 1)
            else:
                step = self._step(depth, after_then=bool(steps))
                if step.nodes:
                    steps.append(step)
                elif step.share is not None and steps and steps[-1].share is None:
                    steps[-1].share = step.share
        return _joined(steps, ease)

    def unread(self) -> tuple[str, ...]:
        """Return the stretches of text that were not understood; fillers between them stay in."""
        stretches: list[str] = []
        words: list[str] = []
        pending: list[str] = []
        for index, lexeme in enumerate(self._lexemes):
            if index in self._missed:
                words += [*pending, lexeme.text]
                pending = []
            elif lexeme.meaning == "filler" and words:
                pending.append(lexeme.text)
            else:
                if words:
                    stretches.append(" ".join(words))
                words, pending = [], []
        return tuple([*stretches, " ".join(words)] if words else stretches)

    def _step(self, depth: int, *, after_then: bool) -> _Step:
        """Read moves at once, up to what ends the step."""
        step = _Step()
        while self._at < len(self._lexemes) and not self._is("then") and not self._is("close"):
            if self._is("comma", "whole") or self._is("whole"):
                break
            if self._is("comma", "ease") and step.nodes:
                step.ease = self._ease(self._at + 1)
                self._at += 2
            elif self._is("and") or self._is("comma"):
                self._at += 1
            elif self._is("share"):
                step.share = self._lexemes[self._at].number
                self._at += 1
            elif self._is("open"):
                self._at += 1
                node = self.path(depth + 1)
                self._at += 1  # the closing bracket, or past the end
                if node is not None:
                    if self._is("ease"):
                        node = eased(node, self._ease(self._at))
                        self._at += 1
                    step.nodes.append(node)
            else:
                self._chunk(step, after_then=after_then and not step.nodes)
        return step

    def _chunk(self, step: _Step, *, after_then: bool) -> None:
        """Read the words of one move, and add it to the step if there is one."""
        chunk = _Chunk()
        start = self._at
        while self._at < len(self._lexemes):
            lexeme, index = self._lexemes[self._at], self._at
            match lexeme.meaning:
                case "then" | "and" | "comma" | "open" | "close" | "share" | "whole":
                    break
                case "verb" if chunk.verb and chunk.verb != lexeme.value:
                    break
                case "verb":
                    chunk.verb = lexeme.value
                case "way" if not chunk.way and (not chunk.verb or lexeme.value in VERB_WAYS[chunk.verb]):
                    chunk.way = lexeme.value
                case "speed" if not chunk.speed:
                    chunk.speed = lexeme.value
                case "amount" if chunk.amount is None:
                    chunk.amount = index
                case "ease":
                    chunk.ease = self._ease(index)
                case "not":
                    chunk.negated = True
                case "filler":
                    pass
                case _:
                    self._missed.add(index)
            chunk.used.append(index)
            self._at += 1
        node = self._move(chunk, step, after_then=after_then)
        if node is None:
            self._missed.update(i for i in range(start, self._at) if self._lexemes[i].meaning != "filler")
        else:
            step.nodes.append(node if chunk.ease is None else eased(node, chunk.ease))

    def _move(self, chunk: _Chunk, step: _Step, *, after_then: bool) -> Node | None:
        if chunk.negated:
            return None
        inherited = not chunk.verb
        verb = self._last_verb if inherited else chunk.verb
        if not verb or (inherited and not chunk.way):
            return None
        way = chunk.way
        if way not in VERB_WAYS[verb] and "" in VERB_WAYS[verb] and not inherited:
            self._missed.update(i for i in chunk.used if self._lexemes[i].meaning == "way")
            way = ""
        amount = None if chunk.amount is None else self._lexemes[chunk.amount]
        found = move_of(verb, way, amount, chunk.speed)
        if found is None:
            return None
        node, amount_was_read = found
        if inherited and not after_then and not _is_news(node, step.nodes):
            return None
        if chunk.amount is not None and not amount_was_read:
            self._missed.add(chunk.amount)
        self._last_verb = verb
        return node

    def _is(self, *meanings: str) -> bool:
        ahead = self._lexemes[self._at : self._at + len(meanings)]
        return [lexeme.meaning for lexeme in ahead] == list(meanings)

    def _ease(self, index: int) -> Ease:
        return cast("Ease", self._lexemes[index].value)


def _joined(steps: list[_Step], ease: Ease | None) -> Node | None:
    if not steps:
        return None
    nodes = []
    for step in steps:
        node = together(*step.nodes)
        nodes.append(node if step.ease is None else eased(node, step.ease))
    path = nodes[0] if len(nodes) == 1 else in_turn(nodes, _shares(steps))
    return path if ease is None else eased(path, ease)


def _shares(steps: list[_Step]) -> list[float]:
    said = [step.share for step in steps]
    silent = said.count(None)
    if silent == len(said):
        return [1 / len(said)] * len(said)
    rest = 1 - sum(share for share in said if share is not None)
    return [rest / silent if share is None else share for share in said]


def _is_news(node: Node, others: list[Node]) -> bool:
    kinds = {other.kind for other in others if isinstance(other, Move)}
    return isinstance(node, Move) and node.kind not in kinds


def _nothing_understood(text: str) -> SpecError:
    guesses = (nearest(word, MOVES) for word in text.lower().split()[:50])
    guess = next((guess for guess in guesses if guess), None)
    return SpecError(
        f"nothing in {text[:80]!r} is a move of the camera",
        where="Camera.parse",
        hint=f"did you mean {guess!r}?" if guess else "for example 'slow push in, then pan left', or 'static shot'",
    )
