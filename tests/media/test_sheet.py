from __future__ import annotations

import numpy as np
import pytest

from wan_sdk.errors import MediaError
from wan_sdk.media.encode import encode_mp4
from wan_sdk.media.frames import Frames
from wan_sdk.media.sheet import (
    EMPTY,
    GROUND,
    contact_sheet,
    film_strip,
    grid,
    labels_of,
    picture_grid,
    plain_text,
    side_by_side,
)

from .conftest import moving_clip


def counting(count: int, fps: float = 12, start: int = 0) -> Frames:
    """Frame t is grey 10t, so that a cell tells which frame it shows."""
    values = np.arange(start, start + count, dtype=np.uint8) * 10
    return Frames(np.broadcast_to(values[:, None, None, None], (count, 40, 60, 3)).copy(), fps)


def cell_values(sheet: Frames, rows: int, cols: int) -> np.ndarray:
    """The grey of the middle of each cell at each moment, for a sheet without labels."""
    height, width = sheet.height // rows, sheet.width // cols
    return np.stack(
        [
            sheet.pixels[:, row * height + height // 2, col * width + width // 2, 0]
            for row in range(rows)
            for col in range(cols)
        ]
    )


def test_all_cells_play_in_step() -> None:
    sheet = grid([counting(6)] * 4, 2, 2)
    assert (cell_values(sheet, 2, 2) == np.arange(6) * 10).all()


def test_slow_clips_repeat_and_short_ones_hold_their_last_frame() -> None:
    values = cell_values(grid([counting(6, 12), counting(3, 6), counting(2, 12)], 1, 3), 1, 3)
    assert values.tolist() == [[0, 10, 20, 30, 40, 50], [0, 10, 10, 20, 20, 20], [0, 10, 10, 10, 10, 10]]


def test_an_empty_cell_looks_empty() -> None:
    sheet = grid([counting(2), None], 1, 2)
    assert sheet.pixels[0, sheet.height // 2, 3 * sheet.width // 4].tolist() == list(EMPTY)


def test_labels_are_drawn_beside_the_pictures_and_not_on_them() -> None:
    plain = grid([counting(2)] * 2, 1, 2)
    labelled = grid([counting(2)] * 2, 1, 2, row_labels=["guidance 4"], col_labels=["seed 0", "seed 1"])
    assert labelled.width > plain.width
    assert labelled.height > plain.height
    top = labelled.pixels[0, : labelled.height - plain.height]
    assert (top.max(), tuple(labelled.pixels[0, 0, 0])) == (240, GROUND)


def test_the_board_is_even_and_no_wider_than_asked(tmp_path) -> None:
    clips = [moving_clip(2, 250, 130)] * 9
    sheet = grid(clips, 3, 3, row_labels=["a", "b", "c"], col_labels=["x" * 400, "y", "z"], max_width=640)
    assert sheet.width <= 640
    assert sheet.width % 2 == sheet.height % 2 == 0
    encode_mp4(sheet, tmp_path / "sheet.mp4")


def test_different_sizes_keep_their_shape() -> None:
    tall = Frames(np.full((2, 80, 30, 3), 200, np.uint8), 12)
    sheet = side_by_side(counting(2), tall)
    assert (sheet.pixels[0, -10:, sheet.width // 2 :] == 200).any()


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "\u202egnirts", "zero\u200bwidth", "雨の港 🌧", "a\nb\tc", "x" * 10_000, "", "\ud800"],
)
def test_any_label_can_be_drawn(text: str) -> None:
    sheet = grid([counting(1)], 1, 1, row_labels=[text], col_labels=[text])
    assert sheet.width <= 1280


def test_plain_text_has_nothing_invisible() -> None:
    assert plain_text("a\u202eb\u200bc\nd\x00") == "abc d"


def test_stills() -> None:
    clip = moving_clip(24)
    assert contact_sheet(clip, count=12, cols=4).shape[1] <= 1280
    assert contact_sheet(moving_clip(5), count=12, cols=4).dtype == np.uint8
    assert contact_sheet(moving_clip(1)).size
    strip = film_strip([clip.pixels, clip.pixels[:2]], ["step 1", "step 2"])
    assert strip.shape[0] > 2 * 64
    assert labels_of([4.0, 6.5], "guidance") == ["guidance 4", "guidance 6.5"]


def test_boards_that_cannot_be() -> None:
    picture = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(MediaError, match="do not fill"):
        picture_grid([picture], 1, 2)
    with pytest.raises(MediaError, match="3 row labels"):
        picture_grid([picture], 1, 1, row_labels=["a", "b", "c"])
    with pytest.raises(MediaError, match="at least one"):
        grid([None], 1, 1)
    with pytest.raises(MediaError, match="at least one"):
        film_strip([], [])
