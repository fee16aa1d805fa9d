"""Read what a notebook would be given, and refuse what an untrusted notebook would strip."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlparse

# What JupyterLab's sanitiser lets through of what we use; everything else is a mistake of ours.
SURVIVES = {
    "a": {"href"},
    "br": set(),
    "caption": set(),
    "code": set(),
    "details": {"open"},
    "div": set(),
    "em": set(),
    "figcaption": set(),
    "figure": set(),
    "img": {"src", "alt", "width", "height"},
    "li": set(),
    "p": set(),
    "pre": set(),
    "progress": {"max", "value"},
    "span": set(),
    "strong": set(),
    "summary": set(),
    "table": set(),
    "tbody": set(),
    "td": set(),
    "th": {"scope"},
    "thead": set(),
    "tr": set(),
    "ul": set(),
    "video": {"src", "poster", "controls", "loop", "muted", "preload", "width", "height"},
}
STYLES = {"margin", "display", "grid-template-columns"}
VOID = {"br", "img"}


@dataclass
class Page(HTMLParser):
    """The elements and the text of some markup, checked while it is read."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[str] = []

    def handle_starttag(self, name: str, attrs: list[tuple[str, str | None]]) -> None:
        assert name in SURVIVES, f"<{name}> would be stripped"
        for key, value in attrs:
            assert key in SURVIVES[name] | {"title", "style"}, f"<{name} {key}> would be stripped"
            if key == "style":
                assert {part.split(":")[0].strip() for part in (value or "").split(";")} <= STYLES
            if key in ("src", "poster"):
                assert (value or "").startswith(("data:image/jpeg;", "data:image/png;", "data:video/mp4;"))
            if key == "href":
                assert urlparse(value or "").scheme == "", "only files beside the notebook are linked"
        self.tags.append((name, dict(attrs)))
        if name not in VOID:
            self._open.append(name)

    def handle_endtag(self, name: str) -> None:
        assert self._open, f"</{name}> closes nothing"
        assert self._open.pop() == name, f"</{name}> closes another element"

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment")

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.tags if tag == name]


def read(markup: str) -> Page:
    """Parse markup and assert what must hold for everything we show."""
    page = Page()
    page.feed(markup)
    page.close()
    assert page._open == [], f"never closed: {page._open}"
    for image in page.all("img"):
        assert image.get("alt"), "a picture without words"
        assert image.get("width")
    for video in page.all("video"):
        assert video.get("title"), "a video without a title"
        assert video.get("poster")
        assert "controls" in video
        assert "autoplay" not in video
    assert len(page.all("caption")) == len(page.all("table")), "a table without a caption"
    for bar in page.all("progress"):
        assert bar.get("title"), "a bar without words"
    return page
