"""Procedural clips, and the treatments they go through."""

from __future__ import annotations

import io

import cv2
import numpy as np


def noise_texture(seed: int, height: int, width: int, sigma: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    plane = cv2.GaussianBlur(rng.standard_normal((height, width, 3)).astype(np.float32), (0, 0), sigma)
    return plane / plane.std()


def panning_texture(seed: int = 0, frames: int = 17, height: int = 288, width: int = 480) -> np.ndarray:
    base = 110 + 22 * noise_texture(seed, height, width, 6) + 6 * noise_texture(seed + 1, height, width, 1.5)
    return np.stack([np.clip(np.roll(base, 2 * t, 1), 0, 255).astype(np.uint8) for t in range(frames)])


def flat_cartoon(frames: int = 17, height: int = 288, width: int = 480) -> np.ndarray:
    clip = np.empty((frames, height, width, 3), np.uint8)
    for t in range(frames):
        frame = np.full((height, width, 3), (120, 190, 230), np.uint8)
        cv2.rectangle(frame, (0, height * 2 // 3), (width, height), (90, 160, 80), -1)
        cv2.circle(frame, (60 + 12 * t, height // 2), 40, (220, 60, 50), -1, cv2.LINE_AA)
        cv2.circle(frame, (width - 80, 60), 28, (250, 230, 120), -1, cv2.LINE_AA)
        clip[t] = frame
    return clip


def frozen_photo(frames: int = 9, height: int = 288, width: int = 480) -> np.ndarray:
    picture = 120 + 35 * noise_texture(7, height, width, 12) + 9 * noise_texture(8, height, width, 2)
    return np.repeat(np.clip(picture, 0, 255).astype(np.uint8)[None], frames, 0)


def through(clip: np.ndarray, codec: str = "libx264", fps: int = 16, **options: str) -> np.ndarray:
    import av  # here, so that the checks on a GPU need no codecs

    from wan_sdk.media.encode import repeatable_x264

    if codec == "libx264":
        options = {**repeatable_x264(), **options}
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream(codec, rate=fps, options=options)
        stream.height, stream.width = clip.shape[1:3]
        stream.pix_fmt = "yuv420p"
        for picture in clip:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode())
    buffer.seek(0)
    with av.open(buffer) as container:
        return np.stack([f.to_ndarray(format="rgb24") for f in container.decode(video=0)])


def resized(clip: np.ndarray, height: int, width: int) -> np.ndarray:
    way = cv2.INTER_AREA if height < clip.shape[1] else cv2.INTER_CUBIC
    return np.stack([cv2.resize(f, (width, height), interpolation=way) for f in clip])


def rotated(clip: np.ndarray, degrees: float) -> np.ndarray:
    height, width = clip.shape[1:3]
    turn = cv2.getRotationMatrix2D((width / 2 - 0.5, height / 2 - 0.5), degrees, 1.0)
    return np.stack([cv2.warpAffine(f, turn, (width, height), flags=cv2.INTER_CUBIC) for f in clip])


def projected(clip: np.ndarray, corners: np.ndarray, seen: np.ndarray) -> np.ndarray:
    height, width = clip.shape[1:3]
    warp = cv2.getPerspectiveTransform(corners, seen)
    return np.stack([cv2.warpPerspective(f, warp, (width, height), flags=cv2.INTER_CUBIC) for f in clip])
