"""A finished scene: its takes joined, marked and signed as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wan_sdk import _doors
from wan_sdk.spec import Scene
from wan_sdk.take import Clip, Take


@dataclass(frozen=True, eq=False, repr=False)
class Cut(Clip):
    """One rendered scene, with its takes as ingredients.

    >>> cut = scene.render()                 # doctest: +SKIP
    >>> [take.seed for take in cut.takes]    # doctest: +SKIP

    A take that was forgotten is not made up again from the cut: its file, its marks and its manifest are gone. What
    remains is its id, the beginning of its file's hash, by which a copy of the file is still known.

    Args:
      takes: Those of its takes that are kept, in the order of the shots.
      take_ids: The ids of all its takes, one for each shot, whether kept or forgotten.
    """

    takes: tuple[Take, ...] = ()
    take_ids: tuple[str, ...] = ()

    @property
    def by_shot(self) -> tuple[Take | None, ...]:
        """The take of each shot, or None where it was forgotten."""
        kept = {take.id: take for take in self.takes}
        return tuple(kept.get(id) for id in self.take_ids)

    @property
    def forgotten(self) -> tuple[str, ...]:
        """Ids of the takes that were forgotten, in the order of the shots."""
        return tuple(id for id, take in zip(self.take_ids, self.by_shot, strict=True) if take is None)

    @property
    def scene(self) -> Scene:
        """The scene it was rendered from."""
        return Scene.from_dict(self.recipe.spec)

    def storyboard(self) -> Any:
        """Show the shots in a row, with their seconds, cameras and transitions."""
        return _doors.storyboard(self)

    def __repr__(self) -> str:
        width, height = self.recipe.calls[0].delivered_size
        gone = f"takes forgotten: {', '.join(self.forgotten)}; " if self.forgotten else ""
        return (
            f"Cut {self.id}: {len(self.recipe.calls)} shots of {width}x{height} at {self.fps:g} fps; "
            f"{gone}{self.recipe.marks.words()}; {self.path}"
        )
