"""What shots start from: files and arrays, measured for the plan and kept for the recipe."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from wan_sdk.errors import MediaError
from wan_sdk.media.encode import typed_write_errors, write_png
from wan_sdk.media.frames import Frames
from wan_sdk.media.lossless import write_lossless_clip
from wan_sdk.media.probe import probe
from wan_sdk.media.read import read_image, read_video
from wan_sdk.planning.call import Probe
from wan_sdk.spec import Lora, Reference, Scene, Shot, Sweep
from wan_sdk.spec.pixels import Pixels

DEFAULT_FPS = 12.0


def measure(x: Shot | Scene | Sweep) -> dict[Reference | Lora, Probe]:
    """Measure every reference and LoRA file of a shot, scene or sweep, each once.

    Raises:
      MediaError: If a file is missing, empty, truncated, too large or no picture or clip.
    """
    return {thing: _measured(thing) for thing in materials_of(x)}


def materials_of(x: Shot | Scene | Sweep) -> list[Reference | Lora]:
    """Return every reference and LoRA with something behind it, each once, in order."""
    found: dict[Reference | Lora, None] = {}
    for shot in _shots(x):
        found |= dict.fromkeys(shot.references)
        found |= dict.fromkeys((*shot.loras, *(shot.look.loras if shot.look else ())))
    if isinstance(x, Scene):
        found |= dict.fromkeys(x.look.loras if x.look else ())
        found |= dict.fromkeys(person.reference for person in x.cast if person.reference)
    return [thing for thing in found if isinstance(thing, Lora) or thing.kind != "previous"]


def _shots(x: Shot | Scene | Sweep) -> Iterable[Shot]:
    return (x,) if isinstance(x, Shot) else x.shots


def _measured(thing: Reference | Lora) -> Probe:
    if isinstance(thing, Lora):
        return Probe("weights", _file_sha256(thing.path))
    if thing.pixels is not None:
        return _measured_pixels(thing.pixels)
    info = probe(thing.path)
    return Probe(info.kind, info.sha256, info.width, info.height, info.frames, info.fps, info.seconds)


def _measured_pixels(pixels: Pixels) -> Probe:
    frames = pixels.shape[0] if pixels.kind == "video" else 1
    height, width = pixels.shape[1:3] if pixels.kind == "video" else pixels.shape[:2]
    fps = (pixels.fps or DEFAULT_FPS) if pixels.kind == "video" else 0.0
    kind = "video" if pixels.kind == "video" else "image"
    return Probe(kind, pixels.sha256, width, height, frames, fps, frames / fps if fps else 0.0)


def _file_sha256(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as problem:
        raise MediaError(
            f"cannot be read ({problem.strerror})", where=path, hint="look at the path of the LoRA"
        ) from None


# -- arrays become files, so that a recipe holds everything needed to make a take again ---------------


def with_files(x: Any, folder: Path) -> Any:
    """Return the same shot, scene or sweep with every array kept as a lossless file and named by it.

    Args:
      x: Shot, Scene or Sweep.
      folder: Where the files go, named by the hash of their pixels, readable by the owner alone.

    Raises:
      StorageError: If they cannot be written; nothing is left half-written.
    """
    if isinstance(x, Shot):
        return x.with_references(*(_as_file(reference, folder) for reference in x.references))
    if isinstance(x, Sweep):
        axes = {
            name: [tuple(_as_file(reference, folder) for reference in tried) for tried in values]
            if name == "references"
            else values
            for name, values in x.axes.items()
        }
        return Sweep(with_files(x.shot, folder), axes)
    for index, shot in enumerate(x.shots):
        x = x.replacing(index, with_files(shot, folder))
    return x.with_cast(*(_person_with_file(person, folder) for person in x.cast))


def _person_with_file(person: Any, folder: Path) -> Any:
    if person.reference is None or person.reference.pixels is None:
        return person
    return replace(person, reference=_as_file(person.reference, folder))


def _as_file(reference: Reference, folder: Path) -> Reference:
    if reference.pixels is None:
        return reference
    pixels = reference.pixels
    path = folder / f"{pixels.sha256}{'.mkv' if pixels.kind == 'video' else '.png'}"
    with typed_write_errors(path):
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if pixels.kind == "video":
                write_lossless_clip(Frames(pixels.array, pixels.fps or DEFAULT_FPS), path)
            else:
                write_png(pixels.array, path)
            path.chmod(0o600)
    return reference.with_path(path)


# -- reading them for a call, when all of them are files ----------------------------------------------


def picture_of(reference: Reference) -> np.ndarray:
    """Return a picture, or the last frame of a clip: uint8 [height, width, 3]."""
    if reference.kind == "video":
        return read_video(reference.path, last=1).pixels[-1]
    return read_image(reference.path)


def clip_of(reference: Reference, *, fps: float, frames: int) -> Frames:
    """Return a clip at another speed, cut to a number of frames."""
    return read_video(reference.path, fps=fps, frames=frames)
