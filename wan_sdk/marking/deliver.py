"""From clean frames to a delivered clip: watermark, encode, read back, sign, read back, record, put in place.

The order is the point. The watermark counts only if it can be read from the finished file; the
credentials are the last write; and nothing has the final name before all of it is done.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Protocol

import numpy as np

from wan_sdk._version import __version__
from wan_sdk.errors import SignerError, StorageError
from wan_sdk.marking import watermark
from wan_sdk.marking.atomic import unfinished
from wan_sdk.marking.authority import remember_anchor
from wan_sdk.marking.essence import Essence, essence_of_clip, file_sha256, packet_sha256
from wan_sdk.marking.fingerprint import Fingerprint
from wan_sdk.marking.label import TEXT, draw_label
from wan_sdk.marking.ledger import AssetRecord, Ledger
from wan_sdk.marking.manifest import Claims, build_manifest, new_content_id
from wan_sdk.marking.signer import Signatory, local_signatory, time_stamp_url
from wan_sdk.marking.signing import sign_file, with_origin
from wan_sdk.marking.watermark import payload_hex
from wan_sdk.media.encode import ClipWriter
from wan_sdk.media.frames import Frames
from wan_sdk.media.read import iter_frames
from wan_sdk.media.whole_file import put_in_place
from wan_sdk.spec.marking import Marking

FIRST_STRENGTH = watermark.STRENGTHS["standard"]
MOST_ATTEMPTS = 2
CHUNK_FRAMES = 96  # as many as a shot has, or a few less: what one takes anyway


class Listen(Protocol):
    """Hear that a stage ("mark", "encode" or "sign") is "started", or "done" after so many seconds."""

    def __call__(self, stage: str, phase: str, seconds: float = 0.0) -> None:
        """Hear it."""


@dataclass(frozen=True)
class WatermarkReading:
    """The watermark as it was read from the finished file.

    Args:
      payload: The id, 16 hexadecimal digits.
      psnr_db: Distance of the marked from the clean frames, before encoding.
      log10_p: Base-10 logarithm of the proved false-alarm probability.
      z: Strength of the payload's carriers in standard deviations; about 13 can be read.
      strength: What it was embedded with.
      attempts: 1, or 2 if it had to be made stronger.
      read_back: Whether the id was read back.
    """

    payload: str
    psnr_db: float
    log10_p: float
    z: float
    strength: float
    attempts: int
    read_back: bool


@dataclass(frozen=True)
class Delivered:
    """A clip that was delivered.

    Args:
      path: The file.
      content_id: UUIDv7; names it in the manifest and in the ledger.
      sha256: Of the file.
      frames_sha256: Of the clean frames, before any mark.
      signed: Whether it carries credentials.
      payload: The id in its pixels, 16 hexadecimal digits, or None when none could be read back.
      watermark_claimed: Whether it was read back from the finished file, so that it may be claimed;
        a signed clip's manifest then claims it.
      watermark: How the mark was read back; None when none was wanted.
      fingerprint: Its likeness.
      seconds: By stage: "mark", "encode", "sign".
      warnings: What did not go as wished, in words; empty as a rule.
      unsafe_unmarked: Whether both marks were left off on purpose.
    """

    path: Path
    content_id: str
    sha256: str
    frames_sha256: str
    signed: bool
    payload: str | None
    watermark_claimed: bool
    watermark: WatermarkReading | None
    fingerprint: Fingerprint
    seconds: dict[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    unsafe_unmarked: bool = False


def deliver(
    frames: Frames,
    destination: Path,
    *,
    marking: Marking,
    claims: Claims,
    project: str = "",
    home: Path | None = None,
    listen: Listen | None = None,
    signatory: Signatory | None = None,
) -> Delivered:
    """Mark, encode and sign a clip, read everything back, record it, and put it in place.

    >>> deliver(frames, Path("harbour.mp4"), marking=Marking(), claims=Claims("t2v", model="nano"))   # doctest: +SKIP

    Args:
      frames: Clean frames; even width and height.
      destination: Where the clip goes; what was there is replaced.
      marking: Which marks.
      claims: What the manifest says; content id, time and watermark are filled in here.
      project: Whose record it becomes.
      home: Folder of keys and ledger; default `settings.home()`.
      listen: Hears each stage begin and end.
      signatory: Who signs; this machine's own authority unless given.

    Raises:
      SignerError: If key, certificates or a required time stamp fail; before anything is encoded.
      MediaError: If the frames cannot be encoded.
      MarkingError: If the signed file does not read back as trusted.
      StorageError: If the folder cannot be written or is full. Nothing is left half-written.
    """
    return _Delivery(frames, destination, marking, claims, project, home, listen or _deaf, signatory).run()


@dataclass
class _Delivery:
    """One delivery on its way."""

    frames: Frames
    destination: Path
    marking: Marking
    claims: Claims
    project: str
    home: Path | None
    listen: Listen
    signatory: Signatory | None
    seconds: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def run(self) -> Delivered:
        created = dt.datetime.now(dt.UTC)
        self.claims = dataclasses.replace(
            self.claims,
            content_id=self.claims.content_id or new_content_id(created),
            created=self.claims.created or created,
            software={**_software(), **self.claims.software},
        )
        stamp_url = self._prepare_signing()
        try:
            with unfinished(self.destination.parent) as bench:
                encoded, mark = self._mark_and_encode(bench)
                with self._stage("sign"):
                    return self._sign_and_place(encoded, bench / "signed.mp4", mark, stamp_url)
        except OSError as problem:
            raise StorageError(
                f"the clip cannot be written ({problem.strerror or problem})",
                where=str(self.destination),
                hint="choose a folder that you may write to, on a disk with room",
            ) from None

    def _prepare_signing(self) -> str | None:
        """Find out now, before anything is encoded, whether signing can work."""
        if not self.marking.c2pa:
            self.signatory = None
            return None
        if self.signatory is None:
            self.signatory = local_signatory(self.home)
        else:
            remember_anchor(self.signatory.anchor_pem, self.home)
        ingredients = tuple(with_origin(item, self.home) for item in self.claims.ingredients)
        self.claims = dataclasses.replace(self.claims, ingredients=ingredients)
        self.warnings += [
            f"{item.title or 'an ingredient'} carries the watermark {item.mark} but no credentials: the new clip has "
            "an id of its own, and its credentials name the old one"
            for item in ingredients
            if item.mark
        ]
        url, problem = time_stamp_url(self.marking.tsa)
        if self.marking.tsa != "off" and url is None:
            self.warnings.append(f"signed without a time stamp: {problem}")
        return url

    def _mark_and_encode(self, bench: Path) -> tuple[Path, WatermarkReading | None]:
        encoded = bench / "encoded.mp4"
        if self.marking.watermark is None:
            self._encode(encoded, None)
            return encoded, None
        payload = watermark.new_payload()
        reading: WatermarkReading | None = None
        strength = FIRST_STRENGTH
        for attempt in range(1, MOST_ATTEMPTS + 1):
            embedder = self._encode(encoded, partial(self._embedder, payload, strength))
            assert embedder is not None
            with self._stage("mark"):
                found = watermark.detect(iter_frames(encoded), effort="fast", fps=self.frames.fps)
            reading = WatermarkReading(
                payload=payload_hex(payload),
                psnr_db=embedder.psnr_db,
                log10_p=found.log10_p,
                z=found.z_payload,
                strength=strength,
                attempts=attempt,
                read_back=found.payload == payload,
            )
            if reading.read_back:
                return encoded, reading
            raised = watermark.raised_strength(embedder)
            if raised is None:  # the picture's quality leaves no room
                break
            strength = raised
        self.warnings.append(
            f"the watermark could not be read back from the finished file (attempts: {reading.attempts}): "
            "the clip claims none"
        )
        return encoded, reading

    def _embedder(self, payload: int, strength: float) -> watermark.Embedder:
        embedder = watermark.Embedder(payload, (self.frames.width, self.frames.height), strength=strength)
        embedder.calibrate(watermark.examples(self.frames.pixels))
        return embedder

    def _encode(self, encoded: Path, prepare: Callable[[], watermark.Embedder] | None) -> watermark.Embedder | None:
        """Mark and encode chunk by chunk, in memory that does not grow with the length of the clip."""
        clip, embedder = self.frames, None
        with ClipWriter(encoded, width=clip.width, height=clip.height, fps=clip.fps) as writer:
            for first in range(0, len(clip), CHUNK_FRAMES):
                pixels = clip.pixels[first : first + CHUNK_FRAMES]
                if prepare is not None:
                    with self._stage("mark"):
                        embedder = embedder or prepare()
                        pixels = embedder.mark(pixels)
                with self._stage("encode"):
                    writer.write(draw_label(pixels) if self._labelled else pixels)
        return embedder

    @property
    def _labelled(self) -> bool:
        return self.marking.label == "always"

    def _sign_and_place(
        self, encoded: Path, signed: Path, mark: WatermarkReading | None, stamp_url: str | None
    ) -> Delivered:
        payload = mark.payload if mark and mark.read_back else None
        claims = dataclasses.replace(self.claims, watermark=payload, label=TEXT if self._labelled else None)
        salt = secrets.token_bytes(32)
        store = self._sign(encoded, signed, claims, salt, stamp_url)
        finished = signed if store else encoded
        essence = essence_of_clip(finished)
        sha256 = file_sha256(finished)
        self._record(claims, finished, sha256, essence, store, salt)
        put_in_place(finished, self.destination)
        return Delivered(
            path=self.destination,
            content_id=claims.content_id,
            sha256=sha256,
            frames_sha256=hashlib.sha256(np.ascontiguousarray(self.frames.pixels)).hexdigest(),
            signed=store is not None,
            payload=payload,
            watermark_claimed=payload is not None,
            watermark=mark,
            fingerprint=essence.fingerprint,
            seconds=self.seconds,
            warnings=tuple(self.warnings),
            unsafe_unmarked=self._unmarked_on_purpose,
        )

    def _sign(self, encoded: Path, signed: Path, claims: Claims, salt: bytes, stamp_url: str | None) -> bytes | None:
        """Return the manifest's bytes, or None when no credentials are wanted."""
        if self.signatory is None:
            return None
        manifest = build_manifest(claims, include_prompt=self.marking.prompt == "include", salt=salt)
        sign = partial(
            sign_file,
            encoded,
            signed,
            manifest,
            signatory=self.signatory,
            ingredients=claims.ingredients,
            home=self.home,
        )
        try:
            return sign(time_stamp_url=stamp_url)[1]
        except SignerError as problem:
            if stamp_url is None or self.marking.tsa == "required":
                raise
            self.warnings.append(f"signed without a time stamp: {problem.message}")
            return sign()[1]

    @property
    def _unmarked_on_purpose(self) -> bool:
        return not self.marking.c2pa and self.marking.watermark is None

    def _record(
        self, claims: Claims, finished: Path, sha256: str, essence: Essence, store: bytes | None, salt: bytes
    ) -> None:
        """Write the clip into the ledger; one that cannot be used costs a warning, never the render."""
        assert claims.created is not None
        asset = AssetRecord(
            content_id=claims.content_id,
            created=claims.created,
            sha256=sha256,
            packet_sha256=packet_sha256(finished),
            frames_sha256=essence.frames_sha256,
            fingerprint=essence.fingerprint,
            payload=claims.watermark,
            manifest=store,
            prompt_salt=salt if store else None,
            project=self.project,
        )
        event = "delivered unmarked on purpose" if self._unmarked_on_purpose else "delivered"
        details = {"signed": store is not None, "watermarked": claims.watermark is not None, "kind": claims.kind}
        try:
            Ledger(self.home).record(asset, event=event, details=details)
        except StorageError as problem:
            self.warnings.append(
                f"not recorded, so a stripped copy of it cannot be recovered: {problem.message} ({problem.where})"
            )

    @contextmanager
    def _stage(self, stage: str) -> Iterator[None]:
        self.listen(stage, "started")
        begun = time.perf_counter()
        yield
        seconds = time.perf_counter() - begun
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
        self.listen(stage, "done", seconds)


def _software() -> dict[str, str]:
    return {"wan_sdk": __version__, "c2pa-python": metadata.version("c2pa-python")}


def _deaf(stage: str, phase: str, seconds: float = 0.0) -> None:
    del stage, phase, seconds
