"""A verdict in a notebook: what is proved, by what, and what is missing, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wan_sdk.marking.verdict import MEANINGS
from wan_sdk.notebook import html

# A sign beside the word, so that nothing hangs on colour.
SIGNS = {
    "TRUSTED": "✔",
    "RECOVERED": "✔",
    "SIGNED_UNKNOWN": "?",
    "MARK_ONLY": "?",
    "TAMPERED": "✘",
    "NONE": "–",
    "UNREADABLE": "✘",
}


def verdict_bundle(verdict: Any) -> dict[str, str]:
    """Return what a notebook shows for a Verdict."""
    return {"text/plain": str(verdict), "text/html": str(verdict_html(verdict))}


def verdict_html(verdict: Any) -> html.Html:
    """Return a verdict as a card: the answer, the reasons, each layer, and what the clip was made from."""
    parts: list[object] = [
        html.tag(
            "p",
            html.tag("strong", f"{SIGNS[verdict.state]} {verdict.state}"),
            f": {MEANINGS[verdict.state]}.",
        )
    ]
    if verdict.signer:
        moment = f" on {verdict.signed_at:%Y-%m-%d at %H:%M} UTC" if verdict.signed_at else ""
        parts.append(html.tag("p", f"Signed by {html.readable(verdict.signer, 120)}{moment}."))
    if verdict.reasons:
        parts.append(html.items(html.readable(reason) for reason in verdict.reasons))
    rows = [[name, *said] for name, layer in verdict.layers.items() if (said := _layer(name, layer))]
    if rows:
        parts.append(html.table("What each technique found", ("where", "found", "detail"), rows))
    if verdict.ingredients:
        parts.append(
            html.table(
                "What it was made from, as its credentials say",
                ("title", "relation", "state"),
                (
                    [
                        html.readable(item.get("title") or "unnamed", 80),
                        html.readable(item.get("relation", ""), 40),
                        html.readable(item.get("state", ""), 80),
                    ]
                    for item in verdict.ingredients
                ),
            )
        )
    return html.tag("div", *parts)


def _layer(name: str, layer: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return "yes" or "no" and the detail of one layer; None for a layer that was not looked at."""
    match name:
        case "c2pa":
            if not layer.get("found"):
                return "no", "no C2PA credentials in the file"
            holds = "they hold" if layer.get("valid") else "they do not fit the file"
            trusted = "signer trusted here" if layer.get("trusted") else "signer not known here"
            return "yes", f"C2PA credentials; {holds}; {trusted}"
        case "watermark":
            if layer.get("present") is None:
                return None
            payload = layer.get("payload")
            chance = layer.get("log10_p")
            proof = f"; by chance once in 10^{-float(chance):.0f}" if chance is not None and float(chance) < -1 else ""
            identity = f"id {html.readable(payload, 24)}" if payload else "no readable id"
            return ("yes", f"{identity} in the pixels{proof}") if layer["present"] else ("no", "no mark in the pixels")
        case "ledger":
            if not layer.get("found"):
                return "no", "no record on this machine"
            return "yes", f"our record, found by {html.readable(layer.get('route') or 'its id', 40)}"
        case _:
            if not layer:
                return None
            return "yes", html.readable(", ".join(f"{key} {value}" for key, value in layer.items()), 160)
