"""How well the watermark survives: every treatment of the table, on any clips, with real codecs.

Each (clip, treatment) is one line in a file of results, so a run that was stopped goes on where it
was. The table says, for each treatment, how many clips gave back the exact id with a proved p-value.
"""

from __future__ import annotations

import hashlib
import math
import os
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import as_completed
from pathlib import Path
from typing import Any

import numpy as np

from wan_sdk._version import __version__
from wan_sdk.bench import marks_attacks, marks_clips, marks_peer, marks_quality, marks_trials
from wan_sdk.marking import watermark

SCHEMA = "wan_sdk.Marks/1"
LEDGER_SIZE = 1_000_000
Progress = Callable[[int, int, str], None]


def run(
    clips: Sequence[str | os.PathLike[str]] = (),
    suite: str = "quick",
    *,
    results: str | os.PathLike[str] | None = None,
    strength: float = watermark.DEFAULT_STRENGTH,
    ledger: bool = True,
    processes: int = 1,
    only: Iterable[str] = (),
    negatives: int = 5,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Mark clips, treat them, look for the mark, and return the report.

    Args:
      clips: Video files or ``.npy`` arrays; drawn clips when empty.
      suite: ``quick`` (19 rows) or ``full`` (119 rows).
      results: A ``.jsonl`` file that gathers the outcomes and from which a stopped run goes on.
      strength: Strength of the mark.
      ledger: Whether a miss is looked for again among a million known ids.
      processes: How many trials to work on at once, each on one thread.
      only: Names of rows to run instead of the whole suite, without the trials beside it.
      negatives: How many full searches of unmarked clips the full suite makes; 1000 take hours.
      progress: Called with (done, of, what).
    """
    names = set(only)
    rows = [a for a in marks_attacks.suite("full" if names else suite) if not names or a.name in names]
    file = Path(results) if results else None
    done = _read(file)
    jobs = [(str(path), strength, ledger) for path in clips] or [
        (f"drawn:{kind}", strength, ledger) for kind in marks_clips.KINDS
    ]
    total, finished = len(jobs) * (len(rows) + 1), 0

    def keep(lines: list[dict[str, Any]]) -> None:
        nonlocal finished
        for line in lines:
            done[line["clip"], line["attack"]] = line
            finished += 1
            if progress:
                progress(finished, total, f"{line['clip']}: {line['attack']}")
        if file and lines:
            marks_trials.append(lines, file)

    if processes == 1:
        for job in jobs:
            for line in _trials(*job, [r.name for r in rows], set(done)):
                keep([line])
    else:
        measured = {(_name(job[0]), "quality") for job in jobs}
        with marks_trials.workers(processes) as pool:
            waiting = [pool.submit(_listed, *job, [], set(done)) for job in jobs]
            rest = set(done) | measured  # a clip's quality is one trial of its own
            waiting += [pool.submit(_listed, *job, [row.name], rest) for job in jobs for row in rows]
            for future in as_completed(waiting):
                keep(future.result())
    used = {_name(job[0]) for job in jobs}
    summed = report([line for (clip, _), line in done.items() if clip in used], [r.name for r in rows], strength)
    if suite == "full" and not names:
        summed["trials_beside"] = _beside(jobs, negatives, file, processes)
    return summed


def _beside(jobs: list[tuple[str, float, bool]], negatives: int, file: Path | None, processes: int) -> dict[str, Any]:
    """Run the trials that are no rows: false alarms, splices, attackers, and the peer when it is there."""
    clips = [(_name(path), _clean(path)) for path, _, _ in jobs]
    beside: dict[str, Any] = {
        "identity": marks_trials.identity_tests(clips),
        "negatives": marks_trials.negatives(
            clips, negatives, results=file.with_suffix(".negatives.jsonl") if file else None, processes=processes
        ),
        "splices": marks_trials.splices(clips),
        "splices after H.264 30": marks_trials.splices(clips, 30),
        "two keys after H.264 32": marks_trials.two_keys(clips),
    }
    if len(clips) > 1:
        beside["averaging"] = marks_trials.averaging(clips)
    if marks_peer.available():
        beside["invisible-watermark"] = marks_peer.run(clips[:4])
    return beside


def _name(path: str) -> str:
    return path if path.startswith("drawn:") else Path(path).stem


def _clean(path: str) -> np.ndarray:
    return marks_clips.drawn(path.removeprefix("drawn:")) if path.startswith("drawn:") else marks_clips.load(path)


def _listed(*job: Any) -> list[dict[str, Any]]:
    return list(_trials(*job))


def _trials(
    path: str, strength: float, ledger: bool, names: list[str], done: set[tuple[str, str]]
) -> Iterable[dict[str, Any]]:
    """Yield the lines of one clip that are not there yet, its quality first."""
    name = _name(path)
    wanted = [a for a in marks_attacks.ATTACKS if a.name in names and (name, a.name) not in done]
    if not wanted and (name, "quality") in done:
        return
    clean = _clean(path)
    digest = hashlib.sha256(name.encode()).digest()
    payload = 4 << 60 | int.from_bytes(digest[:8], "big") >> 4
    begun = time.perf_counter()
    marked = watermark.embed(clean, payload, strength=strength)
    seconds = time.perf_counter() - begun
    if (name, "quality") not in done:
        yield {
            "clip": name,
            "attack": "quality",
            "frames": len(clean),
            "size": [clean.shape[2], clean.shape[1]],
            "psnr": round(marks_quality.psnr(clean, marked.pixels), 3),
            "ssim": round(marks_quality.ssim(clean, marked.pixels), 5),
            "vmaf": marks_quality.vmaf(clean, marked.pixels),
            "flicker": round(marks_quality.flicker(clean, marked.pixels), 4),
            "embed_fps": round(len(clean) / seconds, 1),
        }
    for attack in wanted:
        treated = attack.apply(marked.pixels, seed=int.from_bytes(digest[8:12], "big"))
        yield _trial(name, attack, treated, payload, ledger)


def _trial(name: str, attack: marks_attacks.Attack, treated: np.ndarray, payload: int, ledger: bool) -> dict[str, Any]:
    found = watermark.detect(treated, effort=attack.effort, fps=16)
    line = {
        "clip": name,
        "attack": attack.name,
        "exact": found.payload == payload,
        "wrong": found.payload is not None and found.payload != payload,
        "verdict": found.verdict,
        "log10_p": round(found.log10_p, 2),
        "z_pilot": round(found.z_pilot, 2),
        "z_payload": round(found.z_payload, 2),
        "bits_right": round(1 - found.bits_corrected / 512, 4) if found.payload is not None else None,
        "hypotheses": found.hypotheses,
        "seconds": round(found.seconds, 3),
        "geometry": found.geometry.to_dict(),
    }
    if ledger and not line["exact"]:
        ids = np.random.default_rng(1).integers(1 << 62, (1 << 62) + (1 << 60), LEDGER_SIZE, dtype=np.uint64)
        ids[12_345] = payload
        again = watermark.detect(treated, effort="fast", fps=16, ledger=ids)
        line["exact_with_ledger"] = again.payload == payload
        line["wrong"] = line["wrong"] or (again.payload is not None and again.payload != payload)
    return line


def report(lines: list[dict[str, Any]], rows: Sequence[str], strength: float) -> dict[str, Any]:
    """Return the outcomes summed up: quality, then one entry a treatment."""
    quality = [line for line in lines if line["attack"] == "quality"]
    table = []
    for row in rows:
        trials = [line for line in lines if line["attack"] == row]
        if trials:
            table.append(_summed(row, trials))
    return {
        "schema": SCHEMA,
        "version": __version__,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "strength": strength,
        "clips": len({line["clip"] for line in lines}),
        "quality": _quality(quality),
        "rows": table,
        "trials": sum(row["trials"] for row in table),
        "exact": sum(row["exact"] for row in table),
        "wrong": sum(row["wrong"] for row in table),
    }


def _summed(row: str, trials: list[dict[str, Any]]) -> dict[str, Any]:
    read = [t["bits_right"] for t in trials if t["bits_right"] is not None]
    return {
        "name": row,
        "trials": len(trials),
        "exact": sum(t["exact"] for t in trials),
        "exact_with_ledger": sum(t["exact"] or t.get("exact_with_ledger", False) for t in trials),
        "wrong": sum(t["wrong"] for t in trials),
        "bits_right": round(float(np.mean(read)), 4) if read else None,
        "median_log10_p": round(float(np.median([t["log10_p"] for t in trials])), 1),
        "seconds": round(float(np.mean([t["seconds"] for t in trials])), 2),
        "missed": sorted(t["clip"] for t in trials if not t["exact"]),
    }


def _quality(lines: list[dict[str, Any]]) -> dict[str, Any]:
    summed: dict[str, Any] = {}
    for name in ("psnr", "ssim", "vmaf", "flicker", "embed_fps"):
        values = [line[name] for line in lines if line[name] is not None and math.isfinite(line[name])]
        if values:
            summed[name] = {"mean": float(np.mean(values)), "min": float(min(values)), "max": float(max(values))}
    return summed


def table(result: dict[str, Any]) -> str:
    """Write a report as a Markdown table."""
    lines = [f"SSW-1 at strength {result['strength']:g}, {result['clips']} clips, {result['machine']}", ""]
    for name, value in result["quality"].items():
        lines.append(f"- {name}: mean {value['mean']:.4g}, from {value['min']:.4g} to {value['max']:.4g}")
    lines += [
        "",
        "| treatment | exact | with ledger | bits right | median log10 p | seconds | missed |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in result["rows"]:
        bits = "-" if row["bits_right"] is None else f"{row['bits_right']:.3f}"
        lines.append(
            f"| {row['name']} | {row['exact']}/{row['trials']} | {row['exact_with_ledger']}/{row['trials']} | {bits} "
            f"| {row['median_log10_p']:.0f} | {row['seconds']:.2f} | {', '.join(row['missed'])} |"
        )
    lines += ["", f"{result['exact']} of {result['trials']} exact, {result['wrong']} wrong."]
    for name, figures in result.get("trials_beside", {}).items():
        if name == "invisible-watermark":
            lines += ["", marks_peer.table(figures)]
        else:
            shown = figures if isinstance(figures, list) else [figures]
            lines += ["", *(f"- {name}: {_said(one)}" for one in shown)]
    return "\n".join(lines)


def _read(file: Path | None) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the outcomes that are there."""
    return {(line["clip"], line["attack"]): line for line in marks_trials.whole_lines(file)}


def _said(figures: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in figures.items()
    )
