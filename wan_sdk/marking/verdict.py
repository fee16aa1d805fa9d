"""What the marks of a file prove, in one object that people and programs can read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from wan_sdk import _doors
from wan_sdk.errors import NotMarked

State = Literal["TRUSTED", "RECOVERED", "SIGNED_UNKNOWN", "MARK_ONLY", "TAMPERED", "NONE", "UNREADABLE"]

EXIT_CODES: dict[State, int] = {
    "TRUSTED": 0,
    "RECOVERED": 0,
    "SIGNED_UNKNOWN": 2,
    "MARK_ONLY": 2,
    "TAMPERED": 3,
    "NONE": 4,
    "UNREADABLE": 5,
}

MEANINGS: dict[State, str] = {
    "TRUSTED": "signed by an authority that this machine trusts, and nothing was changed since",
    "RECOVERED": "the file carries no credentials, but its content leads to our signed record",
    "SIGNED_UNKNOWN": "signed and unchanged, by somebody whom this machine does not know",
    "MARK_ONLY": "our watermark is in the pixels, but no record confirms that it belongs there",
    "TAMPERED": "the file carries credentials that do not fit it",
    "NONE": "no mark was found, which does not mean that no AI was used",
    "UNREADABLE": "the file could not be read",
}


@dataclass(frozen=True)
class Verdict:
    """Say what a file's marks prove.

    >>> verdict = verify("harbour.mp4")          # doctest: +SKIP
    >>> verdict.state                            # doctest: +SKIP
    'TRUSTED'

    Args:
      state: TRUSTED, RECOVERED, SIGNED_UNKNOWN, MARK_ONLY, TAMPERED, NONE or UNREADABLE.
      file: The file that was looked at.
      reasons: Why, in words, the weightiest first.
      layers: What each technique found: c2pa, watermark, ledger, fingerprint, label, tags.
      ingredients: What it was made from, as its credentials say, and whether those hold.
      signer: Common name in the certificate that signed.
      signed_at: When it was signed (UTC).
    """

    state: State
    file: str = ""
    reasons: tuple[str, ...] = ()
    layers: Mapping[str, Any] = field(default_factory=dict)
    ingredients: tuple[Mapping[str, Any], ...] = ()
    signer: str | None = None
    signed_at: dt.datetime | None = None

    @property
    def exit_code(self) -> int:
        """The exit code of ``wan-sdk verify``."""
        return EXIT_CODES[self.state]

    def raise_if_unmarked(self) -> None:
        """Raise NotMarked unless the file is TRUSTED or RECOVERED."""
        if self.exit_code:
            raise NotMarked(
                f"{self.state}: {MEANINGS[self.state]}",
                where=self.file or None,
                hint="; ".join(self.reasons) or None,
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as ``wan-sdk verify --json`` prints it."""
        return {
            "schema": "wan_sdk.Verdict/1",
            "file": self.file,
            "state": self.state,
            "reasons": list(self.reasons),
            "signer": self.signer,
            "signed_at": self.signed_at.isoformat().replace("+00:00", "Z") if self.signed_at else None,
            "layers": {name: dict(layer) for name, layer in self.layers.items()},
            "ingredients": [dict(item) for item in self.ingredients],
        }

    def __str__(self) -> str:
        lines = [f"{self.state}: {MEANINGS[self.state]}"]
        lines += [f"  - {reason}" for reason in self.reasons]
        if self.signer:
            moment = f" at {self.signed_at:%Y-%m-%d %H:%M} UTC" if self.signed_at else ""
            lines.append(f"  signed by {self.signer}{moment}")
        lines += [
            f"  made from {item.get('title') or 'something unnamed'} ({item.get('relation')}): {item.get('state')}"
            for item in self.ingredients
        ]
        return "\n".join(lines)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        return _doors.mimebundle(self)
