"""Which watermark to use, by name: the built-in one, a learned one, or one that another package brings.

A package offers its own under the entry-point group ``wan_sdk.watermarkers``: a name, and a callable
without arguments that returns a `Watermarker`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

from wan_sdk.errors import MissingExtra, UnknownName, nearest
from wan_sdk.marking.watermark import detection, embedding, learned
from wan_sdk.marking.watermark.protocol import DetectionResult, Effort, Ledger, Marked, Watermarker

GROUP = "wan_sdk.watermarkers"


class Ssw:
    """The built-in watermark as a backend."""

    name = "ssw"

    def embed(
        self, pixels: Any, payload: int, *, key: bytes | None = None, strength: float = embedding.DEFAULT_STRENGTH
    ) -> Marked:
        """Return the pixels with the payload in them."""
        return embedding.embed(pixels, payload, key=key, strength=strength)

    def detect(
        self,
        pixels: Any,
        *,
        key: bytes | None = None,
        effort: Effort = "normal",
        fps: float | None = None,
        alpha: float = 1e-9,
        ledger: Ledger | None = None,
    ) -> DetectionResult:
        """Look for the mark; never raises on odd pixels."""
        return detection.detect(pixels, key=key, effort=effort, fps=fps, alpha=alpha, ledger=ledger)


_BUILT_IN: dict[str, Callable[[], Watermarker]] = {
    "ssw": Ssw,
    "videoseal": learned.videoseal,
    "trustmark": learned.trustmark,
}


def backend(name: str = "ssw") -> Watermarker:
    """Return the watermark of a name.

    >>> backend().name
    'ssw'

    Raises:
      UnknownName: No installed package offers it.
      MissingExtra: The package that offers it cannot be loaded, or its weights are not there.
    """
    if name in _BUILT_IN:
        return _BUILT_IN[name]()
    offered = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in offered:
        known = [*_BUILT_IN, *sorted(offered)]
        close = nearest(name, known)
        raise UnknownName(
            f"no watermark is called {name!r}; on this machine there are {', '.join(known)}",
            where="Marking(watermark=...)",
            hint=f"did you mean {close!r}?" if close else f"install a package that offers it under {GROUP!r}",
        )
    try:
        made = offered[name].load()()
    except ImportError as problem:
        raise MissingExtra(
            f"the watermark {name!r} cannot be loaded: {problem}",
            where=offered[name].value,
            hint="install what it needs, with your own copy of its weights, or use 'ssw'",
        ) from problem
    return made
