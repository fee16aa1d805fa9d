"""Read the marks of a file and say what they prove: credentials first, then content, then pixels, then likeness."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from wan_sdk.errors import MediaError, StorageError, UsageError
from wan_sdk.marking import watermark
from wan_sdk.marking.credentials import CredentialReading, read, read_store
from wan_sdk.marking.essence import Essence, essence_of_clip, essence_of_picture, file_sha256, packet_sha256
from wan_sdk.marking.fingerprint import MATCH, PROBABLE, RESEMBLES, distance
from wan_sdk.marking.ledger import AssetRecord, Ledger
from wan_sdk.marking.manifest import WATERMARK_ALG
from wan_sdk.marking.sniff import sniff
from wan_sdk.marking.verdict import State, Verdict
from wan_sdk.marking.watermark import DetectionResult, payload_hex
from wan_sdk.marking.watermark.protocol import Effort as DetectorEffort
from wan_sdk.media.read import iter_frames, read_image

Effort = Literal["auto", "fast", "normal", "deep"]

DETECTOR_FRAMES = 160

NO_LAYERS: Mapping[str, Mapping[str, Any]] = {
    "c2pa": {"found": False, "valid": False, "trusted": False, "codes": []},
    "watermark": {"present": None, "verdict": "NONE", "payload": None, "log10_p": None, "geometry": {}, "segments": []},
    "ledger": {"found": False, "route": None},
    "fingerprint": {},
    "label": {},
    "tags": {},
}


def verify(
    file: str | os.PathLike[str], *, effort: Effort = "auto", network: bool = False, home: Path | None = None
) -> Verdict:
    """Read every mark of a file and say what they prove; never raises on a file, whatever is in it.

    A signed file is judged by its credentials, and its watermark is read quickly. A file without
    credentials is looked up in the ledger by its packets and frames, then by the id in its pixels
    (which counts only if the clip resembles the record: a mark can be copied), then by likeness.

    >>> print(verify("harbour.mp4"))             # doctest: +SKIP
    TRUSTED: signed by an authority that this machine trusts, and nothing was changed since

    Args:
      file: A clip or a picture.
      effort: How hard to look for the watermark: "auto" (quickly in signed files, else as "normal"),
        "fast", "normal" or "deep".
      network: Whether addresses in the file may be followed. This version never does, either way.
      home: Folder of keys and ledger; default `settings.home()`.

    Raises:
      UsageError: If `effort` is not one of the four.
    """
    if effort not in get_args(Effort):
        raise UsageError(f"effort={effort!r} is not one of {', '.join(get_args(Effort))}", where="verify")
    del network
    try:
        path = Path(file).expanduser()
        return _Looking(path, effort, home).verdict()
    except Exception as problem:  # parsers of hostile files raise whatever they stumble over
        return Verdict("UNREADABLE", file=_shown(file), reasons=(_words(problem),), layers=NO_LAYERS)


@dataclass
class _Looking:
    """One look at one file: what was found so far, and why."""

    path: Path
    effort: Effort
    home: Path | None
    reasons: list[str] = field(default_factory=list)
    layers: dict[str, Mapping[str, Any]] = field(default_factory=lambda: dict(NO_LAYERS))
    credentials: CredentialReading = field(default_factory=CredentialReading)

    def verdict(self) -> Verdict:
        sha256 = file_sha256(self.path)
        self.credentials = read(self.path, home=self.home)
        if self.credentials.problem and not self.credentials.found:
            raise MediaError(self.credentials.problem)
        self.layers["c2pa"] = {
            "found": self.credentials.found,
            "valid": self.credentials.valid,
            "trusted": self.credentials.trusted,
            "codes": list(self.credentials.codes),
        }
        state = self._signed(sha256) if self.credentials.found else self._unsigned(sha256)
        return Verdict(
            state,
            file=_shown(self.path),
            reasons=tuple(dict.fromkeys(self.reasons)),
            layers=self.layers,
            ingredients=tuple(item.to_dict() for item in self.credentials.ingredients),
            signer=self.credentials.signer,
            signed_at=self.credentials.signed_at,
        )

    # -- files with credentials -------------------------------------------------------------------

    def _signed(self, sha256: str) -> State:
        told = self.credentials
        self.layers["label"] = {"claimed": told.valid and told.labelled}
        if not told.valid:
            self.reasons.append(f"its credentials do not fit it: {', '.join(told.codes) or told.problem}")
            with contextlib.suppress(Exception):  # whatever is wrong with it, it stays tampered with
                self._seek_original(sha256)
            return "TAMPERED"
        self.reasons.append("the signature and every hash hold")
        self.reasons += [
            f"an ingredient was changed before it was used: {item.title or item.relation} ({', '.join(item.codes)})"
            for item in told.ingredients
            if item.state == "TAMPERED"
        ]
        record = self._look_up("the file", lambda ledger: ledger.by_sha256(sha256))
        if record:
            self._found(record, "file")
        if self.effort != "fast":
            self._read_claimed_mark("deep" if self.effort == "deep" else "fast", record)
        if told.trusted:
            return "TRUSTED"
        self.reasons.append(
            "the signing certificate has ended, and no time stamp tells that it signed before (signer_expired)"
            if "signingCredential.expired" in told.codes
            else "the signer is not one that this machine trusts"
        )
        return "SIGNED_UNKNOWN"

    def _seek_original(self, sha256: str) -> None:
        """Say which of our clips was tampered with, if the content still tells."""
        essence, record = self._seek_record(sha256)
        if record is None and self.effort != "fast":
            self._seek_by_mark(essence, "fast")

    def _read_claimed_mark(self, effort: DetectorEffort, record: AssetRecord | None) -> None:
        claimed = [value for algorithm, value in self.credentials.soft_bindings if algorithm == WATERMARK_ALG]
        try:
            found = self._detect(effort)
        except MediaError as problem:
            self.reasons.append(f"its pixels could not be looked at: {problem.message}")
            return
        seen = payload_hex(found.payload) if found.payload is not None else None
        fits = seen is not None and seen in claimed
        confirmed = fits and record is not None and record.payload == seen
        self._tell_mark(found, "CONFIRMED" if confirmed else found.verdict)
        if fits:
            self.reasons.append("the watermark that the credentials name is in the pixels")
        elif claimed:
            self.reasons.append("the watermark that the credentials name was not found in the pixels")
        elif seen:
            self.reasons.append(f"the pixels carry an id that the credentials do not name: {seen}")

    def _confirm_mark(self, record: AssetRecord, essence: Essence) -> None:
        """Read the mark of a clip that its hash has led home; nothing depends on it."""
        with contextlib.suppress(MediaError):
            found = self._detect("fast", essence.frames)
            same = found.payload is not None and payload_hex(found.payload) == record.payload
            self._tell_mark(found, "CONFIRMED" if same else found.verdict)

    # -- files without ----------------------------------------------------------------------------

    def _unsigned(self, sha256: str) -> State:
        essence, record = self._seek_record(sha256)
        if record and self._is_signed(record):
            if self.effort != "fast":
                self._confirm_mark(record, essence)
            return "RECOVERED"
        state = self._seek_by_mark(essence, "normal" if self.effort == "auto" else self.effort)
        if state:
            return state
        if not record and self._seek_by_likeness(essence):
            return "RECOVERED"
        self.reasons.append("no credentials, no watermark that can be read, no record that fits")
        return "NONE"

    def _seek_record(self, sha256: str) -> tuple[Essence, AssetRecord | None]:
        """Look for a record by the hash of the file, of the packets, then of the decoded frames."""
        record = self._look_up("the file", lambda ledger: ledger.by_sha256(sha256))
        if record:
            self._found(record, "file")
        picture = self._is_picture()
        if not record and not picture:
            packets = packet_sha256(self.path)
            record = self._look_up("its packets", lambda ledger: ledger.by_packets(packets))
            if record:
                self._found(record, "essence", "packets")
        essence = essence_of_picture(self.path) if picture else essence_of_clip(self.path)
        if not record:
            record = self._look_up("its frames", lambda ledger: ledger.by_frames(essence.frames_sha256))
            if record:
                self._found(record, "essence", "frames")
        if not essence.whole:
            self.reasons.append(f"the clip is long: only its first {essence.frames} frames were looked at")
        return essence, record

    def _seek_by_mark(self, essence: Essence, effort: DetectorEffort) -> State | None:
        found = self._detect(effort, essence.frames)
        self._tell_mark(found, found.verdict)
        if found.payload is None:
            if found.verdict == "TRACE":
                self.reasons.append("the carriers of our watermark are there, but no id can be read")
                return "MARK_ONLY"
            return None
        payload = payload_hex(found.payload)
        record = self._look_up("the id in its pixels", lambda ledger: ledger.by_payload(payload))
        if record is None:
            self.reasons.append(f"the id {payload} is in the pixels, and this machine has no record of it")
            return "MARK_ONLY"
        apart = distance(essence.fingerprint, record.fingerprint)
        self.layers["fingerprint"] = {"distance": round(apart, 4), "content_id": record.content_id}
        if apart > RESEMBLES:
            self.reasons.append(
                f"the id {payload} belongs to another clip ({record.content_id}) that this one does not resemble "
                f"(distance {apart:.2f}, at most {RESEMBLES:g} counts): a copied mark"
            )
            return "MARK_ONLY"
        self._tell_mark(found, "CONFIRMED")
        self._found(record, "watermark")
        return "RECOVERED" if self._is_signed(record) else "MARK_ONLY"

    def _seek_by_likeness(self, essence: Essence) -> bool:
        nearest: list[tuple[AssetRecord, float]] = []

        def look(ledger: Ledger) -> AssetRecord | None:
            found = ledger.by_likeness(essence.fingerprint)
            nearest.extend([found] if found else [])
            return None

        self._look_up("its likeness", look)
        if not nearest or nearest[0][1] > PROBABLE:
            return False
        record, apart = nearest[0]
        self.layers["fingerprint"] = {"distance": round(apart, 4), "content_id": record.content_id}
        if apart > MATCH:
            self.reasons.append(
                f"it looks somewhat like a clip of this machine ({record.content_id}, distance {apart:.2f}): no proof"
            )
            return False
        self._found(record, "fingerprint")
        return self._is_signed(record)

    # -- the ledger -------------------------------------------------------------------------------

    def _look_up(self, what: str, query: Any) -> AssetRecord | None:
        try:
            found: AssetRecord | None = query(Ledger(self.home))
        except StorageError as problem:
            self.reasons.append(f"the ledger could not be asked for {what}: {problem.message}")
            self.layers["ledger"] = {"found": False, "route": None, "problem": problem.message}
            return None
        return found

    def _found(self, record: AssetRecord, route: str, by: str = "") -> None:
        self.layers["ledger"] = {"found": True, "route": route, "content_id": record.content_id} | (
            {"by": by} if by else {}
        )
        how = {
            "file": "the file itself is the one that was delivered",
            "essence": f"its {by} are those of a clip that was delivered here",
            "watermark": "the id in its pixels leads to a clip that it resembles",
            "fingerprint": "it looks like a clip that was delivered here",
        }[route]
        self.reasons.append(f"{how} ({record.content_id}, {record.created:%Y-%m-%d %H:%M} UTC)")

    def _is_signed(self, record: AssetRecord) -> bool:
        """Return whether the manifest that the ledger kept is whole and ours, and tell who signed it."""
        if record.manifest is None:
            self.reasons.append("the record says that it was delivered without credentials, on purpose")
            return False
        kept = read_store(record.manifest, home=self.home)
        # It read back as trusted before it was recorded, so a certificate that has ended since is no fault.
        if not kept.valid or not (kept.trusted or "signingCredential.expired" in kept.codes):
            self.reasons.append(f"the manifest in the record does not hold: {', '.join(kept.codes) or kept.problem}")
            return False
        self.credentials = replace(kept, found=False)
        return True

    # -- pixels -----------------------------------------------------------------------------------

    def _is_picture(self) -> bool:
        with self.path.open("rb") as stream:
            mime_type = sniff(stream.read(64))
        return bool(mime_type and mime_type.startswith("image/") and mime_type != "image/gif")

    def _detect(self, effort: DetectorEffort, frames: int | None = None) -> DetectionResult:
        pixels = read_image(self.path) if self._is_picture() else self._sampled(frames)
        return watermark.detect(pixels, effort=effort, ledger=self._known_payloads)

    def _known_payloads(self) -> list[int]:
        """Return the ids of this machine: one of them can be read where a free id no longer can."""
        try:
            return Ledger(self.home).payloads()
        except StorageError:
            return []

    def _sampled(self, frames: int | None) -> Iterator[np.ndarray]:
        """Yield at most DETECTOR_FRAMES frames, spread over the clip when its length is known, else its first."""
        stride = max(1, -(-(frames or 0) // DETECTOR_FRAMES))
        for index, frame in enumerate(iter_frames(self.path)):
            if index >= DETECTOR_FRAMES * stride:
                return
            if index % stride == 0:
                yield frame

    def _tell_mark(self, found: DetectionResult, verdict: str) -> None:
        told = found.to_dict()
        names = ("present", "payload", "log10_p", "geometry", "segments")
        self.layers["watermark"] = {**{name: told[name] for name in names}, "verdict": verdict}


def _shown(file: object) -> str:
    try:
        return os.fspath(file) if isinstance(file, str | os.PathLike) else repr(file)[:200]
    except Exception:
        return type(file).__name__


def _words(problem: BaseException) -> str:
    if isinstance(problem, MediaError):
        return problem.message
    if isinstance(problem, MemoryError):
        return "it needs more memory than there is"
    return " ".join(str(getattr(problem, "strerror", None) or problem).split())[:300] or type(problem).__name__
