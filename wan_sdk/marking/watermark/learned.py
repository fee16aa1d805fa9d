"""Watermarks that were learned: Meta's VideoSeal and Adobe's TrustMark, with weights of the user's own.

Neither comes with this package. Each is a channel of some bits; the 64 bits of an id are laid into it several times, in
an order and under a mask that the key decides, so that on pixels without the mark every bit is as good as a fair coin.
The certainty that is told rests on that: the chance that so many of the bits agree with any of the 2^64 ids, or with
one of those in the ledger. Unlike that of the built-in mark it is not proved for every picture.

Known limits: the place of the mark in a cropped or turned picture is for the model to cope with, and nothing is said of
it; which part of a clip is marked is not looked for.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from wan_sdk.errors import MissingExtra
from wan_sdk.marking.watermark import detection, keys, payload
from wan_sdk.marking.watermark.embedding import DEFAULT_STRENGTH, as_array, as_bytes
from wan_sdk.marking.watermark.protocol import DetectionResult, Effort, Ledger, Marked

FRAMES_AT_ONCE = 16
READ_FRAMES = 32  # of a clip, evenly spread: more add little to the mean
VIDEOSEAL_FILE = "WAN_SDK_VIDEOSEAL"


class Channel(Protocol):
    """Carry some bits in pictures.

    Args:
      bits: How many.
    """

    bits: int

    def put(self, pictures: np.ndarray, bits: np.ndarray) -> np.ndarray:
        """Return uint8 pictures [T, H, W, 3] that carry bits (0 or 1)."""

    def get(self, pictures: np.ndarray) -> np.ndarray:
        """Return what each picture says of each bit, [T, bits]: above 0 means 1."""


class Learned:
    """A learned channel as a watermark.

    Args:
      name: What it is called.
      channel: Puts and gets the bits.
    """

    def __init__(self, name: str, channel: Channel) -> None:
        self.name = name
        self._channel = channel

    def embed(
        self, pixels: Any, payload: int, *, key: bytes | None = None, strength: float = DEFAULT_STRENGTH
    ) -> Marked:
        """Return the pixels with the id in them; a strength of 1.1 is the model's own."""
        clean = np.asarray(as_array(pixels))
        shown = as_bytes(clean)
        where, mask = _order(self._channel.bits, key)
        bits = _bits(payload)[where] ^ mask
        parts = [
            self._channel.put(shown[first : first + FRAMES_AT_ONCE], bits)
            for first in range(0, len(shown), FRAMES_AT_ONCE)
        ]
        change = (np.concatenate(parts).astype(np.float32) - shown) * (strength / DEFAULT_STRENGTH)
        error = float(np.mean(change**2))
        psnr_db = 10 * math.log10(255**2 / error) if error else math.inf
        if clean.dtype == np.uint8:
            return Marked(np.clip(clean + change + 0.5, 0, 255).astype(np.uint8), psnr_db, strength)
        return Marked(np.clip(clean + change / 255, 0, 1).astype(clean.dtype), psnr_db, strength)

    def detect(
        self,
        pixels: Any,
        *,
        key: bytes | None = None,
        effort: Effort = "normal",
        fps: float | None = None,
        alpha: float = 1e-9,
        ledger: Ledger | None = None,
    ) -> DetectionResult:
        """Look for the mark; `effort` and `fps` change nothing here."""
        del effort, fps
        began = time.perf_counter()
        pictures = _spread([frame for frame in detection.frames(pixels) if frame.ndim == 3])
        if not len(pictures):
            return DetectionResult(False, "NONE", 0.0, reason="there are no frames to look at", key_id=keys.key_id(key))
        where, mask = _order(self._channel.bits, key)
        said = self._channel.get(pictures).mean(0) * np.where(mask, -1, 1)
        known = None if ledger is None else set(ledger() if callable(ledger) else ledger)
        found, agreeing, log10_p = best_id(said, where, known)
        present = log10_p < math.log10(alpha)
        bits = len(where)
        return DetectionResult(
            present=present,
            verdict="MARKED" if present else "NONE",
            log10_p=log10_p,
            payload=found if present else None,
            bits_corrected=bits - agreeing if present else 0,
            z_payload=(2 * agreeing - bits) / math.sqrt(bits),
            hypotheses=1,
            seconds=time.perf_counter() - began,
            key_id=keys.key_id(key),
            frames=len(pictures),
            reason=f"{agreeing} of {bits} bits agree with one id",
        )


def best_id(said: np.ndarray, where: np.ndarray, known: set[int] | None) -> tuple[int, int, float]:
    """Return the likeliest id, how many bits agree with it, and the bound of the chance of that, log10.

    >>> _, agreeing, log10_p = best_id(np.ones(256), np.arange(256) % 64, None)
    >>> agreeing, round(log10_p, 1)
    (256, -57.8)

    Args:
      said: What the picture says of each bit, without the mask: above 0 means 1.
      where: Which of the 64 bits of an id stands at each place.
      known: Ids of the ledger, or None.
    """
    read = said > 0
    sums = np.bincount(where, said, payload.BITS)
    free = int("".join("1" if total > 0 else "0" for total in sums), 2)
    tries = [(free, payload.BITS * math.log10(2))]
    if known:
        likeliest = max(known, key=lambda one: int((_bits(one)[where] == read).sum()))
        tries.append((likeliest, math.log10(len(known))))
    answers = []
    for one, log10_ids in tries:
        agreeing = int((_bits(one)[where] == read).sum())
        answers.append(
            (min(0.0, _log10_at_least(agreeing, len(where)) + log10_ids + math.log10(len(tries))), agreeing, one)
        )
    log10_p, agreeing, one = min(answers)
    return one, agreeing, log10_p


