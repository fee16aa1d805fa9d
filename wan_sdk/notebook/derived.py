"""Clips made of other clips for showing: sheets, comparisons, previews; each marked as its own asset."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wan_sdk.media.frames import Frames

FOLDER = "derived"


@dataclass(frozen=True)
class Derived:
    """A signed clip that shows other clips, and what it says about itself.

    Args:
      path: The signed file.
      title: What it is, e.g. "Sheet of 8 takes".
      words: What can be seen, for those who cannot see it.
      parents: Ids of the takes in it.
    """

    path: Path
    title: str
    words: str
    parents: tuple[str, ...]

    def verify(self) -> Any:
        """Read the marks back from the file and say what they prove."""
        from wan_sdk.marking.verify import verify

        return verify(self.path)

    def save(self, path: str | Path) -> Path:
        """Copy the signed file, byte for byte; to a file name, or into a folder that exists."""
        from wan_sdk.take import copy_whole

        target = Path(path).expanduser()
        target = target / self.path.name if target.is_dir() else target
        copy_whole(self.path, target)
        return target

    def __repr__(self) -> str:
        return f"{self.title}: {self.words}; {self.path}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        from wan_sdk.notebook.player import derived_bundle

        return derived_bundle(self)


def derive(
    takes: Sequence[Any], layout: str, make: Callable[[], Frames], *, title: str, words: str, folder: Path | None = None
) -> Derived:
    """Make, mark and sign a clip that shows takes, or find the one made before.

    Args:
      takes: The takes in it; their signed files become its ingredients.
      layout: Everything else that shapes it, so that the same sheet is made once.
      make: Lays out the frames.
      title: What it is.
      words: What can be seen.
      folder: Where it is kept; beside the takes unless given.
    """
    from wan_sdk.marking.deliver import deliver
    from wan_sdk.marking.manifest import Claims, Ingredient
    from wan_sdk.spec import Marking

    parents = tuple(take.id for take in takes)
    key = hashlib.sha256("\0".join([layout, *parents]).encode()).hexdigest()[:16]
    kept = (folder or takes[0].path.parent / FOLDER) / f"{key}.mp4"
    result = Derived(kept, title, words, parents)
    if kept.exists():
        return result
    frames = make()
    ingredients = tuple(
        Ingredient(take.path, "video/mp4", "componentOf", take.content_id) for take in dict.fromkeys(takes)
    )
    claims = Claims(
        "derived",
        width=frames.width,
        height=frames.height,
        fps=frames.fps,
        frames=len(frames),
        ingredients=ingredients,
    )
    make_folder(kept.parent)
    deliver(frames, kept, marking=Marking(), claims=claims)
    return result


def make_folder(folder: Path) -> None:
    """Make a folder, or raise a StorageError that says why not."""
    from wan_sdk.media.encode import typed_write_errors

    with typed_write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
