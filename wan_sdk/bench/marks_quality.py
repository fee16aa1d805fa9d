"""How much of the mark one could see: PSNR, SSIM, VMAF and flicker."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import cv2
import numpy as np

SSIM_WINDOW = 7
PROBED_FRAMES = 9


def psnr(clean: np.ndarray, marked: np.ndarray) -> float:
    """Return the peak signal-to-noise ratio over all frames and colours, dB."""
    error = np.mean([cv2.norm(a, b, cv2.NORM_L2SQR) / a.size for a, b in zip(clean, marked, strict=True)])
    return float(10 * np.log10(255.0**2 / error)) if error else float("inf")


def ssim(clean: np.ndarray, marked: np.ndarray) -> float:
    """Return the mean structural similarity of luma, 7 x 7 windows (Wang and others, 2004), over up to 9 frames."""
    picked = np.unique(np.linspace(0, len(clean) - 1, PROBED_FRAMES).round().astype(int))
    return float(np.mean([_ssim_of_frame(clean[i], marked[i]) for i in picked]))


def _ssim_of_frame(a: np.ndarray, b: np.ndarray) -> float:
    x, y = (cv2.cvtColor(f, cv2.COLOR_RGB2GRAY).astype(np.float64) for f in (a, b))
    box, n = (SSIM_WINDOW, SSIM_WINDOW), SSIM_WINDOW**2
    mx, my = cv2.blur(x, box), cv2.blur(y, box)
    unbiased = n / (n - 1)
    vx = unbiased * (cv2.blur(x * x, box) - mx * mx)
    vy = unbiased * (cv2.blur(y * y, box) - my * my)
    cov = unbiased * (cv2.blur(x * y, box) - mx * my)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    value = (2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
    edge = SSIM_WINDOW // 2
    return float(value[edge:-edge, edge:-edge].mean())


def flicker(clean: np.ndarray, marked: np.ndarray) -> float:
    """Return the rms change of the mark from frame to frame, grey levels; 0 on still content."""
    if len(clean) < 2:
        return 0.0
    change = [cv2.subtract(m, c, dtype=cv2.CV_16S) for c, m in zip(clean, marked, strict=True)]
    steps = [np.mean(np.square((b - a).astype(np.float32))) for a, b in itertools.pairwise(change)]
    return float(np.sqrt(np.mean(steps)))


def vmaf(clean: np.ndarray, marked: np.ndarray) -> float | None:
    """Return the mean VMAF (v0.6.1), or None when no ffmpeg with libvmaf is on this machine."""
    program = _ffmpeg_with_vmaf()
    if program is None:
        return None
    height, width = clean.shape[1:3]
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", "16"]
    with tempfile.TemporaryDirectory(prefix="wan-vmaf-") as folder:
        for name, clip in (("clean", clean), ("marked", marked)):
            clip.tofile(Path(folder, name))
        graph = (
            "[0:v]format=yuv420p[a];[1:v]format=yuv420p[b];[a][b]libvmaf=log_fmt=json:log_path=vmaf.json:n_threads=1"
        )
        command = [
            program,
            "-v",
            "error",
            *raw,
            "-i",
            "marked",
            *raw,
            "-i",
            "clean",
            "-lavfi",
            graph,
            "-f",
            "null",
            "-",
        ]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)  # noqa: S603
        report = json.loads(Path(folder, "vmaf.json").read_text("utf-8"))
    return float(report["pooled_metrics"]["vmaf"]["mean"])


def _ffmpeg_with_vmaf() -> str | None:
    candidates = [shutil.which("ffmpeg")]
    try:
        import imageio_ffmpeg
    except ImportError:
        pass
    else:
        candidates.append(imageio_ffmpeg.get_ffmpeg_exe())
    for program in filter(None, candidates):
        shown = subprocess.run([program, "-hide_banner", "-filters"], check=False, capture_output=True, text=True)  # noqa: S603
        if " libvmaf " in shown.stdout:
            return program
    return None
