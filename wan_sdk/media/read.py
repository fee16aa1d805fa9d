"""Read pictures and clips as 8-bit RGB, the way they are meant to be seen."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from PIL import Image, ImageCms, ImageOps

from wan_sdk.errors import MediaError
from wan_sdk.media.frames import Frames
from wan_sdk.media.probe import (
    checked_file,
    damaged,
    opened_clip,
    opened_picture,
    picture_stream,
    probe,
    quarter_turns,
    shown_size,
)

MAX_DECODED_BYTES = 8 * 2**30


def read_image(source: str | os.PathLike[str] | np.ndarray | Image.Image) -> np.ndarray:
    """Read a picture as uint8 [height, width, 3] in sRGB.

    EXIF orientation and colour profile are applied, transparency lies over white, 16 bits become 8.

    >>> read_image("mara.png").shape
    (480, 832, 3)

    Args:
      source: A file, a PIL image, or an array: uint8, uint16 or float in 0..1, of shape
        [H, W], [H, W, 1], [H, W, 3] or [H, W, 4].

    Raises:
      MediaError: If it is missing, no picture, truncated, or over 16,384 pixels a side.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if isinstance(source, Image.Image):
        return _from_pillow(source)
    file = checked_file(source)
    with opened_picture(file) as picture:
        if picture is None:
            found = probe(file)
            raise MediaError(
                f"is a {found.kind}, not a picture",
                where=str(file),
                hint="read_video() or Reference.video() reads clips",
            )
        try:
            return _from_pillow(picture)
        except Exception as problem:  # on damaged files Pillow's parsers raise whatever they stumble over
            raise damaged(file, problem) from None


def read_video(
    path: str | os.PathLike[str],
    *,
    fps: float | None = None,
    frames: int | None = None,
    start: float = 0.0,
    last: int | None = None,
) -> Frames:
    """Read a clip, or a part of it, into memory.

    A clip whose frames stay for unequal times is resampled to its mean rate by time stamps.

    >>> read_video("walk.mp4", fps=16, frames=81).pixels.shape
    (81, 480, 832, 3)

    Args:
      path: The file.
      fps: Frames per second of the result; that of the clip unless given.
      frames: At most so many frames.
      start: Where to begin, seconds.
      last: Only the last so many frames of what would be read.

    Raises:
      MediaError: If it is missing, no clip, truncated, starts after its end, or would not fit in memory.
    """
    file = checked_file(path)
    info = probe(file)
    if info.kind != "video":
        raise MediaError(f"is {_a(info.kind)}, not a clip", where=str(file), hint="Reference.image() takes pictures")
    if fps is not None and not 0 < fps <= 1000:
        raise MediaError(f"fps={fps!r}; it is more than 0 and at most 1000", where=str(file))
    if not 0 <= start < info.seconds:
        raise MediaError(
            f"start={start!r} lies outside the clip, which lasts {info.seconds:.2f} seconds",
            where=str(file),
            hint=f"choose 0 to {info.seconds - 1 / info.fps:.2f}",
        )
    for name, value in (("frames", frames), ("last", last)):
        if value is not None and value < 1:
            raise MediaError(f"{name}={value!r}; at least 1", where=str(file))
    rate = fps or info.fps
    kept = min(round((info.seconds - start) * rate) + 1, frames or info.frames * 1000, last or info.frames * 1000)
    _check_memory(file, kept, info.width, info.height)

    # Frames of a steady clip at its own speed are taken as they are: no time stamp can drop or double one.
    steady = rate == info.fps and not info.variable_fps
    with contextlib.closing(timed_frames(file, start=start - 0.5 / info.fps if steady else 0.0)) as timed:
        pictures = (pixels for _, pixels in timed) if steady else _resampled(timed, rate, start, 1 / info.fps)
        chosen: deque[np.ndarray] = deque(maxlen=last)
        for index, pixels in enumerate(pictures):
            if frames is not None and index >= frames:
                break
            chosen.append(pixels)
    if not chosen:
        raise damaged(file, ValueError("no frame can be decoded there"))
    return Frames(np.stack(chosen), float(rate))


def iter_frames(path: str | os.PathLike[str]) -> Iterator[np.ndarray]:
    """Yield every frame of a clip in turn, uint8 [height, width, 3], in constant memory.

    >>> sum(1 for frame in iter_frames("walk.mp4"))
    81
    """
    for _, pixels in timed_frames(path):
        yield pixels


def timed_frames(path: str | os.PathLike[str], *, start: float = 0.0) -> Iterator[tuple[float, np.ndarray]]:
    """Yield (seconds since the first frame, uint8 [height, width, 3]) from `start` on, in constant memory."""
    file = checked_file(path)
    with opened_clip(file) as container:
        stream = picture_stream(file, container)
        if stream is None:
            raise MediaError("holds no moving pictures", where=str(file), hint="it may be a sound")
        stream.thread_type = "AUTO"
        shaper = _Shaper(stream)
        begin: float | None = None
        count = 0
        try:
            for frame in container.decode(stream):
                moment = frame.time if frame.time is not None else count / float(stream.average_rate or 25)
                begin = moment if begin is None else begin
                count += 1
                if moment - begin >= start:
                    yield moment - begin, shaper.rgb(frame)
        except (av.FFmpegError, OSError) as problem:
            raise damaged(file, problem, at=f" after {count} frames") from None
        if not count:
            raise damaged(file, ValueError("no frame can be decoded"))


