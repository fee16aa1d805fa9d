"""Through a real codec and back, in memory: what a clip looks like after somebody saved it."""

from __future__ import annotations

import io
import os
from fractions import Fraction

import av
import cv2
import numpy as np
from PIL import Image

from wan_sdk.errors import MediaError

QUIET = {"libx265": {"x265-params": "log-level=none:pools=1"}, "libsvtav1": {"svtav1-params": "lp=1"}}
SPEED = {
    "libx264": {"preset": "medium"},
    "libx265": {"preset": "medium"},
    "libsvtav1": {"preset": "8"},
    "libvpx-vp9": {"b": "0", "cpu-used": "5", "deadline": "good"},
}


def codec(clip: np.ndarray, name: str, crf: int, fps: float = 16) -> np.ndarray:
    """Return a clip as it comes out of a codec, at the default distance between key frames.

    Args:
      clip: uint8 [T, H, W, 3]; odd sizes lose their last row or column, as in any 4:2:0 file.
      name: ``libx264``, ``libx265``, ``libsvtav1`` or ``libvpx-vp9``.
      crf: The codec's constant-quality number.
      fps: Frames per second.
    """
    if name not in av.codecs_available:
        raise MediaError(f"this FFmpeg has no {name} encoder", where="wan-sdk bench marks", hint="update PyAV")
    os.environ.setdefault("SVT_LOG", "1")  # it prints its settings otherwise
    height, width = clip.shape[1] // 2 * 2, clip.shape[2] // 2 * 2
    buffer = io.BytesIO()
    options = {"crf": str(crf), **SPEED[name], **QUIET.get(name, {})}
    with av.open(buffer, "w", format="matroska") as container:
        stream = container.add_stream(name, rate=Fraction(fps).limit_denominator(1001), options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.thread_count = 1
        for picture in clip[:, :height, :width]:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    buffer.seek(0)
    with av.open(buffer) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def gif(clip: np.ndarray, width: int = 480, step: float = 1.6) -> np.ndarray:
    """Return a clip as an animated GIF of 256 colours a frame: 10 of 16 frames a second."""
    picked = clip[np.arange(0, len(clip), step).astype(int)]
    return _animated(_scaled(picked, width), "GIF", colours=256)


def webp(clip: np.ndarray, quality: int = 60) -> np.ndarray:
    """Return a clip as an animated WebP."""
    return _animated(list(clip), "WEBP", quality=quality, method=2)


def jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    """Return a picture as a JPEG of 4:2:0."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer).convert("RGB"))


def _scaled(clip: np.ndarray, width: int) -> list[np.ndarray]:
    height = round(clip.shape[1] * width / clip.shape[2])
    return [cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA) for frame in clip]


def _animated(frames: list[np.ndarray], kind: str, colours: int = 0, **options: int) -> np.ndarray:
    pictures = [Image.fromarray(frame) for frame in frames]
    if colours:
        pictures = [picture.quantize(colours, dither=Image.Dither.FLOYDSTEINBERG) for picture in pictures]
    buffer = io.BytesIO()
    pictures[0].save(buffer, kind, save_all=True, append_images=pictures[1:], duration=100, **options)
    read, shown = Image.open(buffer), []
    for i in range(getattr(read, "n_frames", 1)):
        read.seek(i)
        shown.append(np.asarray(read.convert("RGB")))
    return np.stack(shown)
