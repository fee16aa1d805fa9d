"""Markup as strings: everything escaped, and nothing that a notebook would strip.

JupyterLab cleans the output of a notebook that it does not trust, which is every notebook that
someone else made. What may appear here is what comes through: no script, no style sheet, no ids, no
``<source>``; a video carries its data in its own ``src``.
"""

from __future__ import annotations

import base64
import html
import unicodedata
from collections.abc import Iterable, Sequence

ALLOWED: dict[str, frozenset[str]] = {
    "a": frozenset({"href"}),
    "br": frozenset(),
    "caption": frozenset(),
    "code": frozenset(),
    "details": frozenset({"open"}),
    "div": frozenset(),
    "em": frozenset(),
    "figcaption": frozenset(),
    "figure": frozenset(),
    "img": frozenset({"src", "alt", "width", "height"}),
    "li": frozenset(),
    "p": frozenset(),
    "pre": frozenset(),
    "progress": frozenset({"max", "value"}),
    "span": frozenset(),
    "strong": frozenset(),
    "summary": frozenset(),
    "table": frozenset(),
    "tbody": frozenset(),
    "td": frozenset(),
    "th": frozenset({"scope"}),
    "thead": frozenset(),
    "tr": frozenset(),
    "ul": frozenset(),
    "video": frozenset({"src", "poster", "controls", "loop", "muted", "preload", "width", "height"}),
}
EVERYWHERE = frozenset({"title", "style"})
VOID = frozenset({"br", "img"})
LONGEST_TEXT = 400
# Joiners shape emoji and several scripts; every other invisible letter only hides something.
_JOINERS = "\u200c\u200d"


class Html(str):
    """A string that is markup already and is not escaped again."""

    __slots__ = ()


def tag(name: str, *children: object, **attributes: object) -> Html:
    """Return an element; children that are not `Html` are escaped.

    >>> tag("p", "5 < 6", title='say "hi"')
    '<p title="say &quot;hi&quot;">5 &lt; 6</p>'

    Args:
      name: An element of `ALLOWED`.
      children: Text or `Html`.
      attributes: True writes the bare name, None and False leave it out.
    """
    if name not in ALLOWED:
        raise ValueError(f"<{name}> does not survive in an untrusted notebook")
    for attribute in attributes:
        if attribute not in ALLOWED[name] | EVERYWHERE:
            raise ValueError(f"<{name} {attribute}> does not survive in an untrusted notebook")
    written = "".join(
        f" {key}" if value is True else f' {key}="{html.escape(str(value), quote=True)}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in VOID:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{joined(children)}</{name}>")


def joined(children: Iterable[object]) -> Html:
    """Return children one after the other, escaping what is not markup."""
    return Html("".join(child if isinstance(child, Html) else html.escape(str(child)) for child in children))


def readable(text: object, limit: int = LONGEST_TEXT) -> str:
    r"""Return a text that can be read as it stands: one line, no invisible or direction-turning letters, cut to length.

    >>> readable("a boat\u202e on\u200b the sea", limit=12)
    'a boat on t…'
    """
    hidden = ("Cc", "Cf", "Co", "Cs", "Cn")
    spaced = " ".join(str(text)[: 8 * limit].split())
    letters = [letter for letter in spaced if letter in _JOINERS or unicodedata.category(letter) not in hidden]
    visible = " ".join("".join(letters).split())
    return visible if len(visible) <= limit else f"{visible[: limit - 1]}…"


def data_url(kind: str, data: bytes) -> str:
    """Return bytes as a data URL, e.g. of kind "video/mp4"."""
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


def video(data: bytes, *, title: str, poster: bytes, thumbnail: bytes, alt: str) -> Html:
    """Return a player with native controls that plays without being trusted; it never starts by itself.

    Args:
      data: An MP4 file.
      title: What it is called.
      poster: A JPEG, shown until it plays.
      thumbnail: A JPEG, shown where videos are not shown at all.
      alt: What can be seen, in words.
    """
    return tag(
        "video",
        tag("img", src=data_url("image/jpeg", thumbnail), alt=readable(alt) or "a picture", width="100%"),
        src=data_url("video/mp4", data),
        poster=data_url("image/jpeg", poster),
        title=readable(title) or "a clip",
        width="100%",
        controls=True,
        loop=True,
        muted=True,
        preload="metadata",
    )


def picture(data: bytes, *, alt: str, width: int | str = "100%", kind: str = "image/jpeg") -> Html:
    """Return a picture with its data inside; of a width in CSS pixels, or as wide as its figure."""
    return tag("img", src=data_url(kind, data), alt=readable(alt) or "a picture", width=width)


def figure(content: Html, *caption: object, width: int) -> Html:
    """Return a figure with its caption; each part of the caption is a line.

    Args:
      content: What is shown, as wide as the figure.
      caption: Lines; empty ones are left out.
      width: At most, CSS pixels; on a narrow page it shrinks (a largest width would be stripped as
        a style, a grid column is not).
    """
    lines = [line for part in caption if part for line in (tag("br"), part)][1:]
    style = f"margin: 0; display: grid; grid-template-columns: minmax(0, {width}px)"
    return tag("figure", content, tag("figcaption", *lines), style=style)


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Html:
    """Return a table that reads aloud: a caption, a head for each column, the first cell heading its row."""
    return tag(
        "table",
        tag("caption", caption),
        tag("thead", tag("tr", *(tag("th", head, scope="col") for head in heads))),
        tag(
            "tbody",
            *(tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:])) for row in rows),
        ),
    )


def details(summary: str, *body: object) -> Html:
    """Return a part that opens on a click or with the keyboard."""
    return tag("details", tag("summary", summary), *body)


def items(lines: Iterable[object]) -> Html:
    """Return a list."""
    return tag("ul", *(tag("li", line) for line in lines))
