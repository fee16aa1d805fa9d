"""Time the watermark: OMP_NUM_THREADS=1 python -m tests.benchmarks.watermark_speed [CLIP ...] [--device cuda].

Marks 81 frames (of each clip, or of one that is drawn), then looks for the mark seen whole, cropped to half the area,
cropped and stretched, and in the unmarked clip, where every hypothesis is tried. With `--device` each search is made
there too, twice, of which the second counts, and its answer must be that of the processor.
"""

import argparse
import json
import platform
import time
from importlib import metadata
from pathlib import Path

import cv2
import numpy as np

from wan_sdk.bench import marks_clips
from wan_sdk.marking import watermark
from wan_sdk.marking.watermark.protocol import Effort

PAYLOAD, FRAMES = 0x4C1F00000000ABCD, 81
EMBEDDED_TIMES = 3


def embedding(pixels: np.ndarray) -> tuple[np.ndarray, float]:
    """Return a marked clip and the frames a second, the best of a few times."""
    seconds = []
    for _ in range(EMBEDDED_TIMES):
        began = time.perf_counter()
        marked = watermark.embed(pixels, PAYLOAD).pixels
        seconds.append(time.perf_counter() - began)
    return marked, len(pixels) / min(seconds)


def cropped(pixels: np.ndarray) -> np.ndarray:
    """Cut out half of the area, off the middle."""
    height, width = pixels.shape[1:3]
    tall, wide = round(height * 0.5**0.5), round(width * 0.5**0.5)
    top, left = (height - tall) // 3, (width - wide) // 4
    return np.ascontiguousarray(pixels[:, top : top + tall, left : left + wide])


def stretched(pixels: np.ndarray) -> np.ndarray:
    """Cut out 0.6 of each side and stretch it to 1.25 of its width."""
    height, width = pixels.shape[1:3]
    part = pixels[:, height // 5 : -height // 5, width // 5 : -width // 5]
    return np.stack([cv2.resize(frame, (round(part.shape[2] * 1.25), part.shape[1])) for frame in part])


def looked_for(pixels: np.ndarray, effort: Effort, device: str | None) -> dict[str, object]:
    """Search a clip and return how long it took and what was found."""
    began = time.perf_counter()
    found = watermark.detect(pixels, effort=effort, device=device)
    return {
        "seconds": round(time.perf_counter() - began, 2),
        "verdict": found.verdict,
        "payload": found.payload,
        "hypotheses": found.hypotheses,
        "z": round(found.z_payload, 3),
    }


def trial(pixels: np.ndarray, device: str | None) -> dict[str, object]:
    """Time everything on one clip."""
    marked, rate = embedding(pixels)
    said: dict[str, object] = {"frames": len(pixels), "embedded, frames a second": round(rate)}
    cases: tuple[tuple[str, np.ndarray, Effort], ...] = (
        ("seen whole", marked, "normal"),
        ("cropped to half the area", cropped(marked), "normal"),
        ("unmarked", pixels, "normal"),
        ("cropped and stretched, deep", stretched(marked), "deep"),
        ("unmarked, deep", pixels, "deep"),
    )
    for name, seen, effort in cases:
        said[name] = alone = looked_for(seen, effort, None)
        print(f"{name}: {alone['seconds']} s, {alone['verdict']}, {alone['hypotheses']:,} hypotheses", flush=True)
        if device:
            looked_for(seen, effort, device)
            there = looked_for(seen, effort, device)
            same = all(there[word] == alone[word] for word in ("verdict", "payload", "hypotheses"))
            said[f"{name}, on {device}"] = there | {"same answer": same}
            print(f"  on {device}: {there['seconds']} s, {'the same answer' if same else 'ANOTHER ANSWER'}", flush=True)
    return said


def main() -> None:
    """Time and print."""
    parser = argparse.ArgumentParser(description="Time the watermark on one thread, and on a device beside it.")
    parser.add_argument("clips", nargs="*", type=Path, help="files; a drawn pan if there are none")
    parser.add_argument("--device", help="a torch device to search on as well, such as cuda")
    parser.add_argument("--size", default="832x480", help="width x height")
    parser.add_argument("--out", type=Path, help="JSON file for the figures and versions")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    if options.device:
        import torch

        torch.set_num_threads(1)
    width, height = (int(side) for side in options.size.split("x"))
    outcomes = {}
    for clip in options.clips or ["drawn pan"]:
        drawn = marks_clips.drawn("pan", frames=FRAMES, height=height, width=width)
        pixels = marks_clips.load(clip, FRAMES, (width, height)) if isinstance(clip, Path) else drawn
        print(f"{clip}, {width}x{height}")
        outcomes[str(clip)] = trial(pixels, options.device)
    if options.out:
        versions = {name: metadata.version(name) for name in ("numpy", "opencv-python-headless")}
        said = {"python": platform.python_version()} | versions
        options.out.write_text(json.dumps({"versions": said, "size": options.size, "clips": outcomes}, indent=1))


if __name__ == "__main__":
    main()
