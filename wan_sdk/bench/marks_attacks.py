"""The rows of the robustness table: names, and what each does to a clip of 16 frames a second.

``main`` rows are the house's own list; ``omni`` those of Omni Seal Bench's video list
(facebookresearch/omnisealbench); ``extra`` what the two leave out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from wan_sdk.bench import marks_treatments as t
from wan_sdk.bench.marks_codecs import codec, gif, jpeg, webp
from wan_sdk.bench.marks_screen import filmed_off_a_screen

Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Attack:
    """Name one treatment of a clip.

    Args:
      name: As in the table.
      group: ``main``, ``omni`` or ``extra``.
      change: Takes uint8 [T, H, W, 3] and a generator; returns another clip.
      quick: Whether the quick suite has it.
      effort: Effort of the search that the row asks for.
    """

    name: str
    group: str
    change: Change
    quick: bool = False
    effort: str = "normal"

    def apply(self, clip: np.ndarray, seed: int) -> np.ndarray:
        """Return the treated clip; the same seed gives the same one."""
        return np.ascontiguousarray(self.change(clip, np.random.default_rng(seed)))


def h264(clip: np.ndarray, crf: int) -> np.ndarray:
    """Return the clip out of libx264."""
    return codec(clip, "libx264", crf)


def h265(clip: np.ndarray, crf: int) -> np.ndarray:
    """Return the clip out of libx265."""
    return codec(clip, "libx265", crf)


def av1(clip: np.ndarray, crf: int) -> np.ndarray:
    """Return the clip out of SVT-AV1."""
    return codec(clip, "libsvtav1", crf)


def vp9(clip: np.ndarray, crf: int) -> np.ndarray:
    """Return the clip out of libvpx-vp9."""
    return codec(clip, "libvpx-vp9", crf)


def one_frame(clip: np.ndarray, quality: int, factor: float = 1.0) -> np.ndarray:
    """Return the middle frame alone, as a JPEG."""
    picture = clip[len(clip) // 2 : len(clip) // 2 + 1]
    return jpeg((t.scale(picture, factor) if factor != 1 else picture)[0], quality)[None]


def combo(clip: np.ndarray, crf: int, encode: Change = h264) -> np.ndarray:
    """Return the combination of Omni Seal Bench: codec, crop to 0.71 a side, half brightness."""
    return t.tone(t.crop(encode(clip, crf), 0.71, 0.71), lambda v: v * 0.5)


_QUICK = {
    "none", "H.264 CRF 23", "H.264 CRF 28", "H.264 CRF 36", "H.265 CRF 28", "AV1 CRF 35", "VP9 CRF 40",
    "resize 0.5", "stretch to 1:1", "crop 50 %", "crop 9:16", "rotate 5", "mirrored", "brightness x0.5",
    "drop 50 %", "GIF 480 px 10 fps", "one frame JPEG 50", "logo and subtitles + H.264 28",
    "crop 80 % x0.75 + H.264 30",
}  # fmt: skip


def _rows(group: str, rows: dict[str, Callable[..., np.ndarray]], random: bool = False) -> list[Attack]:
    def changed(change: Callable[..., np.ndarray]) -> Change:
        return change if random else lambda clip, _rng: change(clip)

    return [Attack(name, group, changed(change), quick=name in _QUICK) for name, change in rows.items()]


def _codec_rows() -> list[Attack]:
    rows = {f"H.264 CRF {q}": (lambda c, q=q: h264(c, q)) for q in (18, 23, 28, 32, 36, 40)}
    rows |= {f"H.265 CRF {q}": (lambda c, q=q: h265(c, q)) for q in (28, 36)}
    rows |= {f"AV1 CRF {q}": (lambda c, q=q: av1(c, q)) for q in (35, 50)}
    rows["VP9 CRF 40"] = lambda c: vp9(c, 40)
    rows["H.264 28 then H.265 30"] = lambda c: h265(h264(c, 28), 30)
    return _rows("main", rows)


def _shape_rows() -> list[Attack]:
    rows = {f"resize {f:g}": (lambda c, f=f: t.scale(c, f)) for f in (0.25, 0.5, 0.75, 1.5, 2.0)}
    rows |= {
        "resize 0.5 + H.264 28": lambda c: h264(t.scale(c, 0.5), 28),
        "stretch to 1:1": lambda c: t.resize(c, c.shape[1], c.shape[1]),
        "stretch to 4:3": lambda c: t.resize(c, c.shape[1] * 4 / 3, c.shape[1]),
    }
    rows |= {f"crop {s} %": (lambda c, s=s: t.crop_area(c, s / 100)) for s in (90, 70, 50, 30)}
    rows |= {
        "crop 50 % + resize back": lambda c: t.stretched_back(c, t.crop_area(c, 0.5)),
        "crop 9:16": lambda c: t.crop_to_shape(c, 9 / 16),
        "crop 1:1 + H.264 28": lambda c: h264(t.crop_to_shape(c, 1.0), 28),
        "letterbox 9:16 on blur": t.letterbox_on_blur,
        "crop 80 % width, stretched back": lambda c: t.stretched_back(c, t.crop(c, 0.8, 1.0)),
        "rotate 2 + zoom": lambda c: t.rotate(c, 2, zoom=True),
        "rotate 5": lambda c: t.rotate(c, 5),
        "rotate -3 + H.264 28": lambda c: h264(t.rotate(c, -3), 28),
        "mirrored": t.mirror,
        "mirrored + crop 70 % + H.264 28": lambda c: h264(t.crop_area(t.mirror(c), 0.7), 28),
    }
    return _rows("main", rows)


def _tone_rows() -> list[Attack]:
    rows = {
        "brightness x1.5": lambda c: t.tone(c, lambda v: v * 1.5),
        "brightness x0.5": lambda c: t.tone(c, lambda v: v * 0.5),
        "brightness +30": lambda c: t.tone(c, lambda v: v + 30),
        "contrast 1.5": lambda c: t.contrast(c, 1.5),
        "contrast 0.5": lambda c: t.contrast(c, 0.5),
        "gamma 0.6": lambda c: t.tone(c, lambda v: 255 * (v / 255) ** 0.6),
        "gamma 1.6": lambda c: t.tone(c, lambda v: 255 * (v / 255) ** 1.6),
        "saturation 1.6": lambda c: t.colour(c, 1.6),
        "hue": lambda c: t.colour(c, 1.0, 0.1),
        "grey": t.grey,
        "blur 2": lambda c: t.each(c, lambda f: cv2.GaussianBlur(f, (0, 0), 2)),
        "blur 3": lambda c: t.each(c, lambda f: cv2.GaussianBlur(f, (0, 0), 3)),
        "median 5": lambda c: t.each(c, lambda f: cv2.medianBlur(f, 5)),
        "sharpen": t.sharpen,
        "bilateral": lambda c: t.each(c, lambda f: cv2.bilateralFilter(f, 7, 30, 5)),
    }
    return _rows("main", rows)


def _time_rows() -> list[Attack]:
    rows = {
        "fps 16 > 24 > 30": lambda c: t.resample(t.resample(c, 1.5), 1.25),
        "blended 16 > 30": lambda c: t.resample(c, 30 / 16, blend=True),
        "fps 16 > 8": lambda c: t.resample(c, 0.5),
        "1 s cut out": lambda c: c[len(c) // 3 : len(c) // 3 + 16],
        "reversed": lambda c: c[::-1],
        "speed x2 + H.264 28": lambda c: h264(c[::2], 28),
        "logo and subtitles": t.overlays,
        "logo and subtitles + H.264 28": lambda c: h264(t.overlays(c), 28),
        "GIF 480 px 10 fps": gif,
        "WebP animated q60": webp,
        "one frame JPEG 80": lambda c: one_frame(c, 80),
        "one frame JPEG 50": lambda c: one_frame(c, 50),
        "one frame JPEG 50 at 0.75": lambda c: one_frame(c, 50, 0.75),
        "crop 80 % x0.75 + H.264 30": lambda c: h264(t.scale(t.crop_area(c, 0.8), 0.75), 30),
        "H.264 30 + crop 0.71 + brightness 0.5": lambda c: combo(c, 30),
        "H.264 40 + crop 0.71 + brightness 0.5": lambda c: combo(c, 40),
    }
    return _rows("main", rows)


def _random_rows() -> list[Attack]:
    rows = {
        "picture in picture 50 %": lambda c, rng: t.picture_in_picture(c, 0.5, rng),
        "perspective 3 %": lambda c, rng: t.perspective(c, 0.03, rng),
        "noise 10": lambda c, rng: t.noise(c, 10, rng),
        "noise 20": lambda c, rng: t.noise(c, 20, rng),
        "drop 50 %": lambda c, rng: c[np.sort(rng.choice(len(c), max(1, len(c) // 2), replace=False))],
    }
    return _rows("main", rows, random=True)


def _omni_rows() -> list[Attack]:
    rows = {
        f"omni {n} CRF {q}": (lambda c, q=q, e=e: e(c, q))
        for n, e in (("H.264", h264), ("H.265", h265))
        for q in (23, 30, 40, 50)
    }
    rows |= {f"omni H.264 {q} + crop .71 + brightness .5": (lambda c, q=q: combo(c, q)) for q in (23, 30, 40, 50)}
    rows |= {
        "omni VP9": lambda c: vp9(c, 32),
        "omni rotate 10": lambda c: t.rotate(c, 10),
        "omni rotate 90": lambda c: t.quarter_turn(c, 1),
        "omni resize .55": lambda c: t.scale(c, 0.55),
        "omni resize .71": lambda c: t.scale(c, 0.71),
        "omni crop .55": lambda c: t.crop(c, 0.55, 0.55),
        "omni crop .71": lambda c: t.crop(c, 0.71, 0.71),
        "omni brightness .5": lambda c: t.tone(c, lambda v: v * 0.5),
        "omni brightness 1.5": lambda c: t.tone(c, lambda v: v * 1.5),
        "omni contrast .5": lambda c: t.contrast(c, 0.5),
        "omni contrast 1.5": lambda c: t.contrast(c, 1.5),
        "omni saturation .5": lambda c: t.colour(c, 0.5),
        "omni saturation 1.5": lambda c: t.colour(c, 1.5),
        "omni hue .25": lambda c: t.colour(c, 1.0, 0.25),
        "omni grey": t.grey,
        "omni JPEG 40": lambda c: t.each(c, lambda f: jpeg(f, 40)),
        "omni blur 9": lambda c: t.each(c, lambda f: cv2.GaussianBlur(f, (9, 9), 0)),
        "omni median 9": lambda c: t.each(c, lambda f: cv2.medianBlur(f, 9)),
        "omni mirrored": t.mirror,
    }
    return _rows("omni", rows) + _rows(
        "omni", {"omni perspective .5": lambda c, rng: t.perspective(c, 0.25, rng)}, random=True
    )


def _extra_rows() -> list[Attack]:
    rows = {
        "AV1 CRF 55": lambda c: av1(c, 55),
        "turn 180": lambda c: t.quarter_turn(c, 2),
        "turn 270": lambda c: t.quarter_turn(c, 3),
        "rotate 10 + H.264 28": lambda c: h264(t.rotate(c, 10), 28),
        "8 frames + H.264 28": lambda c: h264(c[:8], 28),
        "down to 1/8 and back": lambda c: t.stretched_back(c, t.scale(c, 1 / 8)),
        "non-local means": lambda c: t.each(c, lambda f: cv2.fastNlMeansDenoisingColored(f, None, 5, 5, 5, 11)),
        "mean of 5 frames": lambda c: t.rolling_mean(c, 5),
        "H.264 32 + x0.75 + H.264 32": lambda c: h264(t.scale(h264(c, 32), 0.75), 32),
    }
    random = {
        "75 % of frames replaced": lambda c, rng: t.mixed_in(c, 0.75, True, rng),
        "50 % foreign frames inserted": lambda c, rng: t.mixed_in(c, 0.5, False, rng),
        "filmed off a screen": lambda c, rng: h264(filmed_off_a_screen(c, 0.02, rng), 26),
        "filmed off a screen, 10 % aslant": lambda c, rng: h264(filmed_off_a_screen(c, 0.1, rng), 26),
    }
    random |= {f"local warp {p} px": (lambda c, rng, p=p: t.local_warp(c, p, rng)) for p in (1, 2, 3)}
    return _rows("extra", rows) + _rows("extra", random, random=True)


ATTACKS: tuple[Attack, ...] = (
    Attack("none", "main", lambda clip, _rng: clip, quick=True),
    *_codec_rows(),
    *_shape_rows(),
    *_tone_rows(),
    *_time_rows(),
    *_random_rows(),
    *_omni_rows(),
    *_extra_rows(),
)


def suite(name: str) -> tuple[Attack, ...]:
    """Return the rows of the ``quick`` or the ``full`` suite."""
    return tuple(a for a in ATTACKS if a.quick) if name == "quick" else ATTACKS