class _Shaper:
    """Turn decoded frames of one stream into upright RGB with square pixels, all of one size."""

    def __init__(self, stream: av.video.stream.VideoStream) -> None:
        self._stream = stream
        self._reformatter = VideoReformatter()
        self._size: tuple[int, int] | None = None

    def rgb(self, frame: av.VideoFrame) -> np.ndarray:
        turns = quarter_turns(frame)
        if self._size is None:
            self._size = shown_size(self._stream, turns)
        converted = self._reformatter.reformat(
            frame,
            format="rgb24",
            src_colorspace=_colour_matrix(frame),
            dst_color_range=ColorRange.JPEG,
            interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.BITEXACT,
        )
        pixels = converted.to_ndarray()
        if turns:
            pixels = np.ascontiguousarray(np.rot90(pixels, turns))
        if pixels.shape[1::-1] != self._size:
            pixels = cv2.resize(pixels, self._size, interpolation=cv2.INTER_AREA)
        return pixels


def _colour_matrix(frame: av.VideoFrame) -> Colorspace | None:
    """Guess the matrix of an untagged clip as players do: BT.709 from 720 lines on, else BT.601."""
    if frame.colorspace != 2:  # 2 is "unspecified"
        return None
    return Colorspace.ITU709 if frame.height >= 720 else Colorspace.ITU601


def _resampled(
    timed: Iterator[tuple[float, np.ndarray]], fps: float, start: float, last_stays: float
) -> Iterator[np.ndarray]:
    """Yield, for every tick of the wanted rate, the frame whose start is nearest."""
    tick = 0
    previous: tuple[float, np.ndarray] | None = None
    for moment, pixels in timed:
        if previous is not None:
            middle = (previous[0] + moment) / 2
            while start + tick / fps < middle - 1e-9:
                yield previous[1]
                tick += 1
        previous = (moment, pixels)
    if previous is None:
        return
    while tick == 0 or start + (tick + 0.5) / fps < previous[0] + last_stays + 1e-9:
        yield previous[1]
        tick += 1


def _from_pillow(picture: Image.Image) -> np.ndarray:
    if picture.mode.startswith(("I", "F")):  # 16-bit and float grey: Pillow would clip, not scale
        upright = np.asarray(ImageOps.exif_transpose(picture))
        return _from_array(upright.astype(np.uint16) if picture.mode.startswith("I") else upright)
    upright = ImageOps.exif_transpose(picture)
    if "A" in upright.getbands() or "transparency" in upright.info:
        return _from_array(np.asarray(upright.convert("RGBA")))
    return np.asarray(_in_srgb(upright)).copy()


def _in_srgb(picture: Image.Image) -> Image.Image:
    profile = picture.info.get("icc_profile")
    if profile and picture.mode in ("RGB", "CMYK"):
        with contextlib.suppress(ImageCms.PyCMSError, OSError):  # a broken profile is as good as none
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            return ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    return picture.convert("RGB")


def _from_array(pixels: np.ndarray) -> np.ndarray:
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    if pixels.size == 0 or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (3, 4))):
        raise MediaError(
            f"an array of shape {list(pixels.shape)} is no picture", hint="give [height, width, 3], channels last"
        )
    if pixels.dtype == np.uint16:
        pixels = (pixels.astype(np.uint32) // 257).astype(np.uint8)
    elif np.issubdtype(pixels.dtype, np.floating):
        if not (np.isfinite(pixels).all() and pixels.min() >= 0 and pixels.max() <= 1):
            raise MediaError(
                "a picture of floats holds values outside 0..1, or NaN", hint="divide by 255, or use uint8"
            )
        pixels = np.rint(pixels * 255).astype(np.uint8)
    elif pixels.dtype != np.uint8:
        raise MediaError(f"an array of {pixels.dtype} is no picture", hint="use uint8, uint16, or floats in 0..1")
    if pixels.ndim == 2:
        return np.repeat(pixels[..., None], 3, axis=2)
    if pixels.shape[2] == 3:
        return np.array(pixels)
    alpha = pixels[..., 3:].astype(np.uint32)
    over_white = (pixels[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255
    return over_white.astype(np.uint8)


def _check_memory(file: Path, frames: int, width: int, height: int) -> None:
    needed = frames * width * height * 3
    if needed > MAX_DECODED_BYTES:
        raise MediaError(
            f"{frames} frames of {width}x{height} need {needed / 2**30:.0f} GiB of memory",
            where=str(file),
            hint="read a part with start= and frames=, or go through it with iter_frames()",
        )


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "ai" else f"a {kind}"
