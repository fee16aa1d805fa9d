"""A contact sheet: many clips on one page, three frames each, with their captions."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

_PAGE_WIDTH = 1980  # of three frames a clip, as many clips beside each other as there is room for
_GAP = 6
_CAPTION_LINES, _LINE_HEIGHT, _LETTER_WIDTH = 3, 13, 6


def contact_sheet(clips: Tensor, captions: Sequence[str], path: Path) -> None:
    """Write a page with the first, middle and last frame of every clip.

    Args:
      clips: uint8 [n, 3, frames, height, width].
      captions: What stands below each.
      path: Image file; its ending says the format.
    """
    height, width = clips.shape[3:]
    cell = 3 * width + _GAP, height + _CAPTION_LINES * _LINE_HEIGHT + _GAP
    columns = max(1, _PAGE_WIDTH // cell[0])
    rows = -(-len(clips) // columns)
    page = Image.new("RGB", (columns * cell[0], rows * cell[1]), "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default()
    for k, (clip, caption) in enumerate(zip(clips, captions, strict=True)):
        left, top = (k % columns) * cell[0], (k // columns) * cell[1]
        last = clip.shape[1] - 1
        for column, frame in enumerate((0, last // 2, last)):
            picture = Image.fromarray(clip[:, frame].permute(1, 2, 0).contiguous().numpy())
            page.paste(picture, (left + column * width, top))
        lines = textwrap.wrap(caption, cell[0] // _LETTER_WIDTH)[:_CAPTION_LINES]
        pen.multiline_text((left + 2, top + height + 1), "\n".join(lines), fill="black", font=font, spacing=1)
    unfinished = path.with_name(f".unfinished-{path.name}")
    try:
        page.save(unfinished, quality=90)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
