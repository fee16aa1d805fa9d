"""Content credentials of a file: what they say, and whether it holds.

Left to itself, the C2PA library would fetch addresses that stand in files and leave padding boxes
out of its hashes; the settings here forbid both.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import c2pa

from wan_sdk.marking.authority import anchors_pem
from wan_sdk.marking.boxes import has_credentials_box
from wan_sdk.marking.certificates import SIGNING_PURPOSES
from wan_sdk.marking.manifest import GENERATION, LABEL_ACTION
from wan_sdk.marking.sniff import sniff

# What says who signed and when, and nothing of whether the content still is what was signed.
_ABOUT_THE_SIGNER = ("signingCredential.", "timeStamp.", "claimSignature.outsideValidity")
_HARD_BINDINGS = ("assertion.bmffHash.mismatch", "assertion.dataHash.mismatch", "assertion.boxesHash.mismatch")
_SEARCHED_FOR_STORE = 64 * 2**20
_BMFF_TYPES = ("video/mp4", "video/quicktime", "image/avif", "image/heic")


@dataclass(frozen=True)
class IngredientReading:
    """What the credentials say of one ingredient, as it was when the clip was signed.

    Args:
      title: Its name in the manifest.
      relation: "inputTo", "parentOf" or "componentOf".
      state: "TRUSTED", "SIGNED_UNKNOWN", "TAMPERED", or "NONE" when it had no credentials.
      codes: What did not hold.
    """

    title: str
    relation: str
    state: str
    codes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the reading as JSON values."""
        return {"title": self.title, "relation": self.relation, "state": self.state, "codes": list(self.codes)}


@dataclass(frozen=True)
class CredentialReading:
    """What the credentials of a file say, and whether it holds.

    Args:
      found: Whether there are any.
      valid: Whether the signature and every hash hold.
      trusted: Whether, beyond that, the signer is one that this machine trusts.
      codes: What did not hold, in C2PA's codes.
      signer: Common name of the certificate that signed.
      signed_at: When, by the time-stamping service, else as the signer says (UTC).
      time_stamped: Whether a service vouches for the time.
      content_id: The clip's id, when it is one of ours.
      generation: How it was made, as signed; empty for other people's files.
      soft_bindings: (algorithm, value) of each watermark that is claimed.
      source_types: IPTC digital source types of its actions, drawn labels left out.
      labelled: Whether it says that words were drawn into the pictures.
      ingredients: What it was made from.
      problem: Why nothing could be read, in words.
    """

    found: bool = False
    valid: bool = False
    trusted: bool = False
    codes: tuple[str, ...] = ()
    signer: str | None = None
    signed_at: dt.datetime | None = None
    time_stamped: bool = False
    content_id: str = ""
    generation: dict[str, Any] = field(default_factory=dict)
    soft_bindings: tuple[tuple[str, str], ...] = ()
    source_types: tuple[str, ...] = ()
    labelled: bool = False
    ingredients: tuple[IngredientReading, ...] = ()
    problem: str = ""

    @property
    def state(self) -> str:
        """The reading in one word: TRUSTED, SIGNED_UNKNOWN, TAMPERED or NONE."""
        if not self.found:
            return "NONE"
        if not self.valid:
            return "TAMPERED"
        return "TRUSTED" if self.trusted else "SIGNED_UNKNOWN"


def read(path: Path, *, home: Path | None = None, anchors: str | None = None) -> CredentialReading:
    """Read the credentials of a file and check them; never raises on a file, never opens a socket.

    Args:
      path: A media file; what it is is told by its content.
      home: Folder of keys and ledger; default `settings.home()`.
      anchors: Trusted roots (PEM) instead of those of this machine.
    """
    trusted = anchors_pem(home) if anchors is None else anchors
    try:
        with path.open("rb") as stream:
            mime_type = sniff(stream.read(4096))
            if mime_type is None:
                return CredentialReading()
            boxed = mime_type in _BMFF_TYPES and has_credentials_box(stream)
            if mime_type in _BMFF_TYPES and not boxed and not _holds_a_store(stream):
                return CredentialReading()
            stream.seek(0)
            try:
                with c2pa.Reader(mime_type, stream, context=context(trusted)) as reader:
                    return _told(json.loads(reader.json()))
            except c2pa.C2paError as problem:
                return _unread(problem, boxed=boxed or _holds_a_store(stream))
    except (OSError, ValueError, RecursionError) as problem:
        return CredentialReading(problem=short(problem))


def read_store(store: bytes, *, home: Path | None = None) -> CredentialReading:
    """Read a manifest that was kept apart from its file: who signed it, and whether it is whole in itself.

    That it does not fit the bytes of a file is no fault here: the file is found by other means.
    """
    try:
        with c2pa.Reader("application/c2pa", io.BytesIO(store), context=context(anchors_pem(home))) as reader:
            return _told(json.loads(reader.json()), detached=True)
    except (c2pa.C2paError, ValueError, RecursionError) as problem:
        return CredentialReading(found=True, codes=("manifest.unreadable",), problem=short(problem))


def context(anchors: str) -> c2pa.Context:
    """Return the library's settings with these roots trusted; one for each process, as none survives a fork."""
    return _context(os.getpid(), anchors)


