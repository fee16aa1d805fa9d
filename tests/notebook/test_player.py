from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import pytest

from wan_sdk.cut import Cut
from wan_sdk.notebook import mimebundle
from wan_sdk.notebook.budget import Budget
from wan_sdk.notebook.player import preview_of, slate
from wan_sdk.spec import Scene, Shot
from wan_sdk.take import Take

from .conftest import HOSTILE, MakeTake, moving
from .markup import read


def embedded(markup: str) -> bytes:
    (player,) = read(markup).all("video")
    return base64.b64decode((player["src"] or "").partition(",")[2])


def test_the_signed_bytes_are_what_is_shown(take: Take) -> None:
    bundle = mimebundle(take)
    assert embedded(bundle["text/html"]) == take.path.read_bytes()
    assert base64.b64decode(bundle["image/jpeg"]).startswith(b"\xff\xd8")
    assert bundle["text/plain"] == repr(take)


def test_the_slate_says_how_it_was_made(take: Take) -> None:
    assert slate(take) == (
        "nano · seed 7 · 12 steps · 640x384 · 12 fps · 2.08 s · made in 6.5 s · signed, no watermark"
    )
    assert slate(take) in read(mimebundle(take)["text/html"]).text
    assert "from the gallery" in slate(replace(take, reused=True))


def test_words_for_those_who_cannot_see_it(take: Take) -> None:
    page = read(mimebundle(take)["text/html"])
    assert "a red ball rolls over green grass, the camera pans 20 degrees" in (page.all("img")[0]["alt"] or "")
    assert "red ball" not in (page.all("video")[0]["title"] or "")


def test_over_the_budget_a_marked_preview_stands_in_with_a_link(
    make_take: MakeTake, shot: Shot, monkeypatch: pytest.MonkeyPatch, gallery
) -> None:
    take = make_take(shot.with_seed(1), frames=moving(25, 960, 576, 1))
    take = replace(take, recipe=replace(take.recipe, calls=(replace(take.recipe.calls[0], enlarge=6),)))
    monkeypatch.chdir(gallery.folder.parent)
    size = take.path.stat().st_size
    monkeypatch.setenv("WAN_SDK_EMBED_MB", str((size - 1) / 1e6))
    preview = preview_of(take)
    page = read(mimebundle(take)["text/html"])
    assert embedded(mimebundle(take)["text/html"]) == preview.path.read_bytes()
    assert page.all("a")[0]["href"] == f"takes/{take.id}.mp4"
    verdict = preview.verify()
    assert verdict.state == "TRUSTED"
    assert [item["relation"] for item in verdict.ingredients] == ["componentOf"]


def test_with_no_budget_the_poster_and_the_path_remain(take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAN_SDK_EMBED_MB", "0")
    page = read(mimebundle(take)["text/html"])
    assert page.all("video") == []
    assert len(page.all("img")) == 1
    assert str(take.path) in page.text


def test_a_gallery_that_cannot_be_written_still_shows_the_poster(take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    (take.path.parent / "derived").write_text("a file where the folder should be")
    monkeypatch.setenv("WAN_SDK_EMBED_MB", "0.01")
    assert len(read(mimebundle(take)["text/html"]).all("img")) == 1


def test_a_deleted_file_is_said_to_be_gone(take: Take) -> None:
    take.path.unlink()
    bundle = mimebundle(take)
    assert "is gone" in read(bundle["text/html"]).text
    assert "is gone" in bundle["text/plain"]


def test_a_changed_file_is_not_shown(take: Take) -> None:
    take.path.write_bytes(take.path.read_bytes() + b"x")
    page = read(mimebundle(take)["text/html"])
    assert "was changed after it was signed" in page.text
    assert page.all("video") == []


@pytest.mark.parametrize("prompt", HOSTILE)
def test_hostile_prompts_are_words_on_the_page(make_take: MakeTake, prompt: str) -> None:
    small = moving(2, 64, 64, 0)
    take = make_take(Shot(prompt, seconds=2), frames=small)
    page = read(mimebundle(take)["text/html"])
    assert len(page.all("video")) == 1
    assert "\u202e" not in page.text + (page.all("img")[0]["alt"] or "")
    assert len(page.text) < 1000


def test_a_cut_shows_itself_too(take: Take, scene: Scene) -> None:
    recipe = replace(take.recipe, kind="cut", spec=scene.to_dict(), calls=take.recipe.calls * 3)
    cut = Cut(take.id, take.path, recipe, (take,))
    page = read(mimebundle(cut)["text/html"])
    assert "Harbour: 3 shots" in page.text
    assert "then waves" in (page.all("img")[0]["alt"] or "")


def test_a_moved_notebook_still_plays(take: Take, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    page = read(mimebundle(take)["text/html"])
    assert (page.all("video")[0]["src"] or "").startswith("data:")


def test_shares_fall_as_the_notebook_fills_and_never_pass_its_limit() -> None:
    budget = Budget()
    shares = []
    for number in range(40):
        share = budget.allowance(f"cell {number}", 1)
        shares.append(share)
        budget.spend(f"cell {number}", 1, share)
    assert shares[0] == 4_000_000
    assert shares == sorted(shares, reverse=True)
    assert sum(shares[:10]) * 4 / 3 < 40e6
    assert sum(shares) <= 28e6


def test_beside_the_video_a_player_weighs_little(make_take: MakeTake, shot: Shot) -> None:
    take = make_take(shot.with_seed(2), frames=moving(5, 1280, 704, 2))
    bundle = mimebundle(take)
    carried = sum(len(part) for part in bundle.values())
    assert carried - take.path.stat().st_size * 4 / 3 < 300_000  # so ten of them stay under 40 MB


def test_a_cell_that_runs_again_gets_its_share_back() -> None:
    budget = Budget()
    budget.spend("a", 1, 4_000_000)
    assert budget.allowance("a", 1) == 0
    assert budget.allowance("a", 2) == 4_000_000
    assert budget.spent == 0


def test_several_clips_in_one_cell_share_its_allowance() -> None:
    budget = Budget()
    budget.spend("a", 1, 3_000_000)
    assert budget.allowance("a", 1) == 1_000_000
    budget.spend("a", 1, 1_000_000)
    assert budget.spent == 4_000_000
