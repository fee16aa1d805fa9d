"""Putting the mark into the pixels.

One pattern serves the whole clip; only its local strength follows the content. It is added to red,
green and blue alike, as whole grey levels, after everything but the visible label and the encoder.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np

from wan_sdk.errors import UsageError
from wan_sdk.marking.watermark import carriers, keys, mask, polar, still
from wan_sdk.marking.watermark.payload import to_bits
from wan_sdk.marking.watermark.protocol import Marked

STRENGTHS = {"subtle": 0.8, "standard": 1.1, "robust": 1.5}
LAYER_SHARE = 0.8 / 1.1
MOST_RAISED = 1.3
DEFAULT_STRENGTH = STRENGTHS["standard"]
PSNR_FLOOR_DB = 42.0
EXAMPLES = 5
SMALLEST_SIDE = 16


class Embedder:
    """Mark a clip chunk by chunk, in memory that does not grow with its length.

    The clip's levels are taken from the first chunk, unless `calibrate` has seen better examples. Where
    the examples are all the same and full of texture, the pattern is made for that picture. One frame as
    the first chunk says nothing of that: others may follow.

    >>> clip = np.full((9, 256, 256, 3), 128, np.uint8)
    >>> embedder = Embedder(new_payload(), (256, 256))
    >>> marked = np.concatenate([embedder.mark(chunk) for chunk in (clip[:4], clip[4:])])
    >>> embedder.psnr_db > 42
    True

    Args:
      payload: The id, 0 to 2**64 - 1.
      size: (width, height) of the frames, pixels.
      key: 32 bytes, or None for the public profile key.
      strength: 1.1 is the standard; 0.8 subtle, 1.5 robust.
      private: A second key, for a layer that only its owner can read; each layer then has 0.73 of
        the strength.

    Raises:
      UsageError: A payload, key, size or strength that cannot be.
    """

    def __init__(
        self,
        payload: int,
        size: tuple[int, int],
        key: bytes | None = None,
        strength: float = DEFAULT_STRENGTH,
        private: bytes | None = None,
    ) -> None:
        width, height = int(size[0]), int(size[1])
        if min(width, height) < SMALLEST_SIDE:
            raise UsageError(
                f"frames of {width}x{height} are too small to carry a mark; {SMALLEST_SIDE} pixels a side at least",
                hint="enlarge them first: 256 lines or more survive compression",
            )
        if not 0 < float(strength) <= 4:
            raise UsageError(f"strength is {strength!r}, but it goes from above 0 to 4", hint="the standard is 1.1")
        self.strength = float(strength)
        self._pattern = _layer(payload, key, height, width)
        if private is not None:
            self._pattern = LAYER_SHARE * (self._pattern + _layer(payload, private, height, width))
        self._levels: mask.Levels | None = None
        self._squared_error = 0.0
        self._samples = 0

    def calibrate(self, examples: Iterable[np.ndarray]) -> None:
        """Set the clip's levels from a few of its frames, uint8 or float [H, W, 3] each.

        Frames that are all the same, two at least, say that the clip stands still.
        """
        greys = [mask.luma(as_bytes(frame)) for frame in examples]
        self._levels = mask.levels_for(greys).times(self.strength)
        if still.is_still(greys):
            strength = self._strength_of(greys[0])
            if still.is_dense(strength, self._levels.flat):
                allowed = mask.SSIM_LOSS * (self.strength / mask.STANDARD) ** 2
                self._pattern = still.pattern_for(greys[0], strength, self._pattern, allowed)

    def mark(self, pixels: np.ndarray) -> np.ndarray:
        """Return one chunk with the mark: same type, shape and range.

        Args:
          pixels: uint8, or float in 0 to 1; [T, H, W, 3].
        """
        _check_pixels(pixels, self._pattern.shape)
        if self._levels is None and len(pixels):
            self.calibrate(_spread(pixels))
        marked = np.empty_like(pixels)
        one = self._mark_bytes if pixels.dtype == np.uint8 else self._mark_float
        for frame, into in zip(pixels, marked, strict=True):
            one(frame, into)
        return marked

    @property
    def psnr_db(self) -> float:
        """Peak signal-to-noise ratio of what was marked so far, dB."""
        if not self._squared_error:
            return float("inf")
        return float(10 * np.log10(255.0**2 * self._samples / self._squared_error))

    def _mark_bytes(self, frame: np.ndarray, into: np.ndarray) -> None:
        frame = np.ascontiguousarray(frame)
        change = self._change(mask.luma(frame))
        up = cv2.add(change, 0.0, dtype=cv2.CV_8U)
        down = cv2.subtract(0.0, change, dtype=cv2.CV_8U)
        cv2.add(frame, cv2.cvtColor(up, cv2.COLOR_GRAY2RGB), dst=into)
        cv2.subtract(into, cv2.cvtColor(down, cv2.COLOR_GRAY2RGB), dst=into)
        self._squared_error += cv2.norm(frame, into, cv2.NORM_L2SQR)
        self._samples += frame.size

    def _mark_float(self, frame: np.ndarray, into: np.ndarray) -> None:
        change = self._change(mask.luma(as_bytes(frame))) / 255
        wide = np.float32 if frame.dtype == np.float16 else frame.dtype
        into[...] = np.clip(frame.astype(wide) + change[..., None], 0, 1)
        self._squared_error += float(np.sum(np.square(255 * (into.astype(wide) - frame.astype(wide)))))
        self._samples += frame.size

    def _change(self, grey: np.ndarray) -> np.ndarray:
        """Return the change of this frame in grey levels: float32 [H, W]."""
        strength = self._strength_of(grey)
        return cv2.multiply(strength, self._pattern, dst=strength)

    def _strength_of(self, grey: np.ndarray) -> np.ndarray:
        """Return what the pattern is multiplied by in this frame: float32 [H, W]."""
        height, width = grey.shape
        assert self._levels is not None
        return cv2.resize(mask.amplitude(grey, self._levels), (width, height), interpolation=cv2.INTER_LINEAR)


def embed(
    pixels: Any,
    payload: int,
    *,
    key: bytes | None = None,
    strength: float = DEFAULT_STRENGTH,
    private: bytes | None = None,
) -> Marked:
    """Put an id into the pixels of a clip.

    >>> clip = np.full((9, 256, 448, 3), 128, np.uint8)
    >>> marked = embed(clip, 0x4C1F)
    >>> detect(marked.pixels).payload == 0x4C1F
    True

    Args:
      pixels: uint8, or float in 0 to 1; [T, H, W, 3] or one picture [H, W, 3]; numpy, or a torch
        tensor, for which a tensor of the same type on the same device comes back.
      payload: The id, 0 to 2**64 - 1.
      key: 32 bytes, or None for the public profile key.
      strength: 1.1 is the standard: about 45 dB. 0.8 is subtle, 1.5 robust.
      private: A second key, for a layer that only its owner can read.

    Raises:
      UsageError: A payload, key, shape or strength that cannot be.
    """
    if hasattr(pixels, "detach"):
        marked = embed(as_array(pixels), payload, key=key, strength=strength, private=private)
        tensor = pixels.new_tensor(marked.pixels)
        return Marked(tensor, marked.psnr_db, marked.strength)
    clip = np.asarray(pixels)
    if clip.ndim == 3 and clip.shape[-1] == 3:
        one = embed(clip[None], payload, key=key, strength=strength, private=private)
        return Marked(one.pixels[0], one.psnr_db, one.strength)
    _check_pixels(clip, None)
    embedder = Embedder(payload, (clip.shape[2], clip.shape[1]), key, strength, private)
    if len(clip):
        embedder.calibrate(examples(clip))
    return Marked(embedder.mark(clip), embedder.psnr_db, embedder.strength)


def as_array(pixels: Any) -> Any:
    """Return a torch tensor as a numpy array (half-precision floats as float32); anything else as it is."""
    if not hasattr(pixels, "detach"):
        return pixels
    tensor = pixels.detach().cpu()
    return (tensor.float() if tensor.is_floating_point() else tensor).numpy()


def raised_strength(marked: Marked | Embedder, floor_db: float = PSNR_FLOOR_DB) -> float | None:
    """Return a stronger strength for another attempt, or None when the floor leaves no room.

    >>> raised_strength(Marked(np.zeros(0), psnr_db=45.0, strength=1.1))
    1.43

    Args:
      marked: The attempt that was too weak.
      floor_db: PSNR that the stronger mark is expected to keep, dB.
    """
    room = 10 ** ((marked.psnr_db - floor_db) / 20)
    strength = round(min(marked.strength * min(MOST_RAISED, room), STRENGTHS["robust"]), 3)
    return strength if strength > 1.02 * marked.strength else None


def _layer(payload: int, key: bytes | None, height: int, width: int) -> np.ndarray:
    waves = carriers.carriers(keys.checked(key), payload % keys.variants(key))
    return carriers.pattern(waves, polar.encode(to_bits(payload)), height, width)


def examples(clip: np.ndarray) -> list[np.ndarray]:
    """Return the few frames of a whole clip that `Embedder.calibrate` should see: evenly spread, both ends among them.

    Of one picture it is the same frame twice: it stands still.
    """
    return _spread(clip) if len(clip) != 1 else [clip[0], clip[0]]


def _spread(pixels: np.ndarray) -> list[np.ndarray]:
    picked = np.unique(np.linspace(0, len(pixels) - 1, EXAMPLES).round().astype(int))
    return [pixels[i] for i in picked]


def as_bytes(frame: np.ndarray) -> np.ndarray:
    """Return pixels as uint8; floats are in 0 to 1, and what is no number counts as black."""
    if frame.dtype == np.uint8:
        return np.ascontiguousarray(frame)
    return (np.clip(np.nan_to_num(frame.astype(np.float32)), 0, 1) * 255 + 0.5).astype(np.uint8)


def _check_pixels(pixels: np.ndarray, size: tuple[int, ...] | None) -> None:
    fits = pixels.ndim == 4 and pixels.shape[-1] == 3 and (size is None or pixels.shape[1:3] == size)
    if not fits:
        wanted = "[frames, height, width, 3]" if size is None else f"[frames, {size[0]}, {size[1]}, 3]"
        raise UsageError(
            f"pixels have the shape {list(pixels.shape)}; a clip to mark is {wanted}",
            hint="drop the alpha channel, or repeat a grey one three times",
        )
    if pixels.dtype != np.uint8 and pixels.dtype.kind != "f":
        raise UsageError(
            f"pixels are {pixels.dtype}; a clip to mark is uint8, or float in 0 to 1",
            hint="scale 10- or 16-bit pixels to float in 0 to 1",
        )
