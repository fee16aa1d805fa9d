"""Finding the mark: from pixels to a result that says what was found and how sure that is."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from wan_sdk.errors import UsageError
from wan_sdk.marking.watermark import carriers, front, keys, payload, polar, reading, statistic
from wan_sdk.marking.watermark.embedding import as_array
from wan_sdk.marking.watermark.geometry import Sheet
from wan_sdk.marking.watermark.protocol import DetectionResult, Effort, Geometry, Ledger, Segment, Verdict
from wan_sdk.marking.watermark.search import Search
from wan_sdk.marking.watermark.sheets import Sheets

SEGMENT_FRAMES = 8
SEGMENT_Z = 4.5
MOST_FLATTENED = 40
FLATTENED_AT_ONCE = 4
LEAST_CONTRAST = 0.02


def detect(
    pixels: Any,
    *,
    key: bytes | None = None,
    effort: Effort = "normal",
    fps: float | None = None,
    alpha: float = 1e-9,
    ledger: Ledger | None = None,
    device: str | None = None,
) -> DetectionResult:
    """Look for the mark in a clip, a picture, or chunks of a clip as they come.

    Never raises on odd pixels: what cannot be read is ``NONE``, with the reason. Memory does not grow
    with the length of the clip when chunks are handed in.

    >>> detect(np.zeros((9, 64, 64, 3), np.uint8)).reason
    'the picture is blank'

    Args:
      pixels: uint8, or float in 0 to 1; [T, H, W, 3], [H, W, 3], grey or with alpha; or an iterable
        of such arrays, taken as one clip in order.
      key: 32 bytes, or None for the public profile key.
      effort: ``fast`` looks at whole pictures, mirrored, turned by quarters or squeezed; ``normal``
        at crops, insets, small turns and stretches of time too; ``deep`` at combinations of them.
      fps: Frames per second, for the times of the segments.
      alpha: Level of proof: chance of a false alarm, over everything that is tried.
      ledger: Known ids, or a function that returns them; they are found at lower strength.
      device: A torch device such as ``cuda`` for the wide search; None is the CPU without torch.

    Raises:
      UsageError: A key, effort, alpha or device that cannot be.
    """
    used = keys.checked(key)
    return detect_keys(pixels, [used], effort=effort, fps=fps, alpha=alpha, ledger=ledger, device=device)[0]


def detect_keys(
    pixels: Any,
    every: Sequence[bytes],
    *,
    effort: Effort = "normal",
    fps: float | None = None,
    alpha: float = 1e-9,
    ledger: Ledger | None = None,
    device: str | None = None,
) -> list[DetectionResult]:
    """Look for the marks of several keys, epochs of one key for example, reading the pixels once.

    Each key gets an equal share of `alpha`, so that the chance of any false alarm stays under it; the
    results' own p-values are per key. Arguments are those of `detect`.
    """
    if effort not in ("fast", "normal", "deep"):
        raise UsageError(
            f"effort is {effort!r}; it is 'fast', 'normal' or 'deep'", hint="'normal' finds crops and turns"
        )
    if not 0 < alpha < 1:
        raise UsageError(f"alpha is {alpha!r}; it is a chance between 0 and 1", hint="the default is 1e-9")
    begun = time.perf_counter()
    known = _known(ledger)
    timeline, shape, reason = gather(pixels, device)
    if reason:
        seconds = time.perf_counter() - begun
        nothing = DetectionResult(False, "NONE", 0.0, reason=reason, seconds=seconds, frames=timeline.frames)
        return [replace(nothing, key_id=keys.key_id(key)) for key in every]
    results = []
    sheets = Sheets(timeline, shape, device)
    for key in every:
        waves = tuple(carriers.carriers(key, v) for v in range(keys.variants(key)))
        search = Search(sheets, waves, math.log(alpha / len(every)), known, device)
        search.run(effort)
        results.append(_result(search, fps, keys.key_id(key), begun))
        begun = time.perf_counter()
    return results


def already_marked(pixels: Any, *, key: bytes | None = None, fps: float | None = None) -> int | None:
    """Return the id that these pixels carry already, or None: a quick look before they are marked again.

    Marking again with the same key overwrites the id, so a caller links the old one to the new.
    """
    return detect(pixels, key=key, effort="fast", fps=fps).payload


def _known(ledger: Ledger | None) -> reading.Known | None:
    if ledger is None:
        return None
    ids = ledger() if callable(ledger) else ledger
    return reading.Known(np.asarray(ids if isinstance(ids, np.ndarray) else list(ids), np.uint64))


def gather(pixels: Any, device: str | None = None) -> tuple[front.Timeline, tuple[int, int], str]:
    """Return the maps of a clip, the shape of its frames, and what speaks against reading it."""
    timeline, shape = front.Timeline(), (0, 0)
    same = _of_one_size(frames(pixels))
    if (first := next(same, None)) is not None:
        shape = first.shape[:2]
        for detail_map in _details(itertools.chain([first], same), device):
            timeline.add(detail_map)
    if not timeline.frames:
        return timeline, shape, "there are no frames to look at"
    if min(shape) < 16:
        return timeline, shape, f"the picture is {shape[1]}x{shape[0]}; under 16 pixels a side nothing can be read"
    if float(np.std(timeline.mean())) < LEAST_CONTRAST:
        return timeline, shape, "the picture is blank"
    return timeline, shape, ""


def _of_one_size(every: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield frames, those that differ from the first in size brought to it."""
    shape = None
    for frame in every:
        shape = shape or frame.shape[:2]
        yield frame if frame.shape[:2] == shape else _resized(frame, shape)


