"""Write pictures and clips: whole or not at all, and the same bytes for the same pictures."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator, Mapping
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import cv2
import numpy as np
from av.codec.context import Flags
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from PIL import Image

from wan_sdk.errors import MediaError, StorageError
from wan_sdk.media.frames import Frames
from wan_sdk.media.whole_file import put_in_place, temporary_beside, write_whole

# x264's output depends on how many threads share the work, so the number is fixed, not the machine's.
ENCODER_THREADS = 4
_BT709 = 1
_LIMITED_RANGE = 1
_AVX_512F = 13  # CV_CPU_AVX_512F in OpenCV, which Python is not given by name
_FULL_DISK = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}


def encode_mp4(
    frames: Frames, path: str | os.PathLike[str], *, crf: int = 16, tags: Mapping[str, str] | None = None
) -> None:
    """Write a clip as H.264 in MP4 (yuv420p, BT.709, faststart) that every browser plays.

    The same frames give the same bytes: nothing in the file says when or on what machine it was made.
    Either the whole file appears under `path` or nothing does.

    >>> encode_mp4(Frames(np.zeros((25, 288, 480, 3), np.uint8), fps=12), "dark.mp4")

    Args:
      frames: The clip, even width and height.
      path: Where to write; what was there is replaced.
      crf: Constant rate factor, 0 (lossless) to 51; 16 is hard to tell from the source.
      tags: Words to write into the container, e.g. ``{"title": "Harbour"}``; any key is kept.

    Raises:
      MediaError: If the clip is empty, its size odd, or no encoder is installed.
      StorageError: If the folder cannot be written or the disk is full.
    """
    with ClipWriter(path, width=frames.width, height=frames.height, fps=frames.fps, crf=crf, tags=tags) as writer:
        writer.write(frames.pixels)


class ClipWriter:
    """Write a clip piece by piece, in constant memory; the file appears when all went well.

    >>> with ClipWriter("long.mp4", width=1280, height=704, fps=24) as writer:
    ...     for piece in pieces:  # uint8 [frames, height, width, 3]
    ...         writer.write(piece)

    Args:
      path: Where to write.
      width, height: Even, pixels.
      fps: Frames per second.
      crf, tags: As for `encode_mp4`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        width: int,
        height: int,
        fps: float,
        crf: int = 16,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self.path = Path(path)
        self.width, self.height = width, height
        self.frames_written = 0
        if width < 2 or height < 2 or width % 2 or height % 2:
            raise MediaError(
                f"H.264 needs an even width and height, got {width}x{height}",
                where=str(path),
                hint=f"fit(pixels, {max(2, width // 2 * 2)}, {max(2, height // 2 * 2)}) is the nearest",
            )
        if not 0 < fps <= 1000:
            raise MediaError(f"{fps!r} frames per second; 1 to 1000 are possible", where=str(path))
        if not 0 <= crf <= 51:
            raise MediaError(f"crf is 0 (lossless) to 51, got {crf!r}", where=str(path), hint="16 is the usual value")
        self._rate = _exact_rate(fps)
        self._crf = crf
        self._tags = dict(tags or {})

    def __enter__(self) -> Self:
        encoder = h264_encoder()
        self._temporary = temporary_beside(self.path)
        with typed_write_errors(self.path):
            try:
                self._open(encoder)
            except BaseException:
                self._temporary.unlink(missing_ok=True)
                raise
        return self

    def write(self, pixels: np.ndarray) -> None:
        """Append frames, uint8 [frames, height, width, 3], or one frame [height, width, 3]."""
        clip = pixels[None] if pixels.ndim == 3 else pixels
        if clip.dtype != np.uint8 or clip.shape[1:] != (self.height, self.width, 3):
            raise MediaError(
                f"expected uint8 frames of {self.width}x{self.height}, got {pixels.dtype} {list(pixels.shape)}",
                where=str(self.path),
                hint=f"fit(pixels, {self.width}, {self.height}) makes them so",
            )
        with typed_write_errors(self.path):
            for picture in clip:
                self._encode(picture)

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is not None:
                self._abandon()
                return
            if not self.frames_written:
                self._abandon()
                raise MediaError("a clip needs at least one frame", where=str(self.path))
            with typed_write_errors(self.path):
                self._container.mux(self._stream.encode(None))
                self._container.close()
                put_in_place(self._temporary, self.path)
        finally:
            with contextlib.suppress(av.FFmpegError, OSError):
                self._container.close()
            self._temporary.unlink(missing_ok=True)

    def _open(self, encoder: str) -> None:
        # Without use_metadata_tags the muxer drops every key that iTunes does not know.
        movflags = "+faststart+use_metadata_tags" if self._tags else "+faststart"
        self._container = av.open(
            str(self._temporary), "w", format="mp4", options={"movflags": movflags, "fflags": "+bitexact"}
        )
        self._container.metadata.update(self._tags)
        self._stream = self._container.add_stream(
            encoder, rate=self._rate, options=_encoder_options(encoder, self._crf)
        )
        self._stream.width, self._stream.height, self._stream.pix_fmt = self.width, self.height, "yuv420p"
        context = self._stream.codec_context
        context.color_range = _LIMITED_RANGE
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.flags |= Flags.bitexact
        self._reformatter = VideoReformatter()

    def _encode(self, picture: np.ndarray) -> None:
        rgb = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        frame = self._reformatter.reformat(
            rgb,
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.BITEXACT,
            threads=1,
        )
        frame.pts, frame.time_base = self.frames_written, 1 / self._rate
        self._container.mux(self._stream.encode(frame))
        self.frames_written += 1

    def _abandon(self) -> None:
        with contextlib.suppress(av.FFmpegError, OSError):
            self._container.close()


