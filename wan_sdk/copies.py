"""Copies for the user: the signed files of a result in a folder of theirs, under readable names."""

from __future__ import annotations

import filecmp
import re
import unicodedata
from pathlib import Path
from typing import Any

from wan_sdk.spec import Scene
from wan_sdk.take import Take, Takes, copy_whole


def deliver_copies(x: Any, result: Any, folder: Path) -> None:
    """Copy the signed files of a result into a folder under readable names; never the prompt."""
    for stem, clip in _named(x, result, folder):
        copy_whole(clip.path, folder / f"{stem}.mp4")


def _named(x: Any, result: Any, folder: Path) -> list[tuple[str, Any]]:
    if isinstance(result, Takes):
        stem = clean_name(x.shot.name)
        named = [(f"{stem}-{number:02d}", take) for number, take in enumerate(result, 1)]
        return named if stem else _numbered(list(result), folder)
    if isinstance(result, Take):
        stem = clean_name(x.name)
        return [(stem, result)] if stem else _numbered([result], folder)
    stem = cut_name(x)
    return [(stem, result), *((f"{stem}-{number:02d}", take) for number, take in enumerate(result.takes, 1))]


def _numbered(takes: list[Take], folder: Path) -> list[tuple[str, Take]]:
    """Number takes of shots without a name after those that lie in a folder; one that lies there keeps its number."""
    there = sorted(folder.glob("take-*.mp4"))
    numbers = [int(path.stem.removeprefix("take-")) for path in there if path.stem.removeprefix("take-").isdigit()]
    number, named = max(numbers, default=0), []
    for take in takes:
        same = [path.stem for path in there if filecmp.cmp(path, take.path, shallow=False)]
        number += not same
        named.append((same[0] if same else f"take-{number:02d}", take))
    return named


def cut_name(scene: Scene) -> str:
    """Return the name, without its ending, under which the cut of a scene is copied for the user."""
    return clean_name(scene.title) or "scene"


def clean_name(title: str | None) -> str:
    """Return a title as a file name: lower-case ASCII letters, digits and hyphens.

    >>> clean_name("Été à la mer / 2")
    'ete-a-la-mer-2'
    """
    ascii_text = unicodedata.normalize("NFKD", title or "").encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text.lower()).strip("-")[:80]
