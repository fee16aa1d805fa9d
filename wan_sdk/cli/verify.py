"""``wan-sdk verify``: what a file's marks say, and what they prove."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wan_sdk.cli.output import print_json
from wan_sdk.errors import UsageError

EFFORTS = ("auto", "fast", "normal", "deep")


def verify(
    file: Annotated[Path, typer.Argument(help="A clip or picture, yours or anyone's.")],
    effort: Annotated[
        str, typer.Option(help="auto, fast, normal or deep: how hard to look for the watermark.")
    ] = "auto",
    json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
) -> None:
    """Say whether a file is signed, watermarked and by whom.

    Exit codes: 0 trusted or recovered, 2 signer unknown or mark only, 3 tampered, 4 no mark found, 5 unreadable.
    """
    from wan_sdk.marking.verdict import EXIT_CODES
    from wan_sdk.marking.verify import verify as read_marks

    if effort not in EFFORTS:
        raise UsageError(f"--effort {effort!r} is not one of {', '.join(EFFORTS)}", where="wan-sdk verify")
    verdict = read_marks(file, effort=effort)
    if json:
        print_json(verdict.to_dict())
    else:
        print(verdict)
    raise typer.Exit(EXIT_CODES[verdict.state])