def _details(same: Iterable[np.ndarray], device: str | None) -> Iterable[np.ndarray]:
    if device is None or device.startswith("cpu"):  # a processor blurs faster than it multiplies matrices
        return map(front.detail, same)
    from wan_sdk.marking.watermark import torch_front

    return torch_front.details(same, torch_front.device_of(device))


def _resized(frame: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    import cv2

    return cv2.resize(frame, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)


def frames(pixels: Any) -> Iterator[np.ndarray]:
    """Yield uint8 frames, [H, W] or [H, W, 3], of whatever was handed in; skip what is no picture."""
    pixels = as_array(getattr(pixels, "pixels", pixels))
    if not isinstance(pixels, np.ndarray) and hasattr(pixels, "__array_interface__"):
        pixels = np.asarray(pixels)
    if isinstance(pixels, np.ndarray):
        yield from _split(pixels)
    elif isinstance(pixels, Iterable):
        for chunk in pixels:
            yield from frames(chunk) if not np.isscalar(chunk) else ()


def _split(array: np.ndarray) -> Iterator[np.ndarray]:
    if array.size == 0 or array.ndim < 2 or array.dtype.kind not in "uifb":
        return
    if array.ndim == 2:
        yield _eight_bits(array)
    elif array.ndim == 3 and array.shape[-1] in (1, 2, 3, 4):
        yield _eight_bits(_colours(array))
    elif array.ndim <= 4:
        for part in array:
            yield from _split(part)


def _colours(frame: np.ndarray) -> np.ndarray:
    if frame.shape[-1] >= 3:
        return frame[..., :3]
    return frame[..., 0]


def _eight_bits(frame: np.ndarray) -> np.ndarray:
    """Bring any numbers to uint8: floats from 0 to 1, whole numbers by the size of their type."""
    if frame.dtype == np.uint8:
        return np.ascontiguousarray(frame)
    if frame.dtype.kind == "f":
        finite = np.nan_to_num(frame.astype(np.float32), nan=0.0, posinf=1.0, neginf=0.0)
        if finite.max(initial=0) > 1.5:
            finite = finite / 255
        return (np.clip(finite, 0, 1) * 255 + 0.5).astype(np.uint8)
    if frame.dtype.kind == "b":
        return frame.astype(np.uint8) * 255
    top = int(frame.max(initial=0))
    span = 255 if top <= 255 else 1023 if top <= 1023 else 4095 if top <= 4095 else 65535
    return np.clip(frame.astype(np.float32) * (255 / span) + 0.5, 0, 255).astype(np.uint8)


def _result(search: Search, fps: float | None, name: str, begun: float) -> DetectionResult:
    word, found = search.word, search.best
    proved = search.proved
    present = proved or search.log_p < search.log_alpha
    verdict: Verdict = "MARKED" if proved else "TRACE" if present else "NONE"
    reason = {
        "MARKED": "the clip carries our mark; a mark may be copied, so the ledger and the content must agree",
        "TRACE": "the mark's pilot is there, but no id can be read",
        "NONE": "no mark was found, which does not mean that none was ever there",
    }[verdict]
    segments = _segments(search, fps) if present else ()
    return DetectionResult(
        present=present,
        verdict=verdict,
        log10_p=search.log_p / math.log(10),
        payload=word.payload if proved else None,
        bits_corrected=word.corrected if proved else 0,
        z_pilot=found.z if found else 0.0,
        z_payload=word.z if word else 0.0,
        geometry=found.geometry() if present and found else Geometry(),
        segments=segments,
        hypotheses=search.account.cells,
        seconds=time.perf_counter() - begun,
        key_id=name,
        reason=reason,
        frames=search.sheets.timeline.frames,
        extra={"read_by": word.route} if proved else {},
    )


def _segments(search: Search, fps: float | None) -> tuple[Segment, ...]:
    found = search.best
    assert found is not None
    waves = found.waves
    signs = None
    chosen = waves.pilot
    if search.proved:
        signs = waves.signs(polar.encode(payload.to_bits(search.word.payload)))
        chosen = np.ones(len(waves.bit), bool)
    frames_in_all = search.sheets.timeline.frames
    count = max(1, round(frames_in_all / SEGMENT_FRAMES))
    segments = []
    for start, stop, sheet in _stretches(search.sheets, count):
        z = statistic.score(found.coefficients(sheet), waves, chosen, signs)
        seconds = (start / fps, stop / fps) if fps else (None, None)
        segments.append(Segment(start, stop, z, *seconds, marked=z > SEGMENT_Z))
    return tuple(segments)


def _stretches(sheets: Sheets, count: int) -> Iterator[tuple[int, int, Sheet]]:
    """Yield (first frame, frame after the last, map) of stretches of time, flattened unless they are very many.

    A few are made at a time, so that memory does not grow with their number.
    """
    stretches = sheets.timeline.stretches(count)
    while some := list(itertools.islice(stretches, FLATTENED_AT_ONCE)):
        averages = [average for _, _, average in some]
        few = count <= MOST_FLATTENED
        maps = sheets.flat(averages) if few else [Sheet(average, sheets.shape) for average in averages]
        for (start, stop, _), sheet in zip(some, maps, strict=True):
            yield start, stop, sheet
