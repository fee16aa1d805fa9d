"""Everything needed to make a take again, and what is known of how it was made."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib import metadata
from typing import Any

from wan_sdk._version import __version__
from wan_sdk.planning.call import Call
from wan_sdk.spec import Marking

_LIBRARIES = ("torch", "diffusers", "transformers", "numpy", "av", "c2pa-python")


@dataclass(frozen=True)
class MarkRecord:
    """What was marked, as it was read back from the finished file.

    Args:
      signed: Whether the file carries our C2PA manifest.
      watermark: Identifier in the pixels in hexadecimal, or None when none could be read back.
      psnr_db: Distance between the clean and the marked frames.
      log10_p: Base-10 logarithm of the watermark's proved false-alarm probability.
      unmarked_on_purpose: Whether marks were switched off with ``unsafe_unmarked=True``.
      warnings: What did not go as wished, in words; empty as a rule.
    """

    signed: bool
    watermark: str | None
    psnr_db: float | None = None
    log10_p: float | None = None
    unmarked_on_purpose: bool = False
    warnings: tuple[str, ...] = ()

    def words(self) -> str:
        """Say the marks as the slate shows them.

        >>> MarkRecord(True, "4c1f").words()
        'signed, watermarked'
        """
        if self.unmarked_on_purpose:
            return "unmarked on purpose"
        signed = "signed" if self.signed else "not signed"
        marks = f"{signed}, {'watermarked' if self.watermark else 'no watermark'}"
        return "; ".join((marks, *self.warnings))


@dataclass(frozen=True)
class Recipe:
    """Say how a take was made, so that it can be made again.

    Args:
      kind: "take" or "cut".
      spec: The Shot or Scene as plain data (arrays are named by their hash).
      calls: The model calls, in the order of the shots.
      weights: Hash of exactly the weight files that were used, by what used them: ``"nano"``, or for a student
        ``"nano/transformer_4step"``.
      frames_sha256: Hash of the delivered frames before any mark; equal recipes on one machine give equal hashes.
      marks: What was marked.
      device, dtype: Where and in which number format the model ran.
      libraries: Versions that made it.
      seconds: Wall time by stage.
    """

    kind: str
    spec: dict[str, Any]
    calls: tuple[Call, ...]
    weights: dict[str, str]
    frames_sha256: str
    marks: MarkRecord
    device: str = ""
    dtype: str = ""
    libraries: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data; `from_dict` turns it back."""
        return {
            "schema": "wan_sdk.Recipe/1",
            **{name: getattr(self, name) for name in ("kind", "spec", "weights", "frames_sha256")},
            "calls": [call.to_dict() for call in self.calls],
            "marks": asdict(self.marks),
            **{name: getattr(self, name) for name in ("device", "dtype", "libraries", "seconds")},
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Recipe:
        """Return the recipe that `to_dict` wrote."""
        fields = {name: value for name, value in data.items() if name != "schema"}
        fields["calls"] = tuple(Call.from_dict(call) for call in fields["calls"])
        marks = fields["marks"]
        fields["marks"] = MarkRecord(**{**marks, "warnings": tuple(marks.get("warnings", ()))})
        return cls(**fields)

    def to_json(self) -> str:
        """Return the recipe as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Return the recipe that `to_json` wrote."""
        return cls.from_dict(json.loads(text))


def library_versions() -> dict[str, str]:
    """Return the versions of everything that shapes a take, without importing any of it."""
    versions = {"wan-sdk": __version__, "python": platform.python_version()}
    for name in _LIBRARIES:
        versions[name] = metadata.version(name)
    return versions


def latents_key(call: Call, weights_sha256: str, started_from: str = "") -> str:
    """Return the name under which a call's latents are kept.

    It covers what denoising reads. How frames are enlarged and in which tier the numbers were chosen
    is no part of it: a clip of another upscaler is decoded from the latents that are there.

    Args:
      call: The model call.
      weights_sha256: Hash of the weight files that denoising uses.
      started_from: Key of the native frames that this call continues, if any.
    """
    return frames_key(replace(call.native, tier="exact"), weights_sha256, started_from)


def frames_key(call: Call, weights_sha256: str, started_from: str = "") -> str:
    """Return the name of a call's clean frames.

    Args:
      call: The model call.
      weights_sha256: Hash of all weight files that the call uses, those that only decode among them.
      started_from: Key of the native frames that this call continues, if any.
    """
    return _sha256("latents", call.sha256(), weights_sha256, started_from)


def take_key(frames: str, marking: Marking, maker: str | None) -> str:
    """Return the name of a take: the same frames, marked the same way, for the same maker."""
    return _sha256("take", frames, json.dumps(marking.to_dict(), sort_keys=True), maker or "")


def cut_key(frames: Sequence[str], timeline: Any, marking: Marking, maker: str | None) -> str:
    """Return the name of a cut: the frames of these shots, joined and marked like this."""
    return _sha256("cut", *frames, repr(timeline), json.dumps(marking.to_dict(), sort_keys=True), maker or "")


def _sha256(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
