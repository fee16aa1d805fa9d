"""What the commands print: people read tables, programs read JSON on standard output."""

from __future__ import annotations

import json
import sys
from typing import Any

from wan_sdk.errors import WanError


def print_json(data: Any) -> None:
    """Print one JSON document on standard output."""
    print(json.dumps(data, ensure_ascii=False, indent=2))


def print_error(problem: WanError, as_json: bool, details: str = "") -> None:
    """Print an error: in words on standard error, and with ``--json`` as JSON on standard output."""
    if details:
        print(details, end="", file=sys.stderr)
    if as_json:
        print_json({"error": problem.to_dict()})
        return
    print(f"{type(problem).__name__}: {problem}", file=sys.stderr)
    if problem.hint:
        print(f"  -> {problem.hint}", file=sys.stderr)
