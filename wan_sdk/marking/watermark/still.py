"""A pattern made for one picture, for clips that stand still.

Where a picture moves, its texture averages out over the frames and the mark does not. Where it stands
still, the texture stays and drowns the mark, all the more where it is dense. But the embedder knows that
texture: it can put the mark where, and in the scales and directions in which, the picture has little of
its own, since the detector divides by just that. The detector does not change.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from wan_sdk.marking.watermark import front, mask

ROUNDS = 2
PEAK = 3.0
SHARE = 0.93
DENSE = 2.0


def is_still(greys: Sequence[np.ndarray]) -> bool:
    """Say whether two or more frames, spread over a clip, are all the same.

    >>> is_still([np.zeros((16, 16), np.uint8)] * 2)
    True
    """
    return len(greys) > 1 and all(np.array_equal(greys[0], grey) for grey in greys[1:])


def is_dense(strength: np.ndarray, flat: float) -> bool:
    """Say whether a picture has so much texture that it drowns the mark: its rms strength is twice that on flats.

    Args:
      strength: What the pattern will be multiplied by, float32 [H, W].
      flat: What it is multiplied by on flat surfaces of middle tone.
    """
    return float(np.sqrt(np.mean(np.square(strength)))) > DENSE * flat


def pattern_for(grey: np.ndarray, strength: np.ndarray, pattern: np.ndarray, allowed: float) -> np.ndarray:
    """Return a pattern that the detector sees better in this picture, or the common one where there is none.

    It has 0.93 of the amplitude on the whole: part of it lies where the picture hides it less. Where that
    would cost too much structural similarity, half of it is the common pattern, and it is fainter if need be.

    Args:
      grey: Luma of the picture, uint8 [H, W].
      strength: What the pattern will be multiplied by, grey levels, float32 [H, W].
      pattern: The pattern for pictures that move, float32 [H, W].
      allowed: Structural similarity that the mark may cost, on average.
    """
    error = SHARE**2 * np.mean(np.square(strength * pattern))
    better, seen = pattern, grey
    for _ in range(ROUNDS):  # the mark changes the local strengths that the pull goes by
        better = _levelled(strength * front.pull(pattern, seen), strength, error)
        seen = _marked(grey, strength * better)
    if mask.dissimilarity(grey, strength * better) > allowed:
        mixed = _levelled(better + pattern, strength, error)
        better = mixed * np.float32(min(1.0, np.sqrt(allowed / mask.dissimilarity(grey, strength * mixed))))
    answers = [front.answer(pattern, _marked(grey, strength * one)) for one in (pattern, better)]
    return better if answers[1] > answers[0] else pattern  # even texture gains nothing


def _marked(grey: np.ndarray, change: np.ndarray) -> np.ndarray:
    return cv2.add(grey, change, dtype=cv2.CV_8U)


def _levelled(pattern: np.ndarray, strength: np.ndarray, error: float) -> np.ndarray:
    """Return a pattern brought to a mean squared error, without its peaks."""
    for _ in range(2):  # the peaks that are cut off leave some error to give to the rest
        pattern = pattern * np.sqrt(error / max(np.mean(np.square(strength * pattern)), 1e-12))
        pattern = np.clip(pattern, -PEAK, PEAK)
    return pattern
