"""The subject's colour by name, from pixels: what is common in the middle of a clip and rare at its sides."""

from __future__ import annotations

import cv2
import numpy as np

from wan_sdk.nano.attributes import COLOURS
from wan_sdk.nano.world.subjects import RGB

_BINS = 12
_LIGHTNESS_WEIGHT = 0.5
_PALE = 9.0


def subject_colour(pixels: np.ndarray) -> tuple[str | None, float]:
    """Return the name of the subject's colour, and the share of its pixels that have it.

    Args:
      pixels: uint8 [frames, height, width, 3].

    Returns:
      None and 0 where nothing in the middle differs from the sides.
    """
    some = pixels[:: max(1, len(pixels) // 6)]
    _, height, width, _ = some.shape
    v, u = np.mgrid[0:height, 0:width]
    u, v = (u - width / 2) / (width / 2), (v - height / 2) / (height / 2)
    middle = np.exp(-((u / 0.35) ** 2) - (v / 0.6) ** 2)[None].repeat(len(some), 0)
    sides = ((np.abs(u) > 0.65) * 1.0)[None].repeat(len(some), 0)
    code = (some.astype(int) * _BINS // 256) @ (_BINS * _BINS, _BINS, 1)
    bins = _BINS**3
    inner = np.bincount(code.ravel(), (middle / middle.sum()).ravel(), bins)
    outer = np.bincount(code.ravel(), (sides / sides.sum()).ravel(), bins)
    outer = cv2.GaussianBlur(outer.reshape(_BINS, _BINS * _BINS).astype(np.float32), (0, 0), 0.6).ravel()
    own = (inner > 6 * outer) & (inner > 0.002)
    chosen = own[code] & (middle > 0.2)
    if chosen.mean() < 0.004:
        return None, 0.0
    lab = _lab(some[chosen] / 255.0)
    vivid = np.linalg.norm(lab[:, 1:], axis=1)
    weight = middle[chosen] * np.maximum(vivid, _PALE) ** 2
    votes = np.bincount(_nearest(lab), weight, len(COLOURS))
    best = int(votes.argmax())
    return COLOURS[best], float(votes[best] / votes.sum())


def _nearest(lab: np.ndarray) -> np.ndarray:
    """Return the colour that is nearest in hue first, in lightness last."""
    palette = _lab(np.array([RGB[name] for name in COLOURS]))
    lightness = (lab[:, None, 0] - palette[:, 0]) * _LIGHTNESS_WEIGHT
    chroma, own = np.linalg.norm(lab[:, 1:], axis=1), np.linalg.norm(palette[:, 1:], axis=1)
    scale = np.clip(own / np.maximum(chroma, 1)[:, None], 1.0, 1.8)  # haze and paper pale a colour
    return (((lab[:, None, 1:] * scale[..., None] - palette[:, 1:]) ** 2).sum(2) + lightness**2).argmin(1)


def _lab(rgb: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(rgb[None].astype(np.float32), cv2.COLOR_RGB2LAB)[0]
