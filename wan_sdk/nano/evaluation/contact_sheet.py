"""A contact sheet: many clips on one page, three frames each, with their captions."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

_COLUMNS = 4
_FRAME_WIDTH = 160
_GAP = 6
_CAPTION_LINES, _LINE_HEIGHT, _LETTERS = 3, 13, 78


def contact_sheet(clips: Tensor, captions: Sequence[str], path: Path) -> None:
    """Write a page with the first, middle and last frame of every clip.

    Args:
      clips: uint8 [n, 3, frames, height, width].
      captions: What stands below each.
      path: Image file; its ending says the format.
    """
    height = round(_FRAME_WIDTH * clips.shape[3] / clips.shape[4])
    cell = 3 * _FRAME_WIDTH + _GAP, height + _CAPTION_LINES * _LINE_HEIGHT + _GAP
    rows = -(-len(clips) // _COLUMNS)
    page = Image.new("RGB", (_COLUMNS * cell[0], rows * cell[1]), "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default()
    for k, (clip, caption) in enumerate(zip(clips, captions, strict=True)):
        left, top = (k % _COLUMNS) * cell[0], (k // _COLUMNS) * cell[1]
        last = clip.shape[1] - 1
        for column, frame in enumerate((0, last // 2, last)):
            picture = Image.fromarray(clip[:, frame].permute(1, 2, 0).contiguous().numpy())
            page.paste(picture.resize((_FRAME_WIDTH, height)), (left + column * _FRAME_WIDTH, top))
        lines = textwrap.wrap(caption, _LETTERS)[:_CAPTION_LINES]
        pen.multiline_text((left + 2, top + height + 1), "\n".join(lines), fill="black", font=font, spacing=1)
    unfinished = path.with_name(f".unfinished-{path.name}")
    try:
        page.save(unfinished, quality=90)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