@lru_cache(maxsize=8)
def _context(_process: int, anchors: str) -> c2pa.Context:
    trust = {"trust_config": "\n".join(purpose.dotted_string for purpose in SIGNING_PURPOSES)}
    if anchors:
        trust["user_anchors"] = anchors
    return c2pa.Context.from_dict(
        {
            "trust": trust,
            # Addresses stand in files that strangers made: following one tells them who looked, and when.
            "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
            "core": {"allowed_network_hosts": [], "decode_identity_assertions": False},
            "builder": {
                "vendor": "wansdk",
                "thumbnail": {"enabled": False},
                # Else a megabyte in a padding box would leave a file trusted.
                "bmff_hash_exclude_free_and_skip_boxes": False,
                "created_assertion_labels": [
                    "c2pa.actions",
                    "c2pa.soft-binding",
                    "c2pa.ai-disclosure",
                    "c2pa.ingredient",
                ],
            },
        }
    )


def _unread(problem: c2pa.C2paError, *, boxed: bool) -> CredentialReading:
    """Tell a file without credentials from one whose credentials were torn."""
    if not boxed:
        return CredentialReading()
    return CredentialReading(found=True, codes=("manifest.unreadable",), problem=short(problem))


def _holds_a_store(stream: BinaryIO) -> bool:
    """Look for the first bytes of a manifest store (JUMBF, superbox of type c2pa) in a bounded part of the file."""
    stream.seek(0)
    return b"jumdc2pa" in stream.read(_SEARCHED_FOR_STORE)


def _told(report: dict[str, Any], *, detached: bool = False) -> CredentialReading:
    manifests = report.get("manifests") or {}
    active = manifests.get(report.get("active_manifest")) or {}
    results = report.get("validation_results") or {}
    checked = results.get("activeManifest") or {}
    failures = [code for code in _codes(checked.get("failure")) if not (detached and code in _HARD_BINDINGS)]
    broken = [code for code in failures if not code.startswith(_ABOUT_THE_SIGNER)]
    signature = active.get("signature_info") or {}
    data = {item.get("label", ""): item.get("data") for item in active.get("assertions") or []}
    generation = data.get(GENERATION)
    generation = generation if isinstance(generation, dict) else {}
    stamped = _moment(signature.get("time"))
    return CredentialReading(
        found=bool(active),
        valid=bool(active) and not broken,
        # Not the library's own state, which is "Valid" for signers that nobody knows.
        trusted=bool(active) and not failures and "signingCredential.trusted" in _codes(checked.get("success")),
        codes=tuple(dict.fromkeys(failures)),
        signer=_text(signature.get("common_name") or signature.get("issuer")),
        signed_at=stamped or _moment(generation.get("created")),
        time_stamped=stamped is not None,
        content_id=_text(generation.get("contentId")) or "",
        generation=generation,
        soft_bindings=tuple(_soft_bindings(data)),
        source_types=tuple(_source_types(data)),
        labelled=any(action.get("action") == LABEL_ACTION for action in _actions(data)),
        ingredients=tuple(_ingredients(active, results.get("ingredientDeltas") or [])),
    )


def _ingredients(active: dict[str, Any], deltas: list[dict[str, Any]]) -> Iterator[IngredientReading]:
    """A clip stays trusted when an ingredient was tampered with before; so each is looked at by itself."""
    later: dict[str, list[str]] = {}
    for delta in deltas:
        label = str(delta.get("ingredientAssertionURI", "")).rsplit("/", 1)[-1]
        later[label] = _codes((delta.get("validationDeltas") or {}).get("failure"))
    for item in active.get("ingredients") or []:
        results = (item.get("validation_results") or {}).get("activeManifest") or {}
        codes = [*_codes(results.get("failure")), *later.get(str(item.get("label")), [])]
        broken = [code for code in codes if not code.startswith(_ABOUT_THE_SIGNER)]
        if not item.get("active_manifest") and not codes:
            state = "NONE"
        elif broken:
            state = "TAMPERED"
        elif "signingCredential.trusted" in _codes(results.get("success")) and not codes:
            state = "TRUSTED"
        else:
            state = "SIGNED_UNKNOWN"
        yield IngredientReading(
            _text(item.get("title")) or "", _text(item.get("relationship")) or "", state, tuple(dict.fromkeys(codes))
        )


def _soft_bindings(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for label, binding in data.items():
        if not label.startswith("c2pa.soft-binding") or not isinstance(binding, dict):
            continue
        for block in binding.get("blocks") or []:
            value = block.get("value") if isinstance(block, dict) else None
            if isinstance(value, list):  # bytes, as the specification wants them, come out as numbers
                with contextlib.suppress(ValueError, TypeError):
                    value = bytes(value).hex()
            if isinstance(value, str):
                yield _text(binding.get("alg")) or "", value[:256]


def _source_types(data: dict[str, Any]) -> Iterator[str]:
    for action in _actions(data):
        if isinstance(action.get("digitalSourceType"), str) and action.get("action") != LABEL_ACTION:
            yield action["digitalSourceType"]


def _actions(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for label, assertion in data.items():
        if label.startswith("c2pa.actions") and isinstance(assertion, dict):
            yield from (action for action in assertion.get("actions") or [] if isinstance(action, dict))


def _codes(entries: object) -> list[str]:
    return (
        [str(entry.get("code")) for entry in entries or [] if isinstance(entry, dict)]
        if isinstance(entries, list)
        else []
    )


def _text(value: object) -> str | None:
    """Keep what a stranger wrote to one printable line: bidi marks, NUL and line ends do not pass."""
    if not isinstance(value, str) or not value:
        return None
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in value[:300])


def _moment(value: object) -> dt.datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = dt.datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def short(problem: BaseException) -> str:
    """Return what a library said, on one line."""
    return " ".join(str(problem).split())[:200]
