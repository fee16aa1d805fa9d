"""Say what a file really is: by its content, never by its name."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import av
from av.container import InputContainer
from av.video.stream import VideoStream
from PIL import Image, ImageOps, UnidentifiedImageError

from wan_sdk.errors import MediaError

MAX_SIDE = 16_384
MAX_PICTURE_PIXELS = 100_000_000
MAX_CLIP_PIXELS = 8192 * 8192
MAX_CLIP_SECONDS = 6 * 3600

PICTURE_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "AVIF", "GIF", "PPM")
# Demuxers that read one file and nothing else. Playlists (HLS, DASH, concat) name further files and
# addresses, so a "clip" that is one could make this machine fetch them.
CLIP_FORMATS = (
    "mov,matroska,webm,avi,mpegts,mpeg,flv,ogg,gif,apng,ivf,asf,h264,hevc,yuv4mpegpipe,"
    "wav,mp3,flac,aac,w64,aiff,amr,ac3,caf"
)
# Still-picture decoders that FFmpeg reports as one-frame videos, e.g. the cover of an mp3.
COVER_CODECS = frozenset({"mjpeg", "png", "bmp", "webp"})


@dataclass(frozen=True)
class MediaInfo:
    """What a picture, clip or sound is.

    Args:
      kind: "image", "video" or "audio".
      width, height: As shown, pixels: after EXIF orientation, rotation and pixel shape; 0 for a sound.
      frames: Counted, not believed from a header; 1 for an image, 0 for a sound.
      fps: Mean frames per second; 0 for an image or a sound.
      seconds: Length; 0 for an image.
      sha256: Of the file's bytes.
      codec: e.g. "h264", "png", "aac".
      has_audio: Whether a sound track is in it.
      variable_fps: Whether frames stay for unequal times.
    """

    kind: Literal["image", "video", "audio"]
    width: int
    height: int
    frames: int
    fps: float
    seconds: float
    sha256: str
    codec: str
    has_audio: bool
    variable_fps: bool = False


def probe(path: str | os.PathLike[str]) -> MediaInfo:
    """Read what a media file is, all of it, so that a truncated one is found out now.

    >>> probe("walk.mp4")
    MediaInfo(kind='video', width=832, height=480, frames=81, fps=16.0, seconds=5.0625, ...)

    Args:
      path: A picture (PNG, JPEG, WebP, TIFF, BMP, AVIF), a clip or a sound.

    Raises:
      MediaError: If it is missing, a folder, empty, truncated, damaged, too large, or no media;
        the hint says what to do.
    """
    file = checked_file(path)
    with file.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    picture = _probe_picture(file, sha256)
    return picture if picture is not None else _probe_clip(file, sha256)


def checked_file(path: str | os.PathLike[str]) -> Path:
    """Return the path if something can be read there; raise MediaError that says why not."""
    file = Path(path).expanduser()
    name = str(file)
    try:
        status = file.stat()
    except FileNotFoundError:
        raise MediaError("there is no such file", where=name, hint=_where_else(file)) from None
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise MediaError(f"cannot be read: {reason}", where=repr(name), hint="check the path and its rights") from None
    if stat.S_ISDIR(status.st_mode):
        raise MediaError("is a folder, not a file", where=name, hint="name one file in it")
    if not stat.S_ISREG(status.st_mode):
        raise MediaError("is a pipe or device, not a file", where=name, hint="save it to a file first")
    if status.st_size == 0:
        raise MediaError("is empty (0 bytes)", where=name, hint="copy or download it again")
    if not os.access(file, os.R_OK):
        raise MediaError("may not be read by this user", where=name, hint="change its permissions")
    return file


@contextlib.contextmanager
def opened_picture(file: Path) -> Iterator[Image.Image | None]:
    """Open a picture within the size caps, without decoding it; None when the content is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of bombs (our own cap is checked below) and of broken animations
        try:
            picture = Image.open(file, formats=PICTURE_FORMATS)
        except UnidentifiedImageError:
            yield None
            return
        except Image.DecompressionBombError:
            raise _picture_too_large(file, "far more") from None
        except Exception as problem:  # on damaged files Pillow's parsers raise whatever they stumble over
            raise damaged(file, problem) from None
    with picture:
        width, height = picture.size
        if max(width, height) > MAX_SIDE or width * height > MAX_PICTURE_PIXELS:
            raise _picture_too_large(file, f"{width}x{height}")
        yield picture


