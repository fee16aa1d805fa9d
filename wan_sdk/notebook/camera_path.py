"""A camera move as a drawing: how the window of the camera travels over the picture it starts with."""

from __future__ import annotations

import math
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw, ImageFont

# Width of the frame at the subject, in distances to it: a nominal view of 60 degrees.
_FRAME_WIDTH = 2 * math.tan(math.radians(30))
_GROUND, _INK, _START, _END = (24, 24, 27), (240, 240, 240), (86, 180, 233), (230, 159, 0)
_STEPS = 12
_FURTHEST_TURN_DEGREES = 75.0


def camera_path_png(camera: Any, *, aspect: float = 5 / 3, width: int = 320) -> bytes:
    """Draw the camera's window at the start, on its way and at the end, as a PNG.

    Args:
      camera: Anything with `pose(t)`.
      aspect: Width of the frame over its height.
      width: Of the drawing, pixels.
    """
    corners = [_window(camera.pose(index / _STEPS), aspect) for index in range(_STEPS + 1)]
    reach = max(0.75, *(max(abs(x), abs(y) * aspect) for window in corners for x, y in window)) * 1.12
    height = round(width / aspect)
    image = Image.new("RGB", (width * 2, height * 2), _GROUND)  # drawn twice as large, then smoothed
    draw = ImageDraw.Draw(image)

    def place(window: list[tuple[float, float]]) -> list[tuple[float, float]]:
        scale = width / reach
        return [(width + x * scale, height - y * scale) for x, y in window]

    for window in corners[1:-1]:
        draw.polygon(place(window), outline=(110, 110, 116), width=1)
    draw.line([_middle(place(window)) for window in corners], fill=_INK, width=3)
    font = ImageFont.load_default(22)
    for window, colour, label in ((corners[0], _START, "start"), (corners[-1], _END, "end")):
        placed = place(window)
        draw.polygon(placed, outline=colour, width=5)
        draw.text((placed[0][0] + 8, placed[0][1] + (4 if label == "start" else 28)), label, colour, font)
    buffer = BytesIO()
    image.resize((width, height), Image.Resampling.LANCZOS).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _window(pose: Any, aspect: float) -> list[tuple[float, float]]:
    """Return the corners of the camera's view on the plane of the subject, in widths of the first frame."""
    distance = 1 - pose.z
    yaw, pitch = (math.radians(max(-_FURTHEST_TURN_DEGREES, min(_FURTHEST_TURN_DEGREES, angle)))
                  for angle in (pose.yaw, pose.pitch))  # fmt: skip
    middle_x = pose.x + distance * math.tan(yaw) / _FRAME_WIDTH
    middle_y = pose.y / aspect + distance * math.tan(pitch) / _FRAME_WIDTH
    half = max(0.01, abs(distance) / pose.focal / 2)
    cosine, sine = math.cos(math.radians(-pose.roll)), math.sin(math.radians(-pose.roll))
    signs = ((-1, 1), (1, 1), (1, -1), (-1, -1))
    return [
        (
            middle_x + half * (sx * cosine - sy / aspect * sine),
            middle_y + half * (sx * sine + sy / aspect * cosine),
        )
        for sx, sy in signs
    ]


def _middle(window: list[tuple[float, float]]) -> tuple[float, float]:
    return sum(x for x, _ in window) / 4, sum(y for _, y in window) / 4
