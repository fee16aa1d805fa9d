"""Put many pictures or clips on one labelled board, baked into the pixels so that all play in step."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from wan_sdk.errors import MediaError
from wan_sdk.media.fit import fit_inside, retime
from wan_sdk.media.frames import Frames

# The board brings its own ground, so that its labels read the same on light and dark pages (contrast 15:1).
GROUND = (24, 24, 27)
INK = (240, 240, 240)
EMPTY = (52, 52, 56)
GAP = 6
MAX_WIDTH = 1280


def grid(
    clips: Sequence[Frames | None],
    rows: int,
    cols: int,
    *,
    row_labels: Sequence[str] = (),
    col_labels: Sequence[str] = (),
    max_width: int = MAX_WIDTH,
) -> Frames:
    """Return one clip in which many play in step, in labelled rows and columns.

    >>> sheet = grid(clips, 2, 4, row_labels=["guidance 4", "guidance 6"], col_labels=[f"seed {i}" for i in range(4)])

    Args:
      clips: Row by row; None leaves a cell empty. Shorter ones hold their last frame, slower ones
        repeat frames.
      rows: Number of rows.
      cols: Number of columns.
      row_labels: One for each row, written at its left.
      col_labels: One for each column, written above it.
      max_width: Cells are scaled down until the board is no wider, pixels.
    """
    given = [clip for clip in clips if clip is not None]
    if not given:
        raise MediaError("a sheet needs at least one clip")
    fps = max(clip.fps for clip in given)
    timed = [None if clip is None else retime(clip, fps) for clip in clips]
    board = _board(
        rows, cols, row_labels, col_labels, max_width, [None if clip is None else clip.pixels[0] for clip in clips]
    )
    count = max(len(clip) for clip in timed if clip is not None)
    result = np.repeat(board.ground[None], count, axis=0)
    for cell, clip in zip(board.cells, timed, strict=True):
        if clip is None:
            continue
        for index in range(count):
            if index < len(clip):
                picture = fit_inside(clip.pixels[index], board.cell_width, board.cell_height)
            board.paste(result[index], cell, picture)
    return Frames(result, fps)


def side_by_side(
    left: Frames, right: Frames, *, labels: Sequence[str] = ("A", "B"), max_width: int = MAX_WIDTH
) -> Frames:
    """Return one clip in which two play beside each other, in step.

    >>> side_by_side(take.frames, other.frames, labels=["guidance 4", "guidance 6"])
    Frames(...)
    """
    return grid([left, right], 1, 2, col_labels=labels, max_width=max_width)


def picture_grid(
    pictures: Sequence[np.ndarray | None],
    rows: int,
    cols: int,
    *,
    row_labels: Sequence[str] = (),
    col_labels: Sequence[str] = (),
    max_width: int = MAX_WIDTH,
) -> np.ndarray:
    """Return one picture, uint8 [H, W, 3], of many in labelled rows and columns.

    Args:
      pictures: Row by row, uint8 [H, W, 3]; None leaves a cell empty.
      rows: Number of rows.
      cols: Number of columns.
      row_labels: One for each row.
      col_labels: One for each column.
      max_width: Of the whole, pixels.
    """
    board = _board(rows, cols, row_labels, col_labels, max_width, pictures)
    result = board.ground.copy()
    for cell, picture in zip(board.cells, pictures, strict=True):
        if picture is not None:
            board.paste(result, cell, fit_inside(picture, board.cell_width, board.cell_height))
    return result


def contact_sheet(frames: Frames, *, count: int = 12, cols: int = 4, max_width: int = MAX_WIDTH) -> np.ndarray:
    """Return one picture of a clip's frames at equal distances, each with its time.

    >>> write_png(contact_sheet(take.frames), "sheet.png")
    """
    chosen = _spread(len(frames), count)
    cols = min(cols, len(chosen))
    rows = -(-len(chosen) // cols)
    cells = [frames.pixels[index] for index in chosen]
    cell_width = min(frames.width, max_width // cols)
    stamped = [
        _stamped(fit_inside(picture, cell_width, frames.height), f"{index / frames.fps:.2f} s")
        for index, picture in zip(chosen, cells, strict=True)
    ]
    padded = [*stamped, *[None] * (rows * cols - len(stamped))]
    return picture_grid(padded, rows, cols, max_width=max_width)


def film_strip(
    clips: Sequence[np.ndarray], labels: Sequence[str], *, frames: int = 4, max_width: int = MAX_WIDTH
) -> np.ndarray:
    """Return one picture with a row for each clip: its first, last and some frames between.

    Args:
      clips: uint8 [T, H, W, 3] each, for example what the model saw after each step.
      labels: One for each clip.
      frames: How many frames of each.
      max_width: Of the whole, pixels.
    """
    if not clips:
        raise MediaError("a film strip needs at least one clip")
    chosen = [_spread(len(clip), frames) for clip in clips]
    cols = max(len(indices) for indices in chosen)
    cells: list[np.ndarray | None] = []
    for clip, indices in zip(clips, chosen, strict=True):
        cells += [clip[index] for index in indices] + [None] * (cols - len(indices))
    return picture_grid(cells, len(clips), cols, row_labels=labels, max_width=max_width)


def plain_text(text: str) -> str:
    """Return what can be drawn of a text: one line, nothing invisible, nothing that turns its direction."""
    spaced = " ".join(str(text).split())
    return "".join(letter for letter in spaced if unicodedata.category(letter) not in ("Cc", "Cf", "Co", "Cs", "Cn"))


@dataclass(frozen=True, eq=False)
class _Board:
    """The painted ground of a sheet and where its cells begin (top, left)."""

    ground: np.ndarray
    cells: list[tuple[int, int]]
    cell_width: int
    cell_height: int

    def paste(self, target: np.ndarray, cell: tuple[int, int], picture: np.ndarray) -> None:
        height, width = picture.shape[:2]
        top, left = cell[0] + (self.cell_height - height) // 2, cell[1] + (self.cell_width - width) // 2
        target[top : top + height, left : left + width] = picture


def _board(
    rows: int,
    cols: int,
    row_labels: Sequence[str],
    col_labels: Sequence[str],
    max_width: int,
    pictures: Sequence[np.ndarray | None],
) -> _Board:
    if rows < 1 or cols < 1 or len(pictures) != rows * cols:
        raise MediaError(f"{len(pictures)} pictures do not fill {rows} rows of {cols}", hint="None leaves a cell empty")
    for name, labels, count in (("row", row_labels, rows), ("column", col_labels, cols)):
        if labels and len(labels) != count:
            raise MediaError(f"{len(labels)} {name} labels for {count} {name}s")
    given = [picture for picture in pictures if picture is not None]
    if not given:
        raise MediaError("a sheet needs at least one picture")
    wide, high = max(item.shape[1] for item in given), max(item.shape[0] for item in given)
    # A small model's pictures are a hundred pixels wide; labels must still be readable over them.
    font = _font(max(13, min(22, wide // 18)))
    line = sum(font.getmetrics()) + 2 * GAP
    left = GAP + (min(max_width // 4, max(_width(font, label) for label in row_labels) + 2 * GAP) if row_labels else 0)
    top = line if col_labels else GAP
    scale = min(1.0, (max_width - left - cols * GAP) / (cols * wide))
    cell_width, cell_height = (max(2, int(side * scale / 2) * 2) for side in (wide, high))
    width, height = left + cols * (cell_width + GAP), top + rows * (cell_height + GAP)
    image = Image.new("RGB", (width + width % 2, height + height % 2), GROUND)
    draw = ImageDraw.Draw(image)
    cells = [
        (top + row * (cell_height + GAP), left + column * (cell_width + GAP))
        for row in range(rows)
        for column in range(cols)
    ]
    for (cell_top, cell_left), picture in zip(cells, pictures, strict=True):
        if picture is None:
            draw.rectangle((cell_left, cell_top, cell_left + cell_width - 1, cell_top + cell_height - 1), fill=EMPTY)
    for column, label in enumerate(col_labels):
        middle = left + column * (cell_width + GAP) + cell_width / 2
        draw.text((middle, line / 2), _shortened(font, label, cell_width), INK, font, anchor="mm")
    for row, label in enumerate(row_labels):
        middle = top + row * (cell_height + GAP) + cell_height / 2
        draw.text((GAP, middle), _shortened(font, label, left - 2 * GAP), INK, font, anchor="lm")
    return _Board(np.asarray(image).copy(), cells, cell_width, cell_height)


def _stamped(picture: np.ndarray, text: str) -> np.ndarray:
    """Write a short text into the lower left corner, on its own ground."""
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    font = _font(max(11, picture.shape[0] // 16))
    box = draw.textbbox((4, picture.shape[0] - 4), text, font, anchor="lb")
    draw.rectangle((box[0] - 4, box[1] - 3, box[2] + 4, box[3] + 4), fill=GROUND)
    draw.text((4, picture.shape[0] - 4), text, INK, font, anchor="lb")
    return np.asarray(image)


def _spread(length: int, count: int) -> list[int]:
    if length < 1:
        raise MediaError("a clip without frames cannot be laid out")
    return [int(index) for index in np.linspace(0, length - 1, min(count, length)).round()]


@functools.lru_cache(maxsize=32)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    try:
        return ImageFont.truetype("DejaVuSans.ttf", size)  # knows Greek, Cyrillic and more
    except OSError:
        return ImageFont.load_default(size)


def _width(font: ImageFont.FreeTypeFont | ImageFont.ImageFont, text: str) -> int:
    return int(font.getlength(plain_text(text)[:200])) + 1


def _shortened(font: ImageFont.FreeTypeFont | ImageFont.ImageFont, text: str, width: int) -> str:
    clean = plain_text(text)[:200]
    if font.getlength(clean) <= width:
        return clean
    return next(
        (f"{clean[:keep]}…" for keep in range(len(clean), 0, -1) if font.getlength(f"{clean[:keep]}…") <= width), ""
    )


def labels_of(values: Iterable[object], name: str) -> list[str]:
    """Return labels such as "guidance 4" for the values of an axis.

    >>> labels_of([4.0, 6.5], "guidance")
    ['guidance 4', 'guidance 6.5']
    """
    return [f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" for value in values]