@contextlib.contextmanager
def opened_clip(file: Path) -> Iterator[InputContainer]:
    """Open a clip or sound, reading that file and nothing it might point to."""
    options = {"format_whitelist": CLIP_FORMATS, "protocol_whitelist": "file"}
    try:
        # "file:" so that a colon in a name is not taken for a protocol
        container = av.open(f"file:{file.resolve()}", options=options, metadata_errors="replace")
    except av.error.ArgumentError:
        raise _not_media(file) from None
    except (av.FFmpegError, OSError, ValueError) as problem:
        raise (damaged(file, problem) if _looks_like_a_clip(file) else _not_media(file)) from None
    with container:
        yield container


def shown_size(stream: VideoStream, quarter_turns: int) -> tuple[int, int]:
    """Return width and height as they are to be shown: square pixels, turned upright."""
    width, height = stream.codec_context.width, stream.codec_context.height
    shape = stream.sample_aspect_ratio
    if shape and shape != 1 and 0.25 <= shape <= 4:
        width = round(width * shape)
    return (height, width) if quarter_turns % 2 else (width, height)


def quarter_turns(frame: av.VideoFrame) -> int:
    """Return by how many quarter turns, counter-clockwise, a decoded frame must be turned to stand upright."""
    return round(frame.rotation / 90) % 4


def picture_stream(file: Path, container: InputContainer) -> VideoStream | None:
    """Return the stream with the moving pictures, within the size caps; None when there is only sound."""
    videos = [stream for stream in container.streams.video if not _is_cover(stream)]
    if not videos:
        return None
    context = videos[0].codec_context
    if context is None:
        raise MediaError("its codec is not known here", where=str(file), hint="export it as H.264 in MP4")
    width, height = context.width, context.height
    if max(width, height) > MAX_SIDE or width * height > MAX_CLIP_PIXELS:
        raise MediaError(
            f"its frames are {width}x{height}; at most {MAX_SIDE} a side and {MAX_CLIP_PIXELS / 1e6:.0f} megapixels",
            where=str(file),
            hint="scale it down first",
        )
    return videos[0]


def damaged(file: Path, problem: BaseException, *, at: str = "") -> MediaError:
    """Return the error for a file whose content breaks off or does not decode."""
    reason = getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
    return MediaError(
        f"is truncated or damaged{at} ({reason})", where=str(file), hint="copy, download or export it again"
    )


def _probe_picture(file: Path, sha256: str) -> MediaInfo | None:
    with opened_picture(file) as picture:
        if picture is None:
            return None
        codec = (picture.format or "").lower()
        try:
            if codec in ("gif", "png") and getattr(picture, "n_frames", 1) > 1:
                return None  # animated: a clip
            picture.load()
            width, height = ImageOps.exif_transpose(picture).size
        except Exception as problem:  # as above
            raise damaged(file, problem) from None
    return MediaInfo("image", width, height, 1, 0.0, 0.0, sha256, codec, has_audio=False)


def _probe_clip(file: Path, sha256: str) -> MediaInfo:
    with opened_clip(file) as container:
        stream = picture_stream(file, container)
        if stream is None:
            return _probe_sound(file, container, sha256)
        codec = stream.codec_context.name
        width, height = shown_size(stream, _turns_of_first_frame(file, container, stream))
        has_audio = bool(container.streams.audio)
        promised = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
        if not promised and not has_audio:
            promised = float(container.duration or 0) / av.time_base
        expected = stream.frames
        moments, arrived, corrupt = _moments(file, stream.index)
    if corrupt or arrived < expected:
        raise MediaError(
            f"breaks off after {arrived - corrupt} of {expected or 'more'} frames",
            where=str(file),
            hint="copy, download or export it again",
        )
    fps, seconds, variable = _speed(moments, float(stream.average_rate or 0))
    if promised - seconds > max(1.0, promised * 0.1):
        raise MediaError(
            f"breaks off after {seconds:.1f} of {promised:.1f} seconds",
            where=str(file),
            hint="copy, download or export it again",
        )
    if seconds > MAX_CLIP_SECONDS:
        raise MediaError(
            f"lasts {seconds / 3600:.1f} hours; at most {MAX_CLIP_SECONDS // 3600} are read",
            where=str(file),
            hint="cut the part that is needed",
        )
    return MediaInfo("video", width, height, len(moments), fps, seconds, sha256, codec, has_audio, variable)


