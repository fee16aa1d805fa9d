from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wan_sdk.notebook import html

from .conftest import HIDDEN, HOSTILE
from .markup import read


@given(st.text())
def test_any_text_comes_through_as_text(text: str) -> None:
    page = read(html.tag("p", html.readable(text), title=text))
    assert page.text == html.readable(text)
    assert [name for name, _ in page.tags] == ["p"]


@given(st.text(), st.integers(1, 50))
def test_readable_text_is_short_and_hides_nothing(text: str, limit: int) -> None:
    said = html.readable(text, limit)
    assert len(said) <= limit
    assert html.readable(said, limit) == said
    hidden = {
        letter for letter in said if unicodedata.category(letter) in ("Cc", "Cf") and letter not in "\u200c\u200d"
    }
    assert not hidden


@pytest.mark.parametrize("text", HOSTILE + HIDDEN)
def test_hostile_text_is_shown_and_does_nothing(text: str) -> None:
    page = read(html.figure(html.picture(b"x", alt=text), html.readable(text), width=300))
    assert {name for name, _ in page.tags} <= {"figure", "img", "figcaption"}
    assert "\u202e" not in page.text


def test_emoji_sequences_stay_whole() -> None:
    assert html.readable("👩‍🚒 🏳️‍🌈") == "👩‍🚒 🏳️‍🌈"


@pytest.mark.parametrize("name", ["script", "style", "iframe", "source", "svg", "input"])
def test_what_would_be_stripped_cannot_be_written(name: str) -> None:
    with pytest.raises(ValueError, match="does not survive"):
        html.tag(name)


@pytest.mark.parametrize("attribute", ["onclick", "id", "autoplay", "role", "aria_label"])
def test_attributes_that_would_be_stripped_cannot_be_written(attribute: str) -> None:
    with pytest.raises(ValueError, match="does not survive"):
        html.tag("video", **{attribute: "x"})


def test_a_player() -> None:
    page = read(html.video(b"clip", title="Take 1", poster=b"still", thumbnail=b"small", alt="a boat"))
    (player,) = page.all("video")
    assert player["src"] == "data:video/mp4;base64,Y2xpcA=="
    assert player["preload"] == "metadata"
    assert "muted" in player
    assert page.all("img")[0]["alt"] == "a boat"


def test_a_table_reads_aloud() -> None:
    page = read(html.table("Shots", ("shot", "seconds"), [["pier", 2], ["bird", "<3>"]]))
    assert [head["scope"] for head in page.all("th")] == ["col", "col", "row", "row"]
    assert page.text == "Shotsshotsecondspier2bird<3>"
