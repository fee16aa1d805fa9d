"""Somebody films the clip off a screen: what that does to it, step by step, as far as it can be computed.

    clip ──► the screen's stripes of red, green and blue ──► lens and a shaking hand ──► sensor ──► 30 pictures a second

It stands in for recordings by a real camera, which it is kinder than: no reflections, no focus that hunts, no shutter
that rolls down the picture.
"""

from __future__ import annotations

import cv2
import numpy as np

from wan_sdk.bench.marks_treatments import resample

CAMERA = 1280, 720
_STRIPES = 3  # columns of the screen a pixel of the clip, one a colour
_ROOM = 14  # grey levels of the wall around the screen, and of its light on the glass
_WARM = np.array([1.04, 1.0, 0.92], np.float32)


def filmed_off_a_screen(clip: np.ndarray, slant: float, rng: np.random.Generator) -> np.ndarray:
    """Return the clip, of 16 frames a second, as a camera of 30 that stands before a screen would see it.

    Args:
      clip: uint8 [T, H, W, 3].
      slant: How far corners move inwards beside the others, as a share of the screen's width and height: 0 is a camera
        that looks straight at it.
      rng: Chance, for the slant, the shake and the noise.
    """
    filmed = resample(clip, 30 / 16, blend=True)
    still = _corners(clip.shape[2] / clip.shape[1], slant, rng)
    hand, tilt = (_slow(rng.standard_normal((len(filmed), corners, 2))) for corners in (1, 4))
    shake = 1.5 * hand + 0.4 * tilt  # pixels
    bands = rng.uniform(0, 1) + np.arange(len(filmed)) * 0.13
    frames = [
        _sensor(_through_the_lens(_screen(frame), still + moved), band, rng)
        for frame, moved, band in zip(filmed, shake.astype(np.float32), bands, strict=True)
    ]
    return np.stack(frames)


def _screen(frame: np.ndarray) -> np.ndarray:
    """Return what the glass shows: every pixel three columns, of which each has one colour alone."""
    shown = np.repeat(frame, _STRIPES, axis=1)
    lit = np.eye(3, dtype=bool)[np.arange(shown.shape[1]) % _STRIPES]
    return np.where(lit, shown, 0)


def _through_the_lens(screen: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Return the camera's picture of the screen, float32, a little soft, in a dark room."""
    rows, columns = screen.shape[:2]
    warp = cv2.getPerspectiveTransform(
        np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32), corners.astype(np.float32)
    )
    # Three stripes share the light of one pixel, so a third of it arrives; the camera's exposure makes up for it.
    soft = cv2.GaussianBlur(screen.astype(np.float32) * _STRIPES, (0, 0), 1.5, sigmaY=0.5)
    return cv2.warpPerspective(soft, warp, CAMERA, flags=cv2.INTER_LINEAR, borderValue=(_ROOM,) * 3)


def _sensor(light: np.ndarray, band: float, rng: np.random.Generator) -> np.ndarray:
    """Return a frame as it is stored: warm, lit by the room, dark bands passing over it, darker at its edges, noisy."""
    y, x = np.mgrid[-1 : 1 : light.shape[0] * 1j, -1 : 1 : light.shape[1] * 1j].astype(np.float32)
    lit = (1 - 0.12 * (x**2 + y**2)) * (1 + 0.03 * np.sin(2 * np.pi * (y + band)))
    seen = 255 * np.clip((light * _WARM * lit[..., None] + _ROOM) / 270, 0, 1) ** 1.1
    return np.clip(seen + rng.normal(0, 3, seen.shape), 0, 255).astype(np.uint8)


def _corners(shape: float, slant: float, rng: np.random.Generator) -> np.ndarray:
    """Return where the screen's corners are in the picture, [4, 2] pixels; it fills nine tenths of it."""
    width = min(CAMERA[0], CAMERA[1] * shape) * 0.9
    half = np.array([width, width / shape]) / 2
    outwards = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    inwards = 1 - 2 * slant * rng.uniform(0.4, 1, (4, 2))
    return np.array(CAMERA) / 2 + outwards * half * inwards


def _slow(steps: np.ndarray) -> np.ndarray:
    """Return chance that changes slowly along its first axis, with a standard deviation of one."""
    slow = cv2.GaussianBlur(steps.reshape(len(steps), -1), (1, 31), sigmaX=1, sigmaY=4).reshape(steps.shape)
    return slow / max(float(slow.std()), 1e-9)
