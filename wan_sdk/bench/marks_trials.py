"""Trials that are no rows of the table: false alarms, splices, and what an attacker learns.

Each returns plain figures. They are long at full size, so every trial takes its number, and `negatives`
goes on from a file of results.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from scipy import stats

from wan_sdk.bench import marks_clips
from wan_sdk.bench.marks_codecs import codec
from wan_sdk.marking import watermark
from wan_sdk.marking.watermark import carriers, detection, front, reading, statistic
from wan_sdk.marking.watermark.geometry import Pose, Sheet
from wan_sdk.marking.watermark.protocol import Effort
from wan_sdk.media.processes import workers

Clips = Sequence[tuple[str, np.ndarray]]


def trial_key(number: int) -> bytes:
    """Return a key nobody marks with: one of a numbered, reproducible row."""
    return hashlib.sha256(b"wan_sdk marks trial" + number.to_bytes(8, "big")).digest()


def identity_tests(clips: Clips, keys: int = 400) -> dict[str, Any]:
    """Score unmarked clips with many keys: the scores should be standard normal, and never alarm.

    Args:
      clips: (name, pixels) of unmarked clips.
      keys: How many keys to score each with.
    """
    scores = []
    for _, clip in clips:
        timeline, shape, _ = detection.gather(clip)
        q = reading.coefficients(Sheet(front.flatten(timeline.mean()), shape), Pose())
        everything = np.ones(len(q), bool)
        for number in range(keys):
            waves = carriers.carriers.__wrapped__(trial_key(number))
            scores.append(statistic.score(q, waves, everything))
    z = np.array(scores)
    smallest = math.exp(statistic.tail(float(z.max())))
    return {
        "tests": len(z),
        "mean": float(z.mean()),
        "std": float(z.std()),
        "max": float(z.max()),
        "ks_p": float(stats.kstest(z, "norm").pvalue),
        "smallest_p": smallest,
        "honest": smallest >= 1 / (100 * len(z)),
        "alarms": int(np.count_nonzero(z > math.sqrt(2 * 20.7))),
    }


def negatives(
    clips: Clips,
    searches: int = 1000,
    *,
    effort: Effort = "normal",
    results: str | os.PathLike[str] | None = None,
    processes: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Search unmarked clips fully, each time with another key; no search may find anything.

    Args:
      clips: (name, pixels) of unmarked clips; taken in turn.
      searches: How many searches.
      effort: Effort of each search.
      results: A ``.jsonl`` file that gathers the outcomes and from which a stopped run goes on: it
        makes the searches whose numbers are not there.
      processes: How many searches to make at once, each on one thread.
      progress: Called with (done, of).
    """
    file = Path(results) if results else None
    done = {line["search"]: line for line in whole_lines(file)}
    jobs = [(n, *clips[n % len(clips)], effort) for n in range(searches) if n not in done]

    def keep(line: dict[str, Any]) -> None:
        done[line["search"]] = line
        if file:
            append([line], file)
        if progress:
            progress(len(done), searches)

    if processes == 1:
        for job in jobs:
            keep(_negative(*job))
    else:
        with workers(processes) as pool:
            for future in as_completed([pool.submit(_negative, *job) for job in jobs]):
                keep(future.result())
    lines = [done[number] for number in sorted(done)]
    smallest = min(line["log10_p"] for line in lines)
    return {
        "searches": len(lines),
        "alarms": sum(line["verdict"] != "NONE" for line in lines),
        "smallest_log10_p": smallest,
        "honest": smallest >= -math.log10(100 * len(lines)),
        "mean_seconds": float(np.mean([line["seconds"] for line in lines])),
        "mean_hypotheses": float(np.mean([line["hypotheses"] for line in lines])),
    }


def _negative(number: int, name: str, clip: np.ndarray, effort: Effort) -> dict[str, Any]:
    found = watermark.detect(clip, key=trial_key(number), effort=effort)
    line = {"search": number, "clip": name, "verdict": found.verdict, "log10_p": found.log10_p}
    return line | {"hypotheses": found.hypotheses, "seconds": found.seconds}


