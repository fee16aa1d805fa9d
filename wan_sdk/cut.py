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

    Args:
      takes: One for each shot, in order; those that were forgotten are left out.
    """

    takes: tuple[Take, ...] = ()

    @property
    def scene(self) -> Scene:
        """The scene it was rendered from."""
        return Scene.from_dict(self.recipe.spec)

    def storyboard(self) -> Any:
        """Show the shots in a row, with their seconds, cameras and transitions."""
        return _doors.storyboard(self)

    def __repr__(self) -> str:
        width, height = self.recipe.calls[0].delivered_size
        return (
            f"Cut {self.id}: {len(self.recipe.calls)} shots of {width}x{height} at {self.fps:g} fps; "
            f"{self.recipe.marks.words()}; {self.path}"
        )
