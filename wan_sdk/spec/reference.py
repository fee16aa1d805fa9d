"""Pictures, clips and sounds that a shot starts from or follows."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from os import PathLike, fspath
from typing import Any, Literal, Self

from wan_sdk.errors import SpecError
from wan_sdk.spec.checks import checked_choice, checked_number, checked_path
from wan_sdk.spec.pixels import Pixels, PixelsKind, is_array
from wan_sdk.spec.schema import Written, number_written

ReferenceKind = Literal["image", "video", "audio", "mask", "previous"]
ImageRole = Literal["first_frame", "last_frame", "subject", "style"]
VideoRole = Literal["restyle", "continue", "motion", "control", "subject"]
AudioRole = Literal["music", "voice"]

ROLES: dict[str, tuple[str, ...]] = {
    "image": ("first_frame", "last_frame", "subject", "style"),
    "video": ("restyle", "continue", "motion", "control", "subject"),
    "audio": ("music", "voice"),
    "mask": ("mask",),
    "previous": ("continue",),
}
"""What each kind can be for; the first is meant when nothing is said."""

_WITH_STRENGTH = ("restyle", "control")


@dataclass(frozen=True, repr=False)
class Reference(Written):
    """Give a shot a picture, a clip or a sound: make one with `image`, `video`, `audio`, `mask` or `previous`.

    >>> Reference.image("mara.png", role="subject").plain()
    {'kind': 'image', 'role': 'subject', 'path': 'mara.png'}

    Two are equal when their source, role, strength and pin are. The file behind one is read when
    it is planned. Arrays are copied, read-only, and compare by their bytes.

    Args:
      kind: ``"image"``, ``"video"``, ``"audio"``, ``"mask"`` or ``"previous"``.
      role: What it is for; `ROLES` lists what each kind can be.
      path: The file, or None.
      pixels: A picture or clip that stands in memory, or None.
      strength: Of a restyle, the noise level where denoising starts; of a control, its weight.
      sha256: Optional pin: the plan refuses a file that has another hash.
    """

    kind: ReferenceKind
    role: str
    path: str | None = None
    pixels: Pixels | None = None
    strength: float | None = None
    sha256: str | None = None

    def __post_init__(self) -> None:
        checked_choice(self.kind, "kind", ROLES, where="Reference")
        where = f"Reference.{self.kind}"
        checked_choice(self.role, "role", ROLES[self.kind], where=where)
        sources = (self.path is not None) + (self.pixels is not None)
        if sources != (0 if self.kind == "previous" else 1):
            wanted = "no source: it is the end of the shot before" if self.kind == "previous" else "a file or an array"
            raise SpecError(
                f"a reference of this kind has {wanted}", where=where, hint="make it with Reference.image(...)"
            )
        if self.path is not None:
            object.__setattr__(self, "path", checked_path(self.path, where))
        if self.strength is not None:
            if self.role not in _WITH_STRENGTH:
                raise SpecError(
                    f"strength is {self.strength!r}, but the role {self.role!r} has none",
                    where=where,
                    hint=f"only {' and '.join(_WITH_STRENGTH)} have a strength",
                )
            strength = checked_number(
                self.strength,
                "strength",
                where=where,
                above=0,
                most=1,
                whole_hint="0.6 keeps the layout, 1 nearly nothing",
            )
            object.__setattr__(self, "strength", strength)
        if self.sha256 is not None:
            object.__setattr__(self, "sha256", _checked_hash(self.sha256, where))

    @classmethod
    def image(
        cls, source: str | PathLike[str] | Any, role: ImageRole = "first_frame", *, sha256: str | None = None
    ) -> Self:
        """Use a picture.

        Args:
          source: A file, or a uint8 array [height, width, 3].
          role: ``"first_frame"``, ``"last_frame"``, ``"subject"`` or ``"style"``.
          sha256: Optional pin of the file.
        """
        return cls("image", role, **_source(source, "image"), sha256=sha256)

    @classmethod
    def video(
        cls,
        source: str | PathLike[str] | Any,
        role: VideoRole = "restyle",
        *,
        strength: float | None = None,
        sha256: str | None = None,
    ) -> Self:
        """Use a clip.

        >>> Reference.video("walk.mp4", strength=0.6).role
        'restyle'

        Args:
          source: A file, frames (with ``pixels`` and ``fps``), or a uint8 array [frames, height, width, 3].
          role: ``"restyle"``, ``"continue"`` (start on its end), ``"motion"``, ``"control"`` or ``"subject"``.
          strength: 0 < strength <= 1, for a restyle or a control.
          sha256: Optional pin of the file.
        """
        return cls("video", role, **_source(source, "video"), strength=strength, sha256=sha256)

    @classmethod
    def audio(cls, source: str | PathLike[str], role: AudioRole = "music", *, sha256: str | None = None) -> Self:
        """Use a sound.

        Args:
          source: A file.
          role: ``"music"`` or ``"voice"``.
          sha256: Optional pin of the file.
        """
        return cls("audio", role, path=checked_path(source, "Reference.audio"), sha256=sha256)

    @classmethod
    def mask(cls, source: str | PathLike[str] | Any, *, sha256: str | None = None) -> Self:
        """Say where a restyled or controlled clip may change: white may, black stays.

        Args:
          source: A file, or a uint8 or bool array [height, width] or [frames, height, width].
          sha256: Optional pin of the file.
        """
        return cls("mask", "mask", **_source(source, "mask"), sha256=sha256)

    @classmethod
    def previous(cls) -> Self:
        """Start on the end of the shot before this one.

        >>> Reference.previous().plain()
        {'kind': 'previous'}
        """
        return cls("previous", "continue")

    def with_path(self, path: str | PathLike[str]) -> Self:
        """Return the reference to another file; the pin stays, so pin again what changed."""
        return replace(self, path=checked_path(path, f"Reference.{self.kind}"), pixels=None)

    def with_role(self, role: str) -> Self:
        """Return the reference in another role."""
        return replace(self, role=role)

    def with_strength(self, strength: float | None) -> Self:
        """Return the reference with another strength."""
        return replace(self, strength=strength)

    def with_sha256(self, sha256: str | None) -> Self:
        """Return the reference pinned to one content of the file, or to none."""
        return replace(self, sha256=sha256)

    def fields_written(self) -> dict[str, Any]:
        """Return the fields that say something.

        Raises:
          SpecError: For an array, which no text can hold: save a file and give its path.
        """
        if self.pixels is not None:
            raise SpecError(
                f"an array of the shape {list(self.pixels.shape)} cannot be written as text",
                where=f"Reference.{self.kind}",
                hint="save it (mediapy.write_image or write_video) and give the file's path instead",
            )
        written: dict[str, Any] = {"kind": self.kind}
        if len(ROLES[self.kind]) > 1:
            written["role"] = self.role
        if self.path is not None:
            written["path"] = self.path
        if self.strength is not None:
            written["strength"] = number_written(self.strength)
        if self.sha256 is not None:
            written["sha256"] = self.sha256
        return written

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Self:
        """Return the reference of written fields."""
        kind = checked_choice(fields.get("kind"), "kind", ROLES, where="Reference")
        return cls(**{"role": ROLES[kind][0], **fields})

    @classmethod
    def field_names(cls) -> tuple[str, ...]:
        """Return the keys of the written form."""
        return ("kind", "role", "path", "strength", "sha256")

    def __repr__(self) -> str:
        if self.kind == "previous":
            return "Reference.previous()"
        said = [repr(self.path) if self.path is not None else repr(self.pixels)]
        said += [f"role={self.role!r}"] if self.kind != "mask" else []
        said += [f"strength={number_written(self.strength)}"] if self.strength is not None else []
        said += [f"sha256={self.sha256!r}"] if self.sha256 is not None else []
        return f"Reference.{self.kind}({', '.join(said)})"


def _source(source: Any, kind: PixelsKind) -> dict[str, Any]:
    where = f"Reference.{kind}"
    if isinstance(source, str | PathLike):
        return {"path": checked_path(fspath(source), where)}
    if is_array(source):
        return {"pixels": Pixels.of(source, kind, where=where)}
    if is_array(getattr(source, "pixels", None)):
        return {"pixels": Pixels.of(source.pixels, kind, where=where, fps=getattr(source, "fps", None))}
    raise SpecError(
        f"the source is a {type(source).__name__}; it must be a file's path or a numpy array",
        where=where,
        hint="np.asarray(...) turns pictures of other libraries",
    )


def _checked_hash(value: object, where: str) -> str:
    text = value.lower() if isinstance(value, str) else ""
    if re.fullmatch(r"[0-9a-f]{64}", text):
        return text
    raise SpecError(f"sha256 is {value!r:.80}; it must be 64 hexadecimal digits", where=where, hint="leave it out")
