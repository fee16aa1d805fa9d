"""Signing a finished file: never in place, read back before it gets its name."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import itertools
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import c2pa

from wan_sdk.errors import MarkingError, MediaError, SignerError, StorageError
from wan_sdk.marking.atomic import unfinished
from wan_sdk.marking.authority import anchors_pem
from wan_sdk.marking.credentials import CredentialReading, context, read, short
from wan_sdk.marking.manifest import MADE_BY_MODEL, Ingredient, ingredient_id
from wan_sdk.marking.signer import Signatory
from wan_sdk.marking.sniff import MIME_TYPES, sniff
from wan_sdk.marking.watermark import already_marked, payload_hex
from wan_sdk.media.read import iter_frames, read_image
from wan_sdk.media.whole_file import put_in_place

_SEARCHED_FRAMES = 240  # of an ingredient, for a mark
_ALGORITHMS = {
    "es256": c2pa.C2paSigningAlg.ES256,
    "es384": c2pa.C2paSigningAlg.ES384,
    "es512": c2pa.C2paSigningAlg.ES512,
    "ps256": c2pa.C2paSigningAlg.PS256,
    "ed25519": c2pa.C2paSigningAlg.ED25519,
}


def sign_file(
    source: Path,
    destination: Path,
    manifest: dict[str, Any],
    *,
    signatory: Signatory,
    ingredients: Sequence[Ingredient] = (),
    time_stamp_url: str | None = None,
    home: Path | None = None,
) -> tuple[CredentialReading, bytes]:
    """Sign a copy of a file, read it back, and only then give it its name.

    >>> sign_file(Path("clip.mp4"), Path("signed.mp4"), manifest, signatory=local_signatory())   # doctest: +SKIP

    Args:
      source: The finished file; it is never changed.
      destination: Another file name; what was there is replaced.
      manifest: From `build_manifest`.
      signatory: Who signs.
      ingredients: In the order in which the manifest counts them.
      time_stamp_url: From `signer.time_stamp_url`.
      home: Folder of keys and ledger; default `settings.home()`.

    Returns:
      What was read back, and the manifest's bytes.

    Raises:
      MarkingError: If source and destination are one file, the source is signed already, it
        cannot carry credentials, or what was read back is not trusted and whole.
      SignerError: If the key or the time stamp fails.
      StorageError: If the folder is full or cannot be written.
    """
    if destination.exists() and source.samefile(destination):
        raise MarkingError("a file cannot be signed onto itself", where=str(source), hint="give another file name")
    if read(source, home=home).found:
        raise MarkingError(
            "the file carries credentials already, and signing it anew would drop them",
            where=str(source),
            hint="give it as an ingredient of the clip that is made from it",
        )
    anchors = anchors_pem(home) + signatory.anchor_pem
    try:
        with unfinished(destination.parent) as bench:
            signed = bench / "signed"
            store = _sign(source, signed, manifest, signatory, ingredients, time_stamp_url, anchors)
            reading = read(signed, anchors=anchors)
            if reading.state != "TRUSTED":
                raise MarkingError(
                    f"the signed file does not read back as trusted ({', '.join(reading.codes) or reading.problem})",
                    where=str(destination),
                    hint="look at the certificates with `wan-sdk doctor`; nothing was delivered",
                )
            put_in_place(signed, destination)
    except OSError as problem:
        raise StorageError(
            f"the signed file cannot be written ({problem.strerror or problem})",
            where=str(destination),
            hint="choose a folder that you may write to, on a disk with room",
        ) from None
    return reading, store


def with_origin(ingredient: Ingredient, home: Path | None = None) -> Ingredient:
    """Return an ingredient with its type told by its content and its origin by its own credentials.

    Without credentials, its pixels are searched for a watermark: what is made from it then links to that id.

    Raises:
      MediaError: If it is missing or of a kind that cannot be an ingredient.
    """
    with _opened(ingredient) as stream:
        mime_type = ingredient.mime_type or sniff(stream.read(4096))
    if mime_type not in MIME_TYPES:
        raise MediaError(
            f"ingredients of type {mime_type or 'unknown'} cannot be recorded",
            where=ingredient.title or "ingredient",
            hint=f"allowed are {', '.join(sorted(MIME_TYPES))}",
        )
    known = dataclasses.replace(ingredient, mime_type=mime_type)
    if not isinstance(ingredient.source, Path):
        return known
    reading = read(ingredient.source, home=home)
    if not reading.found:
        return dataclasses.replace(known, mark=_mark_of(ingredient.source, mime_type))
    made_by_model = reading.valid and bool(reading.source_types) and set(reading.source_types) == {MADE_BY_MODEL}
    return dataclasses.replace(known, made_by_model=made_by_model)


def _mark_of(path: Path, mime_type: str) -> str:
    state = path.stat()
    return _mark_in(path, mime_type, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=64)
def _mark_in(path: Path, mime_type: str, _modified_ns: int, _size: int) -> str:
    """Search a file's pixels for a mark: once, however many takes of a sweep are made from it."""
    try:
        pixels = (
            read_image(path)
            if mime_type.startswith("image/")
            else itertools.islice(iter_frames(path), _SEARCHED_FRAMES)
        )
        payload = already_marked(pixels)
    except MediaError:
        return ""  # no picture; whether it can be an ingredient at all is told elsewhere
    return "" if payload is None else payload_hex(payload)


