from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wan_sdk.errors import UsageError
from wan_sdk.gallery import Gallery
from wan_sdk.media.frames import Frames
from wan_sdk.media.read import read_video
from wan_sdk.notebook import compare, mimebundle, sheet
from wan_sdk.notebook.labels import differences
from wan_sdk.spec import Shot
from wan_sdk.take import Takes

from .conftest import MakeTake, keep
from .markup import read


def grey(number: int) -> Frames:
    """A flat picture whose brightness tells which take it is."""
    return Frames(np.full((5, 256, 320, 3), 60 + 25 * number, np.uint8), 12.0)


@pytest.fixture(scope="module")
def takes(tmp_path_factory: pytest.TempPathFactory) -> Takes:
    sweep = Shot("a ball", seconds=2).sweep(seed=range(3), guidance=[4, 6])
    gallery = Gallery(tmp_path_factory.mktemp("takes"))
    made = [keep(gallery, point, number, frames=grey(number)) for number, point in enumerate(sweep)]
    return Takes(made, sweep.axes)


def test_a_sheet_is_one_marked_clip_with_its_takes_as_parts(takes: Takes) -> None:
    shown = sheet(takes, rows="guidance", cols="seed")
    page = read(shown._repr_mimebundle_()["text/html"])
    assert len(page.all("video")) == 1
    assert "guidance 4; guidance 6; seed 0" in (page.all("img")[0]["alt"] or "")
    verdict = shown.verify()
    assert verdict.state == "TRUSTED"
    assert verdict.layers["watermark"]["present"]
    assert len(verdict.ingredients) == 6


def test_cells_stand_where_their_labels_say(takes: Takes) -> None:
    board = read_video(sheet(takes, rows="guidance", cols="seed").path).pixels[0].mean(axis=-1)
    height, width = board.shape
    for y, guidance in ((height // 3, 4.0), (height - 40, 6.0)):
        seen = [round((board[y, x] - 60) / 25) for x in range(width // 4, width, 20) if board[y, x] > 50]
        expected = [list(takes).index(takes.pick(seed=seed, guidance=guidance)) for seed in range(3)]
        assert list(dict.fromkeys(seen)) == expected


def test_the_same_sheet_is_made_once(takes: Takes) -> None:
    first = sheet(takes)
    written = first.path.stat().st_mtime_ns
    assert sheet(takes).path == first.path
    assert first.path.stat().st_mtime_ns == written
    assert sheet(takes, rows="seed").path != first.path


def test_axes_that_are_not_there(takes: Takes) -> None:
    with pytest.raises(UsageError, match="no axis 'sed'") as caught:
        sheet(takes, rows="sed")
    assert "seed" in (caught.value.hint or "")
    with pytest.raises(UsageError, match="down and across"):
        sheet(takes, rows="seed", cols="seed")


def test_side_by_side_says_what_differs(takes: Takes) -> None:
    one, two = takes.pick(seed=0, guidance=4), takes.pick(seed=1, guidance=4)
    assert differences(one, two) == ("seed 0", "seed 1")
    assert differences(one, one) == (one.id[:8], one.id[:8])
    shown = compare(one, two)
    assert "Left A: seed 0; right B: seed 1" in repr(shown)
    assert len(shown.verify().ingredients) == 2
    assert compare(one, one).parents == (one.id, one.id)


def test_takes_show_their_pictures_at_once(takes: Takes) -> None:
    bundle = mimebundle(takes)
    page = read(bundle["text/html"])
    assert len(page.all("img")) == 6
    assert "seed 2, guidance 6" in page.text


def test_files_that_are_gone_are_said_to_be_gone(make_take: MakeTake, shot: Shot, tmp_path: Path) -> None:
    pair = [make_take(shot.with_seed(seed), seed, frames=grey(seed)) for seed in (0, 1)]
    shown = compare(*pair)
    assert shown.save(tmp_path).read_bytes() == shown.path.read_bytes()
    shown.path.unlink()
    assert "is gone" in read(shown._repr_mimebundle_()["text/html"]).text
    pair[0].path.unlink()
    rest = Takes([replace(take) for take in pair], {"seed": [0, 1]})
    page = read(mimebundle(rest)["text/html"])
    assert "its file is gone" in page.text
    assert len(page.all("img")) == 1