def _probe_sound(file: Path, container: InputContainer, sha256: str) -> MediaInfo:
    if not container.streams.audio:
        raise _not_media(file)
    stream = container.streams.audio[0]
    codec = stream.codec_context.name if stream.codec_context else "unknown"
    end = 0.0
    try:
        for packet in container.demux(stream):
            if packet.pts is not None and packet.time_base:
                end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    except (av.FFmpegError, OSError) as problem:
        raise damaged(file, problem) from None
    if end <= 0:
        raise damaged(file, ValueError("it holds no sound"))
    return MediaInfo("audio", 0, 0, 0, 0.0, end, sha256, codec, has_audio=True)


def _turns_of_first_frame(file: Path, container: InputContainer, stream: VideoStream) -> int:
    """Decode one frame: proof that it is a clip, and the only honest place of its rotation."""
    try:
        frame = next(iter(container.decode(stream)), None)
    except (av.FFmpegError, OSError) as problem:
        raise damaged(file, problem) from None
    if frame is None:
        raise damaged(file, ValueError("no frame can be decoded"))
    return quarter_turns(frame)


def _moments(file: Path, stream_index: int) -> tuple[list[float | None], int, int]:
    """Return when each frame is shown in seconds, how many packets arrived, and how many of them broken."""
    moments: list[float | None] = []
    arrived = corrupt = 0
    with opened_clip(file) as container:
        try:
            for packet in container.demux(container.streams[stream_index]):
                if not packet.size:
                    continue
                arrived += 1
                corrupt += packet.is_corrupt
                if not packet.is_discard:  # frames that an edit list cuts away are never shown
                    moments.append(None if packet.pts is None else float(packet.pts * packet.time_base))
        except (av.FFmpegError, OSError) as problem:
            raise damaged(file, problem, at=f" after {arrived} frames") from None
    if not moments:
        raise damaged(file, ValueError("it holds no frames"))
    return moments, arrived, corrupt


def _speed(moments: list[float | None], stated_fps: float) -> tuple[float, float, bool]:
    """Return frames per second, length in seconds, and whether frames stay for unequal times."""
    known = sorted(moment for moment in moments if moment is not None)
    count = len(moments)
    span = known[-1] - known[0] if len(known) > 1 else 0.0
    if len(known) < count or span <= 0:  # raw streams have no time stamps
        fps = stated_fps or 25.0
        return fps, count / fps, False
    measured = (count - 1) / span
    # Containers with millisecond stamps blur 30000/1001; believe the header when it is that close.
    fps = stated_fps if stated_fps and abs(stated_fps - measured) < 0.002 * measured else measured
    drift = max(abs((moment - known[0]) * fps - index) for index, moment in enumerate(known))
    return fps, span + 1 / fps, drift > 0.6


def _is_cover(stream: VideoStream) -> bool:
    context = stream.codec_context
    return context is not None and context.name in COVER_CODECS and (stream.frames == 1 or not stream.average_rate)


def _looks_like_a_clip(file: Path) -> bool:
    with file.open("rb") as stream:
        head = stream.read(16)
    boxes = (b"ftyp", b"moov", b"mdat", b"free", b"wide", b"skip")
    return head[4:8] in boxes or head.startswith((b"\x1aE\xdf\xa3", b"RIFF", b"OggS", b"FLV", b"GIF8", b"\x89PNG"))


def _picture_too_large(file: Path, size: str) -> MediaError:
    return MediaError(
        f"is a picture of {size} pixels; at most {MAX_SIDE} a side and {MAX_PICTURE_PIXELS // 10**6} megapixels",
        where=str(file),
        hint="scale it down first; models see at most 1280x720 of it",
    )


def _not_media(file: Path) -> MediaError:
    return MediaError(
        "is no picture, clip or sound that can be read",
        where=str(file),
        hint="PNG, JPEG and WebP pictures, MP4, MOV, MKV and WebM clips work; playlists and web pages do not",
    )


def _where_else(file: Path) -> str:
    folder = file.parent
    if not folder.is_dir():
        return f"the folder {folder} does not exist either"
    alike = sorted(item.name for item in folder.glob(f"{file.stem}.*"))[:3] if file.stem.isidentifier() else []
    return f"beside it there is {', '.join(alike)}" if alike else f"paths are taken from {Path.cwd()}"
