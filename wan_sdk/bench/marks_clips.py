"""Clips to be marked in the trials: the user's own, or drawn ones of kinds that are hard to mark."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np

from wan_sdk.media.fit import fit
from wan_sdk.media.read import iter_frames

HEIGHT, WIDTH, FRAMES = 480, 832, 49
KINDS = ("pan", "cartoon", "dark", "frozen", "gravel", "sky")


def load(path: str | os.PathLike[str], frames: int = FRAMES, size: tuple[int, int] = (WIDTH, HEIGHT)) -> np.ndarray:
    """Return the first frames of a file at one size, or the array in an ``.npy`` file: uint8 [T, H, W, 3]."""
    if Path(path).suffix == ".npy":
        return np.load(path)[:frames]
    taken = []
    for frame in iter_frames(path):
        taken.append(frame)
        if len(taken) == frames:
            break
    return fit(np.stack(taken), *size)


def clips(paths: Iterable[str | os.PathLike[str]] = ()) -> Iterator[tuple[str, np.ndarray]]:
    """Yield (name, pixels) of the files, or of the drawn clips when there are none."""
    files = [Path(path) for path in paths]
    if not files:
        yield from ((f"drawn {kind}", drawn(kind)) for kind in KINDS)
    for file in files:
        yield file.stem, load(file)


def drawn(kind: str, seed: int = 0, frames: int = FRAMES, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """Draw a clip of a kind: uint8 [frames, height, width, 3]."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    scenery = _scenery(rng, height, width)
    if kind == "frozen":
        return np.repeat(scenery[None], frames, 0)
    picture = {"pan": _pan, "cartoon": _cartoon, "dark": _dark, "gravel": _gravel, "sky": _sky}[kind]
    return np.stack([picture(t, scenery, rng, height, width) for t in range(frames)])


def cloud(rng: np.random.Generator, height: int, width: int, sigma: float) -> np.ndarray:
    """Return smooth noise of rms 1, float32 [height, width, 3]."""
    plane = cv2.GaussianBlur(rng.standard_normal((height, width, 3)).astype(np.float32), (0, 0), sigma)
    return plane / plane.std()


def _scenery(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Return a picture with the 1/f detail of a photograph."""
    layers = [cloud(rng, height, width, s) * a for s, a in ((60, 34), (20, 20), (7, 12), (2.5, 7), (1, 3))]
    return np.clip(118 + sum(layers), 0, 255).astype(np.uint8)


def _pan(t: int, scenery: np.ndarray, _rng: np.random.Generator, _height: int, _width: int) -> np.ndarray:
    return np.roll(scenery, 4 * t, 1)


def _cartoon(t: int, _scenery: np.ndarray, _rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    frame = np.full((height, width, 3), (142, 196, 232), np.uint8)
    cv2.rectangle(frame, (0, height * 2 // 3), (width, height), (104, 168, 92), -1)
    cv2.circle(frame, (width - 120, 90), 46, (252, 232, 130), -1, cv2.LINE_AA)
    x = width // 6 + 9 * t
    cv2.ellipse(frame, (x, height // 2), (70, 110), 0, 0, 360, (214, 72, 60), -1, cv2.LINE_AA)
    cv2.circle(frame, (x, height // 2 - 120), 52, (246, 206, 172), -1, cv2.LINE_AA)
    for side in (-18, 18):
        cv2.circle(frame, (x + side, height // 2 - 126), 8, (40, 30, 30), -1, cv2.LINE_AA)
    return frame


def _dark(t: int, _scenery: np.ndarray, rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width].astype(np.float32)
    glow = 14 + 10 * np.sin(x / 200 + t / 20) * np.cos(y / 150)
    glow += 30 * np.exp(-((x - 200 - 6 * t) ** 2 + (y - height / 2) ** 2) / 9000)
    return np.clip(glow[..., None] * [1, 0.9, 1.2] + rng.normal(0, 2.5, (height, width, 3)), 0, 255).astype(np.uint8)


def _gravel(t: int, scenery: np.ndarray, _rng: np.random.Generator, _height: int, _width: int) -> np.ndarray:
    rough = cv2.addWeighted(scenery, 2.6, cv2.GaussianBlur(scenery, (0, 0), 5), -1.6, 0)
    return np.roll(rough, (2 * t, 3 * t), (0, 1))


def _sky(t: int, scenery: np.ndarray, _rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    soft = cv2.GaussianBlur(scenery, (0, 0), 24).astype(np.float32)
    fall = np.linspace(230, 120, height, dtype=np.float32)[:, None, None]
    frame = 0.55 * fall + 0.45 * np.roll(soft, 3 * t, 1)
    cv2.line(frame, (0, height - 60), (width, height - 80), (60, 50, 45), 40, cv2.LINE_AA)
    return np.clip(frame, 0, 255).astype(np.uint8)
