"""Where each shot of a scene stands in its cut, to the frame."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

TransitionKind = Literal["cut", "dissolve", "fade", "wipe"]


@dataclass(frozen=True)
class Placement:
    """One shot in the cut, with the way into it.

    Dissolve and wipe overlap: the shot starts `transition_frames` before the shot before it ends.
    A fade does not: its first half darkens the end of the shot before, its second half opens this one.

    Args:
      shot: Index in the scene, which is also the index of its call.
      start_frame: Frame of the cut on which its first shown frame stands.
      frames: Frames that are shown.
      skip_frames: Frames dropped at its start: 1 when it starts on the last frame of the shot
        before it by a plain cut, since that frame has just been seen.
      transition: How the cut comes into this shot.
      transition_frames: Length of it in frames; 0 for a plain cut.
      colour: Of a fade, e.g. "black".
      towards: Of a wipe: where its edge moves to.
    """

    shot: int
    start_frame: int
    frames: int
    skip_frames: int = 0
    transition: TransitionKind = "cut"
    transition_frames: int = 0
    colour: str | None = None
    towards: str | None = None

    @property
    def end_frame(self) -> int:
        """Frame of the cut after the last of this shot."""
        return self.start_frame + self.frames


@dataclass(frozen=True)
class Timeline:
    """All shots of a cut in order.

    >>> second = Placement(1, 19, 25, transition="dissolve", transition_frames=6)
    >>> timeline = Timeline(12.0, (Placement(0, 0, 25), second))
    >>> timeline.frames, round(timeline.seconds, 2), timeline.start_seconds(1)
    (44, 3.67, 1.5833333333333333)

    Args:
      fps: Frames per second of the cut and of every shot in it.
      placements: One for each shot.
    """

    fps: float
    placements: tuple[Placement, ...]

    @property
    def frames(self) -> int:
        """Frames of the whole cut."""
        return self.placements[-1].end_frame

    @property
    def seconds(self) -> float:
        """Length of the whole cut."""
        return self.frames / self.fps

    def start_seconds(self, index: int) -> float:
        """Return when a shot begins, seconds from the start of the cut."""
        return self.placements[index].start_frame / self.fps

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {"fps": self.fps, "placements": [asdict(item) for item in self.placements]}