def h264_encoder() -> str:
    """Return the H.264 encoder of this machine's FFmpeg: libx264, else libopenh264."""
    for name in ("libx264", "libopenh264"):
        if name in av.codecs_available:
            return name
    raise MediaError(
        "FFmpeg here can encode no H.264 (neither libx264 nor libopenh264)",
        hint="pip install --force-reinstall av   brings an FFmpeg that can",
    )


def write_png(picture: np.ndarray, path: str | os.PathLike[str]) -> None:
    """Write a picture, uint8 [height, width, 3], as PNG: whole or not at all."""
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    write_bytes(buffer.getvalue(), path)


def jpeg_bytes(picture: np.ndarray, quality: int = 85) -> bytes:
    """Return a picture, uint8 [height, width, 3], as a JPEG file; quality 1 to 95."""
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()


def poster(frames: Frames) -> np.ndarray:
    """Return the frame that stands for a clip: the one a third in, when things have come to be."""
    if not len(frames):
        raise MediaError("a clip without frames has no poster")
    return frames.pixels[len(frames) // 3]


def write_bytes(data: bytes, path: str | os.PathLike[str]) -> None:
    """Write a file whole or not at all."""
    target = Path(path)
    with typed_write_errors(target):
        write_whole(target, data, mode=0o666)  # what the user's umask leaves of it, as for any other file


@contextlib.contextmanager
def typed_write_errors(path: Path) -> Iterator[None]:
    """Turn what the system says about a failed write into a StorageError."""
    try:
        yield
    except (OSError, av.FFmpegError) as problem:
        number = getattr(problem, "errno", None)
        if number in _FULL_DISK:
            raise StorageError(
                "the disk is full; nothing was written",
                where=str(path),
                hint="free some space, or choose another folder",
            ) from None
        if isinstance(problem, FileNotFoundError):
            raise StorageError("its folder does not exist", where=str(path), hint=f"make {path.parent} first") from None
        reason = getattr(problem, "strerror", None) or str(problem)
        raise StorageError(
            f"cannot be written: {reason}", where=str(path), hint="choose a folder that you may write to"
        ) from None


def _encoder_options(encoder: str, crf: int) -> dict[str, str]:
    if encoder == "libx264":
        return {"crf": str(crf), "preset": "medium", "threads": str(ENCODER_THREADS), **repeatable_x264()}
    # openh264 knows no crf; its quantiser bounds are on the same scale of 0 to 51
    return {"rc_mode": "quality", "qmin": str(crf), "qmax": str(min(51, crf + 8)), "threads": "1"}


def repeatable_x264() -> dict[str, str]:
    """Return the options with which x264 gives the same bytes twice.

    Its AVX-512 code (core 165) does not; now and then it spoils the picture. Its AVX2 code repeats.
    """
    return {"x264-params": "asm=avx2"} if cv2.checkHardwareSupport(_AVX_512F) else {}


def _exact_rate(fps: float) -> Fraction:
    """Return the rate as a fraction; 23.976, 29.97 and 59.94 are 1000/1001 of whole numbers."""
    whole = round(fps * 1.001)
    if fps != round(fps) and abs(whole / 1.001 - fps) < 0.003:
        return Fraction(whole * 1000, 1001)
    return Fraction(fps).limit_denominator(1001)
