"""A few words for what takes differ in: "seed 2", "no look", "first frame mara"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wan_sdk.notebook import html

LONGEST_LABEL = 60
LONGEST_FILE = 30
# What a shot can be without; where it does not say one of the others, somebody else does.
MAY_BE_ABSENT = ("camera", "look", "negative", "name")


@dataclass(frozen=True)
class Source:
    """A picture, clip or sound that a take was made from.

    Args:
      role: What it was for.
      file: The file's path, or other words for where it came from; empty for an array.
      content: Tells one from another; equal means the same.
      strength: Of a restyle or control, where said.
    """

    role: str
    file: str
    content: object
    strength: float | None = None

    @property
    def words(self) -> str:
        """The role and the name of the file without its folder and ending."""
        stem = html.readable(Path(self.file).stem, LONGEST_FILE) if self.file else ""
        return f"{self.role.replace('_', ' ')} {stem}".strip()


def point_label(point: Mapping[str, Any], axes: Mapping[str, Sequence[Any]]) -> str:
    """Return the values of a take in words, e.g. "seed 2, guidance 6".

    Args:
      point: Its value on each axis.
      axes: All values that were tried, by axis.
    """
    return ", ".join(html.readable(_said(name, value, axes[name]), LONGEST_LABEL) for name, value in point.items())


def differences(first: Any, second: Any) -> tuple[str, str]:
    """Say in a few words what each of two clips has that the other has not.

    >>> differences(take, other)
    ('seed 2', 'seed 3')
    """
    names = {
        "model": "model",
        "seed": "seed",
        "num_inference_steps": "steps",
        "guidance_scale": "guidance",
        "flow_shift": "shift",
        "num_frames": "frames",
        "inputs": "",
        "prompt": "",
        "transformer": "",
    }
    calls = first.recipe.calls[0], second.recipe.calls[0]
    told: tuple[list[str], list[str]] = ([], [])
    for field, name in names.items():
        if field == "inputs":
            both = source_labels([_inputs_of(call) for call in calls])
        elif field == "transformer":
            both = ["by the model itself" if call.transformer == "transformer" else "by its student" for call in calls]
        else:
            both = [f"{name} {value_words(getattr(call, field))}".strip() for call in calls]
        if both[0] != both[1]:
            for said, words in zip(told, both, strict=True):
                said.append(html.readable(words, LONGEST_LABEL))
    if not told[0]:
        return first.id[:8], second.id[:8]
    return ", ".join(told[0][:3]), ", ".join(told[1][:3])


def source_labels(takes: Sequence[Sequence[Source]]) -> list[str]:
    """Name what each take was made from and not all of them were: by file, by letter where that says too little.

    >>> source_labels([[Source("first_frame", "a/mara.png", 1)], [Source("first_frame", "a/tom.png", 2)]])
    ['first frame mara', 'first frame tom']
    >>> source_labels([[Source("first_frame", "", 1)], [Source("first_frame", "", 2)], []])
    ['first frame A', 'first frame B', 'no first frame']
    """
    shared = set.intersection(*(set(sources) for sources in takes)) if len(takes) > 1 else set()
    own = [[source for source in sources if source not in shared] for sources in takes]
    contents: dict[str, list[object]] = {}
    for source in (source for sources in own for source in sources):
        known = contents.setdefault(source.words, [])
        if source.content not in known:
            known.append(source.content)

    def named(source: Source) -> str:
        alike = contents[source.words]
        letter = f" {_letter(alike.index(source.content))}" if len(alike) > 1 else ""
        strength = f" at {source.strength:g}" if source.strength is not None else ""
        return f"{source.words}{letter}{strength}"

    roles = dict.fromkeys(source.role.replace("_", " ") for sources in own for source in sources)
    without = f"no {' or '.join(roles)}" if roles else ""
    return [", ".join(map(named, sources)) or without for sources in own]


def value_words(value: Any) -> str:
    """Return a value of the spec as people say it."""
    if isinstance(value, float):
        return f"{value:g}"
    words = getattr(value, "words", None)
    if callable(words):
        return str(words())
    return str(words if isinstance(words, str) else value)


def _said(name: str, value: Any, tried: Sequence[Any]) -> str:
    if name == "references":
        sources = [[_reference_of(reference) for reference in references] for references in tried]
        return source_labels(sources)[list(tried).index(value)]
    if value is None:
        return f"no {name}" if name in MAY_BE_ABSENT else f"{name} not said"
    return f"{name} {value_words(value)}"


def _reference_of(reference: Any) -> Source:
    content = reference.path if reference.path is not None else reference.pixels
    return Source(reference.role, reference.path or "", content, reference.strength)


def _inputs_of(call: Any) -> list[Source]:
    return [
        Source(
            item.role,
            "of the shot before" if item.after_shot is not None else item.path or "",
            (item.path, item.sha256, item.after_shot),
            call.strength if item.role == "restyle" else None,
        )
        for item in call.inputs
    ]


def _letter(index: int) -> str:
    return chr(ord("A") + index) if index < 26 else str(index + 1)
