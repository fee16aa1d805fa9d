"""What a watermark is to the rest of the house: two calls, and what they answer.

A backend is anything with `embed` and `detect` of this shape. `ssw` is built in; others are found
through the entry-point group ``wan_sdk.watermarkers``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np

Verdict = Literal["MARKED", "TRACE", "NONE"]
Effort = Literal["fast", "normal", "deep"]
Ledger = Iterable[int] | Callable[[], Iterable[int]]


@dataclass(frozen=True)
class Geometry:
    """Say how the picture that was read lies in the picture that was marked.

    >>> Geometry(scale=0.7071).words()
    'seen as a crop of 71 % of the height'

    Args:
      scale: Height of what is seen, in heights of the marked picture: 0.5 is a crop to half the
        height, 2 an inset at half size.
      aspect: Horizontal over vertical stretch that was applied; 1 is none.
      rotation_deg: Turn of the picture, degrees, positive counter-clockwise as seen.
      flip: Whether the picture is mirrored left to right.
      shift: Where the centre of what is seen lies in the marked picture, in marked heights from its
        centre (x to the right, y down).
      bent: Whether a smooth field had to be put through it: perspective, a lens, a warp.
    """

    scale: float = 1.0
    aspect: float = 1.0
    rotation_deg: float = 0.0
    flip: bool = False
    shift: tuple[float, float] = (0.0, 0.0)
    bent: bool = False

    def words(self) -> str:
        """Describe the geometry in plain words."""
        said = []
        if self.scale < 0.98:
            said.append(f"seen as a crop of {self.scale:.0%} of the height".replace("%", " %"))
        elif self.scale > 1.02:
            said.append(f"seen as an inset at {1 / self.scale:.0%} size".replace("%", " %"))
        if abs(self.aspect - 1) > 0.01:
            said.append(f"stretched {self.aspect:.2f} times in width")
        if abs(self.rotation_deg) > 0.15:
            said.append(f"turned by {self.rotation_deg:.1f} degrees")
        if self.flip:
            said.append("mirrored")
        if self.bent:
            said.append("bent or in perspective")
        if not said and max(map(abs, self.shift)) > 0.01:
            said.append("shifted")
        return ", ".join(said) or "seen as it was marked"

    def to_dict(self) -> dict[str, Any]:
        """Return the geometry as JSON values."""
        return {
            "scale": round(self.scale, 4),
            "aspect": round(self.aspect, 4),
            "rotation_deg": round(self.rotation_deg, 2),
            "flip": self.flip,
            "shift": [round(self.shift[0], 4), round(self.shift[1], 4)],
            "bent": self.bent,
            "words": self.words(),
        }


@dataclass(frozen=True)
class Segment:
    """Say how strongly a stretch of the clip carries the mark.

    Args:
      start: First frame of the stretch.
      stop: Frame after the last one.
      z: Pilot and payload together, standard normal on pictures without the mark.
      start_s: Start in seconds, or None when the speed of the clip is not known.
      end_s: End in seconds, or None.
      marked: Whether the stretch counts as marked.
    """

    start: int
    stop: int
    z: float
    start_s: float | None = None
    end_s: float | None = None
    marked: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the segment as JSON values."""
        return {
            "start": self.start,
            "stop": self.stop,
            "start_s": self.start_s,
            "end_s": self.end_s,
            "z": round(self.z, 2),
            "marked": self.marked,
        }


@dataclass(frozen=True, eq=False)
class Marked:
    """Hold pixels that carry the mark.

    Args:
      pixels: As they came in (same type, shape and range), with the mark.
      psnr_db: Peak signal-to-noise ratio of the marked against the clean pixels, dB.
      strength: The strength that was used.
    """

    pixels: np.ndarray
    psnr_db: float
    strength: float


@dataclass(frozen=True)
class DetectionResult:
    """Say whether the mark is there, how sure that is, and which id it holds.

    Args:
      present: Whether the proof holds: ``log10_p`` is under the level that was asked for.
      verdict: ``MARKED`` (the payload is proved), ``TRACE`` (only the pilot is) or ``NONE``.
        ``CONFIRMED`` is not for the detector to say: it takes the ledger and a likeness of content.
      log10_p: Proved upper bound of the chance that a clip without this mark looks like this.
      payload: The 64-bit id, or None.
      bits_corrected: Code bits of 512 that were read wrong and put right.
      z_pilot: Strength of the carriers that are the same in every clip of this key.
      z_payload: Strength of the carriers that spell the id.
      geometry: How what was seen lies in what was marked.
      segments: Strength along the clip.
      hypotheses: How many geometries, shifts among them, were tried.
      seconds: Time that the search took.
      key_id: Which key was looked for.
      reason: Why the answer is what it is, in words.
      frames: How many frames were read.
      extra: What a backend wants to add.
    """

    present: bool
    verdict: Verdict
    log10_p: float
    payload: int | None = None
    bits_corrected: int = 0
    z_pilot: float = 0.0
    z_payload: float = 0.0
    geometry: Geometry = field(default_factory=Geometry)
    segments: tuple[Segment, ...] = ()
    hypotheses: int = 0
    seconds: float = 0.0
    key_id: str = ""
    reason: str = ""
    frames: int = 0
    extra: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def p_value(self) -> float:
        """The bound as a plain number; 0.0 when it is smaller than a float can hold."""
        return float(10.0**self.log10_p) if self.log10_p > -300 else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON values, the payload in hex."""
        return {
            "present": self.present,
            "verdict": self.verdict,
            "payload": None if self.payload is None else f"{self.payload:016x}",
            "log10_p": round(self.log10_p, 2),
            "bits_corrected": self.bits_corrected,
            "z_pilot": round(self.z_pilot, 2),
            "z_payload": round(self.z_payload, 2),
            "geometry": self.geometry.to_dict(),
            "segments": [segment.to_dict() for segment in self.segments],
            "hypotheses": self.hypotheses,
            "seconds": round(self.seconds, 3),
            "key_id": self.key_id,
            "reason": self.reason,
        }


@runtime_checkable
class Watermarker(Protocol):
    """Mark pixels and find the mark again."""

    name: str

    def embed(self, pixels: Any, payload: int, *, key: bytes | None = None, strength: float = 1.1) -> Marked:
        """Return the pixels with the payload in them."""
        ...

    def detect(
        self,
        pixels: Any,
        *,
        key: bytes | None = None,
        effort: Effort = "normal",
        fps: float | None = None,
        alpha: float = 1e-9,
        ledger: Ledger | None = None,
    ) -> DetectionResult:
        """Look for the mark; never raises on odd pixels."""
        ...
