"""A picture that explains something, with its words and, where it shows generated frames, its signature."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np

from wan_sdk.notebook import html

SHOWN_WIDTH = 860


@dataclass(frozen=True)
class Picture:
    """Show a drawing in a notebook and say in words what is on it.

    Args:
      title: What it is.
      words: What can be seen, for those who cannot see it.
      png: The picture file.
      table: Heads, then rows: the numbers behind the drawing; empty when there are none.
    """

    title: str
    words: str
    png: bytes
    table: tuple[tuple[str, ...], ...] = ()

    def save(self, path: str | Path) -> Path:
        """Write the picture as PNG: whole or not at all."""
        from wan_sdk.media.encode import write_bytes

        target = Path(path).expanduser()
        write_bytes(self.png, target)
        return target

    def __repr__(self) -> str:
        lines = ["  ".join(row) for row in self.table]
        return "\n".join([f"{self.title}: {self.words}", *lines])

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:  # noqa: ARG002
        from PIL import Image

        width = min(SHOWN_WIDTH, Image.open(BytesIO(self.png)).width)
        shown = html.picture(self.png, alt=self.words, kind="image/png")
        numbers: object = ""
        if self.table:
            heads, *rows = self.table
            numbers = html.details("The numbers", html.table(self.title, heads, rows))
        markup = html.joined(
            [html.figure(shown, html.tag("strong", self.title), html.readable(self.words), width=width), numbers]
        )
        return {
            "text/plain": repr(self),
            "text/html": str(markup),
            "image/png": base64.b64encode(self.png).decode("ascii"),
        }


def signed_png(pixels: np.ndarray, model: str) -> bytes:
    """Return a picture of generated frames as PNG with credentials that say so.

    Args:
      pixels: uint8 [height, width, 3].
      model: What generated what is on it.
    """
    import datetime as dt
    import tempfile

    from wan_sdk.marking.manifest import Claims, build_manifest, new_content_id
    from wan_sdk.marking.signer import local_signatory
    from wan_sdk.marking.signing import sign_file
    from wan_sdk.media.encode import write_png

    now = dt.datetime.now(dt.UTC)
    height, width = pixels.shape[:2]
    claims = Claims("derived", content_id=new_content_id(now), created=now, model=model, width=width, height=height,
                    frames=1)  # fmt: skip
    manifest = {**build_manifest(claims), "format": "image/png"}
    with tempfile.TemporaryDirectory() as bench:
        plain, signed = Path(bench) / "plain.png", Path(bench) / "signed.png"
        write_png(pixels, plain)
        sign_file(plain, signed, manifest, signatory=local_signatory())
        return signed.read_bytes()
