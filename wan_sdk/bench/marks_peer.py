"""The mark that anybody would install first, in the same trials: invisible-watermark, when it is there.

It marks single pictures, so each of nine frames is marked and read by itself and the bits are voted on.
It gives no p-value: "exact" is all 64 bits right. Install it without its dependencies, since it would
bring a second OpenCV: ``pip install --no-deps invisible-watermark PyWavelets``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import cv2
import numpy as np

from wan_sdk.bench import marks_attacks, marks_quality

METHODS = ("dwtDct", "dwtDctSvd")
FRAMES = 9
ROWS = (
    "none", "H.264 CRF 23", "H.264 CRF 28", "H.264 CRF 32", "H.264 CRF 36", "H.265 CRF 28", "AV1 CRF 35",
    "resize 0.5", "stretch to 1:1", "crop 90 %", "rotate 5", "brightness x0.5", "contrast 0.5",
    "GIF 480 px 10 fps", "WebP animated q60", "one frame JPEG 50",
)  # fmt: skip


def available() -> bool:
    """Return whether invisible-watermark is installed."""
    try:
        import imwatermark  # noqa: F401
    except ImportError:
        return False
    return True


def run(clips: Sequence[tuple[str, np.ndarray]], rows: Iterable[str] = ROWS) -> list[dict[str, Any]]:
    """Return, for each method and row, the mean share of right bits and how many clips were exact.

    Args:
      clips: (name, pixels) of unmarked clips; nine frames of each are used.
      rows: Names of treatments.
    """
    from imwatermark import WatermarkDecoder, WatermarkEncoder

    wanted = set(rows)
    attacks = [a for a in marks_attacks.ATTACKS if a.name in wanted]
    bits = np.random.default_rng(0).integers(0, 2, 64)
    outcomes = []
    for method in METHODS:
        encoder, decoder = WatermarkEncoder(), WatermarkDecoder("bits", 64)
        encoder.set_watermark("bits", bits.tolist())
        marked = [
            (clip[:FRAMES], np.stack([_swapped(encoder.encode(_swapped(f), method)) for f in clip[:FRAMES]]))
            for _, clip in clips
        ]
        psnr = float(np.mean([marks_quality.psnr(clean, mark) for clean, mark in marked]))
        for attack in attacks:
            shares = []
            for _, mark in marked:
                read = [decoder.decode(_swapped(f), method) for f in attack.apply(mark, seed=0)]
                shares.append(float(np.mean((np.mean(read, axis=0) > 0.5) == bits)))
            outcomes.append(
                {
                    "method": method,
                    "psnr": round(psnr, 2),
                    "row": attack.name,
                    "bits_right": round(float(np.mean(shares)), 3),
                    "exact": sum(share == 1 for share in shares),
                    "clips": len(shares),
                }
            )
    return outcomes


def table(outcomes: Sequence[dict[str, Any]]) -> str:
    """Write the outcomes as a Markdown table, a column for each method."""
    methods = list(dict.fromkeys(o["method"] for o in outcomes))
    quality = {o["method"]: o["psnr"] for o in outcomes}
    head = " | ".join(f"{m}, {quality[m]:.1f} dB" for m in methods)
    lines = [f"| treatment (mean share of bits; exact) | {head} |", "|---" * (len(methods) + 1) + "|"]
    for row in dict.fromkeys(o["row"] for o in outcomes):
        found = {o["method"]: o for o in outcomes if o["row"] == row}
        cells = " | ".join(f"{found[m]['bits_right']:.3f}; {found[m]['exact']}/{found[m]['clips']}" for m in methods)
        lines.append(f"| {row} | {cells} |")
    return "\n".join(lines)


def _swapped(frame: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
