"""Undoing what stays with the picture while the scene moves: a vignette, the blotches of watercolour, hatching.

The world's styles are formulas (`wan_sdk.nano.world.finish`), and in gray each can be turned around. Which style a
clip has is not asked: each that its pixels allow is undone, and the camera says which picture moves as one.
"""

from __future__ import annotations

import cv2
import numpy as np

_PAPER = 0.3 * 0.98 + 0.59 * 0.965 + 0.11 * 0.92
_DARKEST_WASH, _DARKEST_PENCIL, _DARKEST_FILM = 0.23 * _PAPER, 0.2 * _PAPER, 0.045
_LEAST_BLOTCHES, _LEAST_HATCHING = 0.4, 0.6
"""Strength of a pattern in the mean picture, over what it should be, from which it may be there, or surely is."""
_BLACK = 0.5 / 255
"""What a black pixel counts as where a logarithm is taken."""
_PHASES = np.arange(0, 2 * np.pi, 2 * np.pi / 120)
_SLOW_PIXELS = 6.0


def undone(gray: np.ndarray) -> list[np.ndarray]:
    """Return the clip as it is, and as it would be without each style that it may have.

    Args:
      gray: float [frames, height, width], 0 to 1.
    """
    found = [gray]
    darkest = np.quantile(gray, 0.001)
    if darkest > _DARKEST_PENCIL and (drawn := _without_hatching(gray)) is not None:
        return [drawn]  # nothing else looks like hatching
    if darkest > _DARKEST_WASH and (painted := _without_blotches(gray)) is not None:
        found.append(painted)
    if darkest > _DARKEST_FILM:
        found.append(_without_vignette(gray))
    return found


def _grid(gray: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return u and v of the pixels, and the square of how far they are from the middle as the styles count it."""
    height, width = gray.shape[1:]
    u = ((np.arange(width) - (width - 1) / 2) * (2 / width))[None]
    v = (((height - 1) / 2 - np.arange(height)) * (2 / width))[:, None]
    return u, v, u**2 + (v * width / height) ** 2


def _without_vignette(gray: np.ndarray) -> np.ndarray:
    _, _, from_middle = _grid(gray)
    return np.clip((gray - 0.05) / 0.92 / (1 - 0.38 * np.clip(from_middle * 0.55, 0, 1)), 0, 1)


def _without_blotches(gray: np.ndarray) -> np.ndarray | None:
    u, v, from_middle = _grid(gray)
    fade = np.clip(from_middle - 1.05, 0, 0.8) * 0.9
    wash = np.clip(((gray - _PAPER * fade) / (1 - fade) / _PAPER - 0.24) / 0.76, 0.01, 1.1)
    patterns = [
        np.log1p(0.1 * np.sin(u * 5 + phase + 2 * np.sin(v * 7)) * np.sin(v * 6 + phase * 2)) for phase in _PHASES
    ]
    best = _strongest(np.log(wash).mean(0), patterns, _LEAST_BLOTCHES)
    return None if best is None else np.clip(wash / np.exp(patterns[best]), 0, 1)


def _without_hatching(gray: np.ndarray) -> np.ndarray | None:
    u, v, _ = _grid(gray)
    patterns = [np.clip(np.sin((u + v) * 62 + 3 * np.sin(u * 3 + phase)), 0, 1) for phase in _PHASES]
    light = np.clip((gray / _PAPER - 0.18) / 0.82 - 0.1, 0, 1)
    darker = -0.16 * (1 - light.mean(0))
    best = _strongest(
        np.log(np.maximum(gray, _BLACK)).mean(0), [darker * pattern for pattern in patterns], _LEAST_HATCHING
    )
    if best is None:
        return None
    for _ in range(4):
        light = np.clip((gray / _PAPER / (1 - 0.16 * patterns[best] * (1 - light)) - 0.18) / 0.82 - 0.1, 0, 1)
    return light


def _strongest(mean: np.ndarray, patterns: list[np.ndarray], least: float) -> int | None:
    """Return which pattern goes best with the mean picture, if it is there about as strongly as it should be."""
    inner = (slice(4, -4), slice(4, -4))
    picture = _quick(mean)[inner].ravel()
    picture = np.clip(picture, -0.1, 0.1)  # so that outlines do not outvote what is everywhere
    found = []
    for pattern in patterns:
        own = _quick(pattern)[inner].ravel()
        found.append((own @ picture) / (own @ own))
    best = int(np.argmax(found))
    return best if found[best] > least else None


def _quick(picture: np.ndarray) -> np.ndarray:
    soft = picture.astype(np.float32)
    return soft - cv2.GaussianBlur(soft, (0, 0), _SLOW_PIXELS)
