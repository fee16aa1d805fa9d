"""Plots and overlays, readable on any page; lines differ by dashes as well as by colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO

import cv2
import numpy as np

STRIP_HEIGHT = 96
# Okabe and Ito's palette.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ("-", "--", "-.", ":")


def plot(
    lines: Mapping[str, Sequence[float]],
    x_name: str,
    y_name: str,
    *,
    boundary: float | None = None,
    handover: int | None = None,
) -> bytes:
    """Return lines over steps as a PNG.

    Args:
      lines: Values by name, one for each step from 0.
      x_name: Under the x axis.
      y_name: Beside the y axis.
      boundary: A level to draw across, where the experts change.
      handover: A step to draw upright, where they changed.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.4), dpi=110, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for number, (name, values) in enumerate(lines.items()):
        colour, dash = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
        axes.plot(range(len(values)), values, dash, color=colour, marker="o", markersize=4, label=name)
    if boundary is not None:
        axes.axhline(boundary, color="black", linewidth=1, label=f"experts change at {boundary:g}")
    if handover is not None:
        axes.axvline(handover - 1, color="black", linewidth=1)
        axes.annotate("hand-over", (handover - 1, 0.02), xytext=(4, 0), textcoords="offset points", fontsize=9)
    axes.set(xlabel=x_name, ylabel=y_name)
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    buffer = BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def enlarged(frames: np.ndarray, height: int = STRIP_HEIGHT) -> np.ndarray:
    """Return small pictures, uint8 [frames, h, w, 3], at one height, smooth."""
    width = max(2, round(frames.shape[2] * height / frames.shape[1]))
    return np.stack([cv2.resize(frame, (width, height), interpolation=cv2.INTER_CUBIC) for frame in frames])


def heat(frames: np.ndarray, values: np.ndarray, height: int = STRIP_HEIGHT) -> np.ndarray:
    """Return pictures in grey with values laid over them: dark where low, bright where high.

    Args:
      frames: uint8 [frames, h, w, 3].
      values: float [frames, rows, columns], of any scale; the range of all frames is spread.
      height: Of the result, pixels.
    """
    base = enlarged(frames, height)
    low, high = float(values.min()), float(values.max())
    scaled = ((values - low) / max(1e-12, high - low) * 255).astype(np.uint8)
    result = np.empty_like(base)
    for index, picture in enumerate(base):
        grey = np.repeat(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
        spread = cv2.resize(scaled[index], picture.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        colours = cv2.cvtColor(cv2.applyColorMap(spread, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
        result[index] = cv2.addWeighted(grey, 0.4, colours, 0.6, 0)
    return result
