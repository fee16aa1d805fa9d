"""Give pictures and clips another size or speed."""

from __future__ import annotations

import cv2
import numpy as np

from wan_sdk.errors import MediaError
from wan_sdk.media.frames import Frames


def fit(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    """Crop the middle to the wanted shape, then resize: area averages down, Lanczos up.

    >>> fit(np.zeros((1080, 1920, 3), np.uint8), 480, 480).shape
    (480, 480, 3)

    Args:
      pixels: uint8 [H, W, 3], or a clip [T, H, W, 3].
      width: Of the result, pixels.
      height: Of the result, pixels.
    """
    _check(pixels)
    if width < 1 or height < 1:
        raise MediaError(f"{width}x{height} is no size", hint="width and height are at least 1 pixel")
    have_height, have_width = pixels.shape[-3:-1]
    if (have_width, have_height) == (width, height):
        return pixels
    top, left, rows, columns = _middle(have_width, have_height, width, height)
    cropped = pixels[..., top : top + rows, left : left + columns, :]
    shrinks = width * height <= rows * columns
    return _resized(cropped, width, height, cv2.INTER_AREA if shrinks else cv2.INTER_LANCZOS4)


def fit_inside(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resize without cropping to the largest even size that fits in width x height; never enlarge.

    >>> fit_inside(np.zeros((720, 1280, 3), np.uint8), 426, 240).shape
    (240, 426, 3)
    """
    _check(pixels)
    have_height, have_width = pixels.shape[-3:-1]
    scale = min(width / have_width, height / have_height, 1.0)
    to_width, to_height = (max(2, round(side * scale / 2) * 2) for side in (have_width, have_height))
    if (to_width, to_height) == (have_width, have_height):
        return pixels
    return _resized(pixels, to_width, to_height, cv2.INTER_AREA)


def enlarge(pixels: np.ndarray, factor: int) -> np.ndarray:
    """Enlarge by a whole factor with a Lanczos filter.

    >>> enlarge(np.zeros((25, 96, 160, 3), np.uint8), 3).shape
    (25, 288, 480, 3)

    Args:
      pixels: uint8 [H, W, 3], or a clip [T, H, W, 3]; every frame is enlarged by itself, so a
        part of a clip gives the same pictures as the whole.
      factor: 1 or more.
    """
    _check(pixels)
    if factor != int(factor) or factor < 1:
        raise MediaError(f"{factor!r} is no whole factor of 1 or more", hint="fit() makes any size")
    if factor == 1:
        return pixels
    height, width = pixels.shape[-3:-1]
    return _resized(pixels, width * int(factor), height * int(factor), cv2.INTER_LANCZOS4)


def retime(frames: Frames, fps: float) -> Frames:
    """Change the speed of playing out without changing the length: frames repeat or are left out.

    The frame shown at any moment is the one whose start is nearest, so the first stays the first.

    >>> retime(Frames(np.zeros((49, 8, 8, 3), np.uint8), fps=24), 12)
    Frames(...)

    Args:
      frames: The clip.
      fps: Frames per second of the result, greater than 0.
    """
    if not 0 < fps < float("inf"):
        raise MediaError(f"{fps!r} is no number of frames per second", hint="give a number greater than 0")
    if fps == frames.fps or not len(frames):
        return Frames(frames.pixels, fps)
    return Frames(frames.pixels[retimed_indices(len(frames), frames.fps, fps)], fps)


def retimed_indices(count: int, fps: float, to_fps: float) -> np.ndarray:
    """Return which of `count` frames are shown when a clip plays at another speed, as long as before."""
    length = max(1, round(count / fps * to_fps))
    nearest = np.floor(np.arange(length) * (fps / to_fps) + 0.5 + 1e-9)
    return np.minimum(nearest, count - 1).astype(np.int64)


def _middle(have_width: int, have_height: int, width: int, height: int) -> tuple[int, int, int, int]:
    """Return top, left, rows and columns of the largest middle part of the wanted shape."""
    if have_width * height > have_height * width:
        columns, rows = max(1, round(have_height * width / height)), have_height
    else:
        columns, rows = have_width, max(1, round(have_width * height / width))
    return (have_height - rows) // 2, (have_width - columns) // 2, rows, columns


def _resized(pixels: np.ndarray, width: int, height: int, method: int) -> np.ndarray:
    if pixels.ndim == 3:
        return cv2.resize(np.ascontiguousarray(pixels), (width, height), interpolation=method)
    result = np.empty((len(pixels), height, width, 3), np.uint8)
    for index, picture in enumerate(pixels):
        cv2.resize(np.ascontiguousarray(picture), (width, height), dst=result[index], interpolation=method)
    return result


def _check(pixels: np.ndarray) -> None:
    if pixels.dtype != np.uint8 or pixels.ndim not in (3, 4) or pixels.shape[-1] != 3:
        raise MediaError(
            f"expected uint8 pixels [height, width, 3] or [frames, height, width, 3], got {pixels.dtype} "
            f"{list(pixels.shape)}",
            hint="read_image() turns any picture or array into that",
        )
