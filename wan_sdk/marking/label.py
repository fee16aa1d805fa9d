"""The visible label: "AI GENERATED", drawn into the pictures where crops to a square leave it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

TEXT = "AI GENERATED"
HEIGHT_SHARE = 0.05
"""Height of its capitals in shares of the short side: 5 %, as GB 45438-2025 asks of pictures."""
MARGIN_SHARE = 0.04
PLATE_OPACITY = 0.72
"""White on this plate has a contrast of 9:1 even over white; WCAG 2.1 asks for 4.5:1."""


def draw_label(pixels: np.ndarray, text: str = TEXT) -> np.ndarray:
    """Return pictures with the label at the top right of their central square.

    >>> draw_label(np.zeros((9, 288, 480, 3), np.uint8)).max()
    255

    Args:
      pixels: uint8 [frames, height, width, 3]; not changed.
      text: What it says.
    """
    height, width = pixels.shape[1:3]
    stamp = _stamp(text, min(height, width))
    margin = round(min(height, width) * MARGIN_SHARE)
    right = (width + min(height, width)) // 2 - margin
    left = max(0, right - stamp.shape[1])
    rows, columns = slice(margin, margin + stamp.shape[0]), slice(left, left + stamp.shape[1])
    labelled = pixels.copy()
    under = labelled[:, rows, columns].astype(np.float32)
    cut = stamp[: under.shape[1], : under.shape[2]]
    labelled[:, rows, columns] = (under * (1 - cut[..., 1:]) + 255 * cut[..., :1] * cut[..., 1:] + 0.5).astype(np.uint8)
    return labelled


@lru_cache(maxsize=8)
def _stamp(text: str, short_side: int) -> np.ndarray:
    """Return the label as float32 [height, width, 2]: brightness and opacity, 0 to 1."""
    capitals = max(6.0, short_side * HEIGHT_SHARE)
    font = ImageFont.load_default(round(capitals / 0.7))  # capitals are about 0.7 of a font's size
    left, top, right, bottom = font.getbbox(text)
    pad = round(capitals * 0.6)
    size = (int(right - left) + 2 * pad, int(bottom - top) + 2 * pad)
    picture = Image.new("L", size, 0)
    ImageDraw.Draw(picture).text((pad - left, pad - top), text, font=font, fill=255)
    ink = np.asarray(picture, np.float32) / 255
    return np.stack([ink, np.maximum(ink, PLATE_OPACITY)], axis=-1)
