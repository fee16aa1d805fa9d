"""The shots of a scene or cut in order, as a table that reads aloud."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wan_sdk.errors import WanError
from wan_sdk.notebook import html
from wan_sdk.notebook.camera_path import camera_path_png

POSTER_WIDTH = 200
HEADS = ("shot", "picture", "what is seen", "seconds", "camera", "comes in by")


@dataclass(frozen=True)
class Storyboard:
    """Show a scene or cut shot by shot.

    Args:
      scene: The scene.
      takes: One for each shot, None for one that was forgotten; empty before rendering.
    """

    scene: Any
    takes: tuple[Any, ...] = ()

    def __repr__(self) -> str:
        lines = [f"Storyboard of {self.scene.title!r}, {len(self.scene)} shots"]
        for index, shot in enumerate(self.scene.shots):
            seconds = f"{shot.seconds:g} s" if shot.seconds else "length of the model"
            lines.append(
                f"  {index + 1}. {html.readable(shot.prompt, 80)} ({seconds}; {camera_words(shot)}; "
                f"{self._transition(index)})"
            )
        return "\n".join(lines)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        return {"text/plain": repr(self), "text/html": str(self.html())}

    def html(self) -> html.Html:
        """Return the board as a table."""
        rows = [self._row(index, shot) for index, shot in enumerate(self.scene.shots)]
        return html.table(f"Storyboard of {html.readable(self.scene.title, 80)}", HEADS, rows)

    def _row(self, index: int, shot: Any) -> list[object]:
        take = self.takes[index] if self.takes else None
        seconds = take.seconds if take is not None and take.path.exists() else shot.seconds
        return [
            html.readable(shot.name or str(index + 1), 40),
            "its take was forgotten" if self.takes and take is None else _picture(shot, take),
            html.readable(shot.prompt, 200),
            f"{seconds:.2f}" if seconds else "as the model makes it",
            camera_words(shot),
            self._transition(index),
        ]

    def _transition(self, index: int) -> str:
        if index == 0:
            return "begins"
        transition = self.scene.transitions[index]
        length = f" of {transition.seconds:g} s" if transition.seconds else ""
        through = f" through {transition.colour}" if transition.colour else ""
        towards = f" towards {transition.towards}" if transition.towards else ""
        return f"{transition.kind}{length}{through}{towards}"


def storyboard(x: Any) -> Storyboard:
    """Return the storyboard of a Cut (with its pictures) or of a Scene (with its camera moves drawn)."""
    if hasattr(x, "takes"):
        return Storyboard(x.scene, x.by_shot)
    return Storyboard(x)


def camera_words(shot: Any) -> str:
    """Return a shot's camera in words."""
    return html.readable(shot.camera.words(), 160) if shot.camera else "no move"


def _picture(shot: Any, take: Any) -> html.Html | str:
    if take is not None:
        try:
            from wan_sdk.media.encode import jpeg_bytes
            from wan_sdk.media.fit import fit_inside

            small = fit_inside(take.frames[len(take.frames) // 2], 2 * POSTER_WIDTH, 2 * POSTER_WIDTH)
            return html.picture(jpeg_bytes(small, 80), alt=shot.prompt, width=POSTER_WIDTH)
        except WanError:
            return "its file is gone"
    if shot.camera is None:
        return ""
    words = f"The window of the camera over the first picture: {shot.camera.words()}"
    return html.picture(
        camera_path_png(shot.camera, width=POSTER_WIDTH), alt=words, width=POSTER_WIDTH, kind="image/png"
    )