def whole_lines(file: Path | None) -> list[dict[str, Any]]:
    """Return the outcomes in a file of results, if it is there; a line that was cut off is left out."""
    if file is None or not file.exists():
        return []
    lines = []
    for text in file.read_text("utf-8").splitlines():
        try:
            lines.append(json.loads(text))
        except ValueError:
            continue
    return lines


def append(lines: list[dict[str, Any]], file: Path) -> None:
    """Add outcomes to a file of results, on lines of their own even after one that was cut off."""
    with file.open("ab+") as out:
        if out.seek(0, os.SEEK_END):
            out.seek(-1, os.SEEK_END)
            out.write(b"" if out.read(1) == b"\n" else b"\n")
        out.write("".join(json.dumps(line) + "\n" for line in lines).encode())


def splices(clips: Clips, crf: int | None = None) -> dict[str, Any]:
    """Cut between a marked clip and another film every 16 frames; ask which 8-frame windows are marked.

    Args:
      clips: (name, pixels) of at least 32 frames.
      crf: libx264's quality after splicing, or None for no codec.
    """
    right = total = 0
    long_enough = [(name, clip) for name, clip in clips if len(clip) >= 32]
    for i, (name, clip) in enumerate(long_enough):
        length = len(clip) // 32 * 32
        other = long_enough[i - 1][1][:length]
        spliced = watermark.embed(clip[:length], _payload(name)).pixels
        foreign = np.arange(length) // 16 % 2 == 1
        spliced[: len(other)][foreign[: len(other)]] = other[foreign[: len(other)]]
        treated = spliced if crf is None else codec(spliced, "libx264", crf)
        for segment in watermark.detect(treated, effort="fast").segments:
            right += segment.marked == (not foreign[segment.start])
            total += 1
    return {"windows": total, "right": right, "share": right / max(total, 1)}


def averaging(clips: Clips, counts: Sequence[int] = (1, 3, 6, 12)) -> list[dict[str, Any]]:
    """Let an attacker average what several clips of one key have in common, and use it.

    For each count: how well the estimate shows the pilots; whether a further clip still gives its id
    after the estimate is subtracted; and what the detector says of a clean clip it is added to.
    """
    *learned, (victim_name, victim) = clips
    victim_id = _payload(victim_name)
    marked = watermark.embed(victim, victim_id).pixels
    residues = [_residue(watermark.embed(clip, _payload(name)).pixels) for name, clip in learned]
    outcomes = []
    for count in (n for n in counts if n <= len(residues)):
        estimate = np.mean(residues[:count], axis=0)
        estimate *= 1.4 / estimate.std()
        removed = np.clip(marked - estimate[..., None], 0, 255).astype(np.uint8)
        forged = np.clip(victim + estimate[..., None], 0, 255).astype(np.uint8)
        after, forgery = watermark.detect(removed), watermark.detect(forged)
        outcomes.append(
            {
                "clips": count,
                "id_survives_removal": after.payload == victim_id,
                "pilot_after_removal": after.z_pilot,
                "forgery_verdict": forgery.verdict,
                "forgery_pilot": forgery.z_pilot,
            }
        )
    return outcomes


def two_keys(clips: Clips, crf: int = 32) -> dict[str, Any]:
    """Put a public and a private layer into each clip and read both after libx264."""
    private = trial_key(0)
    both = 0
    for name, clip in clips:
        marked = watermark.embed(clip, _payload(name), private=private).pixels
        found = watermark.detect_keys(codec(marked, "libx264", crf), [watermark.PUBLIC_KEY, private], effort="fast")
        both += all(result.payload == _payload(name) for result in found)
    return {"clips": len(clips), "both_read": both}


def drawn_clips(frames: int = marks_clips.FRAMES) -> list[tuple[str, np.ndarray]]:
    """Return one drawn clip of each kind."""
    return [(kind, marks_clips.drawn(kind, frames=frames)) for kind in marks_clips.KINDS]


def _payload(name: str) -> int:
    return 4 << 60 | int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 4


def _residue(clip: np.ndarray) -> np.ndarray:
    """Return what is left of a clip's mean frame without its smooth part: float32 [H, W]."""
    mean = clip.mean(axis=(0, 3), dtype=np.float32)
    residue = mean - cv2.GaussianBlur(mean, (0, 0), 3)
    return residue / cv2.sqrt(cv2.blur(residue * residue, (31, 31)) + 0.25)
