"""What of a clip survives when everything around it is stripped: packets, decoded frames, likeness.

Copying a clip to another container (MP4, MOV, MKV) keeps its packets; whatever else happens to a
container, the decoder gives the same frames; and what has been encoded anew still looks alike.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream

from wan_sdk.errors import MediaError
from wan_sdk.marking.fingerprint import Fingerprint, fingerprint_of, thumbnail
from wan_sdk.media.probe import checked_file, damaged, opened_clip, picture_stream, quarter_turns
from wan_sdk.media.read import read_image

MAX_FRAMES = 30_000
MAX_DECODE_SECONDS = 120.0
_LARGEST_FILE = 16 * 2**30


@dataclass(frozen=True)
class Essence:
    """Hashes and likeness of a clip's pictures.

    Args:
      frames_sha256: Hash of the decoded frames; empty when the clip was too long to be decoded whole.
      fingerprint: For likeness.
      frames: Frames that were decoded.
      fps: Frames per second; 0 for a picture.
      whole: Whether all frames were decoded.
    """

    frames_sha256: str
    fingerprint: Fingerprint
    frames: int
    fps: float
    whole: bool


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes.

    Raises:
      MediaError: If it is missing, no regular file, empty, too large or unreadable.
    """
    file = checked_file(path)
    size = file.stat().st_size
    if size > _LARGEST_FILE:
        raise MediaError(f"has {size / 2**30:.0f} GiB; at most {_LARGEST_FILE >> 30} are read", where=str(file))
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as problem:
        raise MediaError(f"cannot be read ({problem.strerror})", where=str(file)) from None


def packet_sha256(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of the encoded pictures alone; nothing is decoded.

    It is the same in MP4, MOV and MKV. Empty for a file without moving pictures.

    Raises:
      MediaError: If it is damaged or no media.
    """
    file = checked_file(path)
    digest = hashlib.sha256()
    with opened_clip(file) as container:
        stream = picture_stream(file, container)
        if stream is None:
            return ""
        try:
            for packet in container.demux(stream):
                if packet.size:
                    digest.update(packet)
        except (av.FFmpegError, OSError) as problem:
            raise damaged(file, problem) from None
    return digest.hexdigest()


def essence_of_clip(path: str | os.PathLike[str]) -> Essence:
    """Decode a clip once, in constant memory, and return what survives of it.

    Raises:
      MediaError: If it is damaged or holds no moving pictures.
    """
    file = checked_file(path)
    digest = hashlib.sha256()
    thumbnails: list[np.ndarray] = []
    fps, whole = 0.0, False
    with opened_clip(file) as container:
        stream = _needed_stream(file, container)
        fps = float(stream.average_rate or 25)
        frames = _bounded(container, stream)
        try:
            while True:
                frame = next(frames, None)
                if frame is None:
                    break
                digest.update(_planes(frame).tobytes())
                thumbnails.append(thumbnail(frame, quarter_turns(frame)))
        except StopEarly:
            pass
        except (av.FFmpegError, OSError, ValueError) as problem:
            raise damaged(file, problem, at=f" after {len(thumbnails)} frames") from None
        else:
            whole = True
    if not thumbnails:
        raise damaged(file, ValueError("no frame can be decoded"))
    return Essence(digest.hexdigest() if whole else "", fingerprint_of(thumbnails, fps), len(thumbnails), fps, whole)


def essence_of_picture(path: str | os.PathLike[str]) -> Essence:
    """Return what survives of a still picture."""
    pixels = read_image(path)
    return Essence(
        hashlib.sha256(pixels.tobytes()).hexdigest(), fingerprint_of([thumbnail(pixels)], 1.0), 1, 0.0, whole=True
    )


class StopEarly(Exception):
    """The clip is longer than is decoded."""


def _needed_stream(file: Path, container: InputContainer) -> VideoStream:
    stream = picture_stream(file, container)
    if stream is None:
        raise MediaError("holds no pictures", where=str(file), hint="sounds carry no marks that can be read")
    stream.thread_type = "AUTO"
    return stream


def _bounded(container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
    deadline = time.monotonic() + MAX_DECODE_SECONDS
    for index, frame in enumerate(container.decode(stream)):
        if index >= MAX_FRAMES or time.monotonic() > deadline:
            raise StopEarly
        yield frame


def _planes(frame: av.VideoFrame) -> np.ndarray:
    """Return a frame's samples as the decoder gave them; formats without an array form become RGB."""
    try:
        return frame.to_ndarray()
    except ValueError:
        return frame.to_ndarray(format="rgb24")
