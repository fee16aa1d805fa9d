"""A finished clip: the signed file, how it was made, and what can be done with it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from wan_sdk import _doors
from wan_sdk.errors import MediaError, StorageError, UsageError
from wan_sdk.recipe import Recipe
from wan_sdk.spec import Shot, Size

if TYPE_CHECKING:
    import numpy as np

    from wan_sdk.marking.verdict import Verdict
    from wan_sdk.nano.measure import Measurement


@dataclass(frozen=True, eq=False)
class Clip:
    """What a Take and a Cut have in common: a signed file and its recipe.

    Args:
      id: First 16 hexadecimal digits of the file's SHA-256; names it in the gallery.
      path: The signed file.
      recipe: How it was made.
      content_id: The id under which the ledger knows it.
      created: When, seconds since 1970.
      reused: Whether it lay in the gallery already and was not rendered again.
    """

    id: str
    path: Path
    recipe: Recipe
    content_id: str = field(default="", kw_only=True)
    created: float = field(default=0.0, kw_only=True)
    reused: bool = field(default=False, kw_only=True)

    @cached_property
    def frames(self) -> np.ndarray:
        """The clip's frames, decoded from the signed file: uint8 [frames, height, width, 3]."""
        from wan_sdk.media.read import read_video

        self._check_there()
        return read_video(self.path).pixels

    @property
    def fps(self) -> float:
        """Frames per second."""
        return self.recipe.calls[0].fps

    @property
    def size(self) -> Size:
        """Width and height in pixels, as delivered."""
        return Size(*self.recipe.calls[0].delivered_size)

    @cached_property
    def poster(self) -> bytes:
        """A JPEG of the frame in the middle."""
        from wan_sdk.media.encode import jpeg_bytes

        return jpeg_bytes(self.frames[len(self.frames) // 2])

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.frames) / self.fps

    def verify(self) -> Verdict:
        """Read the marks back from the file and say what they prove.

        >>> take.verify().state              # doctest: +SKIP
        'TRUSTED'
        """
        from wan_sdk.marking.verify import verify

        return verify(self.path)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Copy the signed file, byte for byte; an existing file of that name is replaced.

        Args:
          path: A file name, or a folder that exists.

        Raises:
          StorageError: If it cannot be written there; nothing is left half-written.
        """
        self._check_there()
        target = Path(path).expanduser()
        if target.is_dir():
            target = target / self.path.name
        copy_whole(self.path, target)
        return target

    def compare(self, other: Clip) -> Any:
        """Show this and another clip side by side, playing in step."""
        return _doors.compare(self, other)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        return _doors.mimebundle(self)

    def _check_there(self) -> None:
        if not self.path.exists():
            raise MediaError(
                "the file is no longer there",
                where=str(self.path),
                hint="render it again: what is kept of it in the gallery makes that quick",
            )


@dataclass(frozen=True, eq=False, repr=False)
class Take(Clip):
    """One rendered shot.

    >>> take = Shot("a red ball rolls over green grass at sunset", seconds=2).render()   # doctest: +SKIP
    >>> take.verify().state                                                              # doctest: +SKIP
    'TRUSTED'
    """

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        call = self.recipe.calls[0]
        return call.num_frames / call.fps

    @property
    def shot(self) -> Shot:
        """The shot it was rendered from."""
        return Shot.from_dict(self.recipe.spec)

    def measure(self) -> Measurement:
        """Read camera, subject colour, flicker and seam from the clip's pixels.

        >>> take.measure().words       # doctest: +SKIP
        'the camera pans 20 degrees to the right'
        """
        from wan_sdk.media.frames import Frames
        from wan_sdk.nano.measure import measure

        return measure(Frames(self.frames, self.fps))

    def __repr__(self) -> str:
        call = self.recipe.calls[0]
        width, height = call.delivered_size
        return (
            f"Take {self.id}: {call.model}, {call.num_frames} frames of {width}x{height} at {call.fps:g} fps, "
            f"seed {call.seed}, {call.num_inference_steps} steps; {self.recipe.marks.words()}; {self.path}"
        )


class Takes(Sequence[Take]):
    """Several takes with named axes, in the order of the sweep.

    >>> takes = shot.sweep(seed=range(4), guidance=[4, 6]).render()     # doctest: +SKIP
    >>> takes.pick(seed=2, guidance=6)                                  # doctest: +SKIP

    Args:
      takes: One for each combination, the last axis changing fastest.
      axes: Values by axis name, in order.
    """

    def __init__(self, takes: Sequence[Take], axes: Mapping[str, Sequence[Any]]) -> None:
        self._takes = tuple(takes)
        self.axes = {name: tuple(values) for name, values in axes.items()}

    @overload
    def __getitem__(self, index: int) -> Take: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Take]: ...
    def __getitem__(self, index: int | slice) -> Take | Sequence[Take]:
        return self._takes[index]

    def __len__(self) -> int:
        return len(self._takes)

    def __iter__(self) -> Iterator[Take]:
        return iter(self._takes)

    def __repr__(self) -> str:
        axes = " x ".join(f"{name} {list(values)}" for name, values in self.axes.items())
        return f"Takes: {len(self)} of {axes}"

    def pick(self, **values: Any) -> Take:
        """Return the one take that has these values.

        Raises:
          UsageError: If an axis or value does not exist, or more than one take fits.
        """
        for name, value in values.items():
            if name not in self.axes:
                raise UsageError(f"there is no axis {name!r}", where="Takes.pick", hint=f"axes: {', '.join(self.axes)}")
            if value not in self.axes[name]:
                raise UsageError(f"{name}={value!r} was not swept", where="Takes.pick",
                                 hint=f"{name} is one of {list(self.axes[name])}")  # fmt: skip
        found = [take for take, point in zip(self, self.points(), strict=True) if values.items() <= point.items()]
        if len(found) != 1:
            missing = [name for name in self.axes if name not in values]
            raise UsageError(f"{len(found)} takes fit", where="Takes.pick", hint=f"say also {', '.join(missing)}")
        return found[0]

    def points(self) -> list[dict[str, Any]]:
        """Return the values of each take by axis name, in order."""
        points: list[dict[str, Any]] = [{}]
        for name, values in self.axes.items():
            points = [{**point, name: value} for point in points for value in values]
        return points

    def sheet(self, *, rows: str | None = None, cols: str | None = None) -> Any:
        """Show all takes on one sheet, playing in step, labelled by what differs.

        Args:
          rows, cols: Which axis runs down and which across.
        """
        return _doors.sheet(self, rows=rows, cols=cols)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        return _doors.mimebundle(self)


def as_reused(clip: Any, spec: dict[str, Any]) -> Any:
    """Return a clip that lay in the gallery as what was asked for now: names and titles are no part of its key."""
    return replace(clip, reused=True, recipe=replace(clip.recipe, spec=spec))


def copy_whole(source: Path, target: Path) -> None:
    """Copy a file so that the target is either whole or untouched.

    Raises:
      StorageError: If the folder cannot be written or is full.
    """
    from wan_sdk.media.encode import typed_write_errors
    from wan_sdk.media.whole_file import put_in_place, temporary_beside

    temporary = temporary_beside(target)
    with typed_write_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(source, temporary)
            put_in_place(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)


def prepare_folder(folder: Path, *, where: str, hint: str) -> None:
    """Make a folder and find out whether it can be written.

    Raises:
      StorageError: If it cannot; says `where` and the `hint`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as problem:
        raise StorageError(f"cannot be written ({problem.strerror or problem})", where=where, hint=hint) from None
