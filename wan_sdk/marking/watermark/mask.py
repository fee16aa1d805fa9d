"""How strongly each spot of a picture may be marked before the eye sees it.

Texture hides the mark, flat surfaces and the ends of the tone scale do not. The strength follows
the local contrast, taken at half size; eroding it first keeps the strength down in the flat side
of an edge.
"""

from __future__ import annotations

import cv2
import numpy as np

FLAT, SLOPE, CEILING = 0.55, 0.10, 4.5
RMS_RANGE = (0.95, 1.65)
MAX_BOOST = 1.35
LUMA = (0.299, 0.587, 0.114)

_TONE = np.interp(np.arange(256), [0, 6, 15, 60, 200, 245, 255], [0.6, 0.75, 0.85, 1.0, 1.0, 0.9, 0.6]).astype(
    np.float32
)


def luma(frame: np.ndarray) -> np.ndarray:
    """Return the luma of an RGB frame, uint8 [H, W]."""
    return cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)


def amplitude(grey: np.ndarray) -> np.ndarray:
    """Return the amplitude in grey levels at half size, float32.

    Args:
      grey: Luma, uint8 [H, W].
    """
    height, width = grey.shape
    small = cv2.resize(grey, ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA).astype(np.float32)
    side = window(min(height, width))
    box = (side, side)
    mean = cv2.blur(small, box)
    contrast = cv2.sqrBoxFilter(small, cv2.CV_32F, box)
    contrast -= mean * mean
    contrast = cv2.sqrt(cv2.max(contrast, 0.0))
    eroded = cv2.erode(contrast, np.ones(box, np.uint8))
    texture = cv2.blur(cv2.addWeighted(eroded, 0.7 * SLOPE, contrast, 0.3 * SLOPE, FLAT), box)
    tone = cv2.LUT(cv2.convertScaleAbs(mean), _TONE)
    return cv2.multiply(cv2.min(texture, CEILING), tone)


def window(short_side: int) -> int:
    """Return the side of the statistics window at half size: 11 pixels of a 480-line picture, always odd."""
    return max(3, 2 * round((11 / 480 * short_side / 2 - 1) / 2) + 1)


def gain(amplitudes: list[np.ndarray]) -> float:
    """Return the clip's gain: it brings the rms amplitude into 0.95 to 1.65 grey levels.

    Args:
      amplitudes: Of a few frames spread over the clip.
    """
    rms = float(np.sqrt(np.mean([np.mean(np.square(a)) for a in amplitudes])))
    return min(MAX_BOOST, float(np.clip(rms, *RMS_RANGE)) / max(rms, 1e-6))