def _sign(
    source: Path,
    signed: Path,
    manifest: dict[str, Any],
    signatory: Signatory,
    ingredients: Sequence[Ingredient],
    time_stamp_url: str | None,
    anchors: str,
) -> bytes:
    failures: list[BaseException] = []

    def sign_bytes(data: bytes) -> bytes:
        try:
            return signatory.sign(data)
        except Exception as problem:  # the library would swallow it and say only that COSE is invalid
            failures.append(problem)
            return b""

    try:
        signer = c2pa.Signer.from_callback(
            sign_bytes, _ALGORITHMS[signatory.algorithm], signatory.chain_pem, time_stamp_url
        )
        with signer, c2pa.Builder(manifest, context=context(anchors)) as builder:
            for index, ingredient in enumerate(ingredients):
                _add_ingredient(builder, index, ingredient)
            with source.open("rb") as unsigned, signed.open("w+b") as target:
                store = builder.sign(signer, manifest.get("format", "video/mp4"), unsigned, target)
                target.flush()
                return bytes(store)
    except c2pa.C2paError as problem:
        if failures:
            raise SignerError(f"the key could not sign: {failures[0]}", where=signatory.name) from failures[0]
        raise _signing_error(problem, source, time_stamp_url) from None


def _add_ingredient(builder: c2pa.Builder, index: int, ingredient: Ingredient) -> None:
    name = ingredient_id(index)
    about = {
        "title": ingredient.title or name,
        "relationship": ingredient.relation,
        "label": name,
        "instance_id": name,
    }
    try:
        with _opened(ingredient) as stream:
            builder.add_ingredient(about, ingredient.mime_type or "application/octet-stream", stream)
    except c2pa.C2paError as problem:
        raise MarkingError(
            f"cannot be recorded as an ingredient ({short(problem)})",
            where=ingredient.title or name,
            hint="see whether the file opens in a player or viewer",
        ) from None


@contextlib.contextmanager
def _opened(ingredient: Ingredient) -> Iterator[BinaryIO]:
    if isinstance(ingredient.source, bytes):
        yield io.BytesIO(ingredient.source)
        return
    try:
        stream = ingredient.source.open("rb")
    except OSError as problem:
        raise MediaError(f"cannot be read ({problem.strerror})", where=str(ingredient.source)) from None
    with stream:
        yield stream


def _signing_error(problem: c2pa.C2paError, source: Path, time_stamp_url: str | None) -> Exception:
    text = short(problem)
    if "No space left" in text or "os error 28" in text or "os error 27" in text or "File too large" in text:
        return StorageError("the disk is full; nothing was delivered", where=str(source.parent), hint="make room")
    if time_stamp_url and isinstance(problem, c2pa.C2paError.Signature):
        return SignerError(f"the time stamp failed ({text})", where=time_stamp_url, hint="Marking(tsa='off')")
    return MarkingError(f"cannot be signed ({text})", where=str(source))