def _log10_at_least(agreeing: int, bits: int) -> float:
    """Return the chance that so many of some fair coins or more fall the same way, log10, exactly."""
    ways = sum(math.comb(bits, k) for k in range(agreeing, bits + 1))
    return math.log10(ways) - bits * math.log10(2)


def _order(bits: int, key: bytes | None) -> tuple[np.ndarray, np.ndarray]:
    """Return which bit of the id stands at each place, and the mask, as the key decides."""
    seed = np.frombuffer(keys.hkdf(keys.checked(key), b"org.wansdk.learned.1", 32), np.uint32)
    rng = np.random.Generator(np.random.PCG64(seed.tolist()))
    return rng.permutation(np.arange(bits) % payload.BITS), rng.integers(0, 2, bits)


def _bits(one: int) -> np.ndarray:
    return payload.to_bits(one)[: payload.BITS]  # without the check that the built-in code carries


def _spread(pictures: list[np.ndarray]) -> np.ndarray:
    if not pictures:
        return np.empty((0, 0, 0, 3), np.uint8)
    chosen = np.unique(np.linspace(0, len(pictures) - 1, READ_FRAMES).round().astype(int))
    return np.stack([pictures[k] for k in chosen])


class VideoSealChannel:
    """VideoSeal 1.0 in its TorchScript form: 256 bits.

    Args:
      file: The model, such as ``y_256b_img.jit`` of https://github.com/facebookresearch/videoseal (MIT licence).
    """

    bits = 256

    def __init__(self, file: Path) -> None:
        import torch

        self._torch = torch
        self._model = torch.jit.load(str(file), map_location="cpu").eval()

    def put(self, pictures: np.ndarray, bits: np.ndarray) -> np.ndarray:
        """Return uint8 pictures that carry bits."""
        with self._torch.no_grad():
            message = self._torch.from_numpy(bits[None].astype(np.float32))
            marked = self._model.embed(self._numbers(pictures), message, is_video=True)
        return (marked.clamp(0, 1) * 255 + 0.5).byte().permute(0, 2, 3, 1).numpy()

    def get(self, pictures: np.ndarray) -> np.ndarray:
        """Return what each picture says of each bit."""
        parts = []
        with self._torch.no_grad():
            for first in range(0, len(pictures), FRAMES_AT_ONCE):
                told = self._model.detect(self._numbers(pictures[first : first + FRAMES_AT_ONCE]), is_video=True)
                parts.append(told[:, 1:].numpy())  # the first column says whether there is a mark at all
        return np.concatenate(parts)

    def _numbers(self, pictures: np.ndarray) -> Any:
        return self._torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 255


class TrustMarkChannel:
    """Adobe's TrustMark, picture by picture, without its own error correction: 100 bits.

    Args:
      model: A `trustmark.TrustMark` that was made with ``use_ECC=False``.
    """

    bits = 100

    def __init__(self, model: Any) -> None:
        self._model = model

    def put(self, pictures: np.ndarray, bits: np.ndarray) -> np.ndarray:
        """Return uint8 pictures that carry bits."""
        from PIL import Image

        word = "".join(map(str, bits.tolist()))
        marked: Iterable[Any] = (self._model.encode(Image.fromarray(one), word, MODE="binary") for one in pictures)
        return np.stack([np.asarray(one) for one in marked])

    def get(self, pictures: np.ndarray) -> np.ndarray:
        """Return what each picture says of each bit: 1 or -1."""
        from PIL import Image

        words = [self._model.decode(Image.fromarray(one), MODE="binary")[0] for one in pictures]
        return np.array([[1.0 if digit == "1" else -1.0 for digit in word] for word in words])


def videoseal() -> Learned:
    """Return VideoSeal, from the file that the environment variable WAN_SDK_VIDEOSEAL names.

    Raises:
      MissingExtra: If there is no such file.
    """
    named = os.environ.get(VIDEOSEAL_FILE, "")
    file = Path(named).expanduser()
    if not named or not file.is_file():
        raise MissingExtra(
            f"the watermark 'videoseal' needs its TorchScript model; {VIDEOSEAL_FILE} is {named!r}",
            where=VIDEOSEAL_FILE,
            hint="get y_256b_img.jit from github.com/facebookresearch/videoseal and put its path there, or use 'ssw'",
        )
    try:
        return Learned("videoseal", VideoSealChannel(file))
    except RuntimeError as problem:
        raise MissingExtra(
            f"the watermark 'videoseal' cannot be loaded: {str(problem).splitlines()[0]}",
            where=str(file),
            hint="a TorchScript file is wanted, such as y_256b_img.jit",
        ) from None


def trustmark() -> Learned:
    """Return TrustMark, if its package is installed; it fetches its weights itself at first use.

    Raises:
      MissingExtra: If the package is not there.
    """
    try:
        from trustmark import TrustMark
    except ImportError as problem:
        raise MissingExtra(
            f"the watermark 'trustmark' needs a package that is not installed: {problem}",
            where="Marking(watermark='trustmark')",
            hint="pip install trustmark (version 0.8 asks for numpy under 2: an environment of its own), or use 'ssw'",
        ) from None
    return Learned("trustmark", TrustMarkChannel(TrustMark(use_ECC=False, verbose=False)))
