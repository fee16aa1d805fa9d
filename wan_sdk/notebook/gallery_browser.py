"""What is kept, to be searched, opened again, verified and made into something new."""

from __future__ import annotations

import time
from typing import Any

import ipywidgets

from wan_sdk.errors import WanError
from wan_sdk.notebook import html
from wan_sdk.notebook.explorer import Explorer
from wan_sdk.notebook.player import clip_bundle, heading, slate
from wan_sdk.notebook.verdict_card import verdict_html

MOST_LISTED = 50
DAY_SECONDS = 24 * 3600
SINCE = (("any time", None), ("today", DAY_SECONDS), ("this week", 7 * DAY_SECONDS), ("this month", 31 * DAY_SECONDS))


class GalleryBrowser:
    """Look through a gallery: by words, model, seed and date.

    >>> browser = browse()                    # doctest: +SKIP
    >>> browser.chosen, browser.forked        # doctest: +SKIP

    Only what is listed is read, so ten thousand takes are no slower than ten.

    Args:
      gallery: A Gallery.
      studio: For what is forked.
    """

    def __init__(self, gallery: Any, studio: Any) -> None:
        self.gallery = gallery
        self.chosen: Any = None
        self.forked: Explorer | None = None
        self._studio = studio
        self._found: list[Any] = []
        self._build()
        self.search()

    def __repr__(self) -> str:
        lines = [f"{clip.id[:8]}  {heading(clip)}  ({slate(clip)})" for clip in self._found]
        return "\n".join([f"{self._count()} in {self.gallery!r}", *lines])

    def _ipython_display_(self) -> None:
        from IPython import get_ipython
        from IPython.display import display

        if getattr(get_ipython(), "kernel", None) is None:
            print(repr(self))  # noqa: T201 - a terminal shows text where a notebook shows widgets
            return
        display(self.box)

    def search(self) -> list[Any]:
        """List what fits the fields, newest first, and return it."""
        since = self._since.value
        try:
            seed = int(self._seed.value) if self._seed.value.strip() else None
            self._found = self.gallery.takes(
                search=self._words.value or None,
                model=self._model.value.strip() or None,
                seed=seed,
                since=time.time() - since if since else None,
                limit=MOST_LISTED,
            )
        except ValueError:
            self._say(f"{html.readable(self._seed.value, 40)!r} is no seed; a seed is a whole number.")
            return self._found
        except WanError as problem:
            self._found = []
            self._say(html.readable(f"{problem}. {problem.hint or ''}"))
            return []
        self._list.options = [(f"{clip.id[:8]}  {heading(clip)[:70]}", index) for index, clip in enumerate(self._found)]
        self._list.index = None
        self._say(self._count())
        return self._found

    def open(self, index: int) -> Any:
        """Show the clip at this place of the list, and return it."""
        self.chosen = self._found[index]
        self._screen.value = clip_bundle(self.chosen)["text/html"]
        self._verdict.value = ""
        self._verify_button.disabled = self._fork_button.disabled = False
        return self.chosen

    def verify(self) -> Any:
        """Show what the marks of the chosen clip prove, and return the verdict."""
        verdict = self.chosen.verify()
        self._verdict.value = verdict_html(verdict)
        return verdict

    def fork(self) -> Explorer:
        """Put knobs over what the chosen clip was made from; they are in `forked`."""
        made_from = self.chosen.scene if hasattr(self.chosen, "takes") else self.chosen.shot
        self.forked = Explorer(made_from, self._studio)
        self._below.children = [self.forked.box]
        return self.forked

    def _build(self) -> None:
        wide = ipywidgets.Layout(width="98%")
        self._words = ipywidgets.Text(description="words", placeholder="harbour dawn", continuous_update=False)
        self._model = ipywidgets.Text(description="model", placeholder="any", continuous_update=False)
        self._seed = ipywidgets.Text(description="seed", placeholder="any", continuous_update=False)
        self._since = ipywidgets.Dropdown(description="made", options=SINCE)
        self._list = ipywidgets.Select(description="found", rows=10, layout=wide)
        self._screen = ipywidgets.HTML(layout=wide)
        self._verdict = ipywidgets.HTML(layout=wide)
        self._message = ipywidgets.HTML()
        self._verify_button = ipywidgets.Button(description="Verify", disabled=True)
        self._fork_button = ipywidgets.Button(description="Fork", disabled=True, tooltip="Turn its knobs")
        self._below = ipywidgets.VBox([])
        for field in (self._words, self._model, self._seed, self._since):
            field.observe(lambda _: self.search(), names="value")
        self._list.observe(lambda change: self._choose(change["new"]), names="value")
        self._verify_button.on_click(lambda _: self.verify())
        self._fork_button.on_click(lambda _: self.fork())
        self.box = ipywidgets.VBox(
            [
                ipywidgets.HBox([self._words, self._model]),
                ipywidgets.HBox([self._seed, self._since]),
                self._message,
                self._list,
                self._screen,
                ipywidgets.HBox([self._verify_button, self._fork_button]),
                self._verdict,
                self._below,
            ],
            layout=wide,
        )

    def _choose(self, index: int | None) -> None:
        if index is not None:
            self.open(index)

    def _count(self) -> str:
        if len(self._found) == MOST_LISTED:
            return f"The newest {MOST_LISTED} of those that fit; say more words to see others."
        return f"{len(self._found)} found, {len(self.gallery)} kept."

    def _say(self, words: str) -> None:
        self._message.value = html.tag("p", words)


def browse(gallery: Any = None, *, studio: Any = None) -> GalleryBrowser:
    """Return a browser over what is kept.

    Args:
      gallery: A Gallery or a folder; that of the studio unless given.
      studio: For what is forked; the default studio unless given.
    """
    from wan_sdk.gallery import Gallery
    from wan_sdk.studio import default_studio

    studio = studio or default_studio()
    if gallery is None:
        gallery = studio.gallery
    return GalleryBrowser(gallery if isinstance(gallery, Gallery) else Gallery(gallery), studio)
