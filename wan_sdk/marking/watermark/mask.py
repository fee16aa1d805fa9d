"""How strongly each spot of a picture may be marked before the eye sees it.

Texture hides the mark, flat surfaces and the ends of the tone scale do not. The strength follows
the local contrast, taken at half size; eroding it first keeps the strength down in the flat side
of an edge. It follows only up to a contrast of 7 grey levels: the detector divides by the contrast,
so strength beyond that costs much of the picture's quality and adds little to what is read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

FLAT, SLOPE, BUSY = 0.68, 0.16, 7.0
EDGE = 0.3
RMS_RANGE = (1.1, 1.55)
LEAST_LIFT, MOST_LIFT = 0.75, 2.0
STANDARD = 1.1
SSIM_C1, SSIM_C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
RECTIFIED = 0.1
SSIM_LOSS = 0.0095
SSIM_SIDE = 7
ROUNDING = 1 / 12
LUMA = (0.299, 0.587, 0.114)

_TONE = np.interp(np.arange(256), [0, 6, 15, 60, 200, 245, 255], [0.6, 0.75, 0.85, 1.0, 1.0, 0.9, 0.6]).astype(
    np.float32
)


def luma(frame: np.ndarray) -> np.ndarray:
    """Return the luma of an RGB frame, uint8 [H, W]."""
    return cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)


@dataclass(frozen=True)
class Levels:
    """Say how strong the mark may be.

    Args:
      flat: Amplitude on flat surfaces of middle tone, grey levels rms.
      slope: Further amplitude for each grey level of local contrast, up to 7 of them.
    """

    flat: float = FLAT
    slope: float = SLOPE

    def times(self, factor: float) -> Levels:
        """Return levels that are stronger or weaker all over."""
        return Levels(self.flat * factor, self.slope * factor)


def amplitude(grey: np.ndarray, levels: Levels) -> np.ndarray:
    """Return the amplitude in grey levels at half size, float32.

    Args:
      grey: Luma, uint8 [H, W].
      levels: How strong the mark may be.
    """
    return _amplitude_and_contrast(_halved(grey), levels)[0]


def _halved(grey: np.ndarray) -> np.ndarray:
    height, width = grey.shape
    return cv2.resize(grey, ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA).astype(np.float32)


def _amplitude_and_contrast(small: np.ndarray, levels: Levels) -> tuple[np.ndarray, np.ndarray]:
    side = window(2 * min(small.shape))
    box = (side, side)
    mean = cv2.blur(small, box)
    contrast = cv2.sqrBoxFilter(small, cv2.CV_32F, box)
    contrast -= mean * mean
    contrast = cv2.sqrt(cv2.max(contrast, 0.0))
    busy = cv2.min(contrast, BUSY)
    eroded = cv2.erode(busy, np.ones(box, np.uint8))
    mixed = cv2.addWeighted(eroded, (1 - EDGE) * levels.slope, busy, EDGE * levels.slope, levels.flat)
    tone = cv2.LUT(cv2.convertScaleAbs(mean), _TONE)
    return cv2.multiply(cv2.blur(mixed, box), tone), contrast


def window(short_side: int) -> int:
    """Return the side of the statistics window at half size: 11 pixels of a 480-line picture, always odd."""
    return max(3, 2 * round((11 / 480 * short_side / 2 - 1) / 2) + 1)


def levels_for(greys: list[np.ndarray]) -> Levels:
    """Return the levels of a clip, which keep its PSNR and its SSIM in bounds at the standard strength.

    The rms amplitude is brought to at most 1.55 grey levels, so the PSNR stays above 43 dB. A fainter
    clip is lifted towards 1.1 as long as the structural similarity that is to be expected stays above
    0.9905: ``1 - mark^2 / (2 contrast^2 + 58.5)`` on average, less what black loses because the darker
    half of the mark is cut off there, which makes it lighter on the whole.

    Args:
      greys: Luma of a few frames spread over the clip, uint8 [H, W].
    """
    power, loss = 0.0, 0.0
    for grey in greys:
        small = _halved(grey)
        strength, contrast = _amplitude_and_contrast(small, Levels())
        squared = np.square(strength)
        cut_off = np.where(small < strength, RECTIFIED * squared / (2 * np.square(small) + SSIM_C1), 0)
        power += float(np.mean(squared)) / len(greys)
        loss += float(np.mean(squared / (2 * np.square(contrast) + SSIM_C2) + cut_off)) * STANDARD**2 / len(greys)
    rms = math.sqrt(power)
    wanted = float(np.clip(rms, *RMS_RANGE)) / max(rms, 1e-6)
    unseen = math.sqrt(SSIM_LOSS / max(loss, 1e-9))
    return Levels().times(min(wanted, MOST_LIFT, max(unseen, LEAST_LIFT)))


def dissimilarity(grey: np.ndarray, change: np.ndarray) -> float:
    """Return how much structural similarity a change of a picture costs, about: 0 to 1, the mean of 7 x 7 windows.

    Args:
      grey: Luma, uint8 [H, W].
      change: Grey levels, float32 [H, W]; it will be rounded.
    """
    picture = grey.astype(np.float32)
    of_change = _variance(change) + ROUNDING
    of_both = _variance(picture) + _variance(picture + change) + ROUNDING
    return float(np.mean(of_change / (of_both + SSIM_C2)))


def _variance(picture: np.ndarray) -> np.ndarray:
    box = (SSIM_SIDE, SSIM_SIDE)
    return cv2.max(cv2.sqrBoxFilter(picture, cv2.CV_32F, box) - np.square(cv2.blur(picture, box)), 0.0)
