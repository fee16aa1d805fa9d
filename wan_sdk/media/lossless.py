"""Keep a clip without losing a bit of it: FFV1 in Matroska."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import av

from wan_sdk.media.encode import typed_write_errors
from wan_sdk.media.frames import Frames
from wan_sdk.media.whole_file import put_in_place, temporary_beside

_PIXELS = "bgr0"  # the 8-bit RGB that FFV1 takes; the fourth byte stays empty


def write_lossless_clip(frames: Frames, path: str | os.PathLike[str]) -> None:
    """Write a clip so that `read_video` gives back exactly its pixels.

    Args:
      frames: The clip.
      path: Where to write; ends in ``.mkv``.

    Raises:
      StorageError: If the folder cannot be written or is full; nothing is left half-written.
    """
    path = Path(path)
    temporary = temporary_beside(path)
    with typed_write_errors(path):
        try:
            with av.open(str(temporary), "w", format="matroska") as container:
                stream = container.add_stream("ffv1", rate=Fraction(frames.fps).limit_denominator(1001))
                stream.width, stream.height, stream.pix_fmt = frames.width, frames.height, _PIXELS
                for picture in frames.pixels:
                    frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=_PIXELS)
                    container.mux(stream.encode(frame))
                container.mux(stream.encode())
            put_in_place(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
