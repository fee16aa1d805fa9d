"""``wan-sdk bench``: what users can measure on their own machine and clips."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from wan_sdk.cli.output import print_json
from wan_sdk.errors import UsageError

app = typer.Typer(help="Measure on your own machine and clips.", no_args_is_help=True)
SUITES = ("quick", "full")


@app.command("marks")
def marks(
    clips: Annotated[
        list[Path] | None, typer.Argument(help="Clips to mark and treat; drawn ones when none is given.")
    ] = None,
    suite: Annotated[str, typer.Option(help="quick or full.")] = "quick",
    results: Annotated[Path | None, typer.Option(help="File of outcomes; a stopped run goes on from it.")] = None,
    processes: Annotated[int, typer.Option(min=1, help="Trials to work on at once.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
) -> None:
    """Say what the watermark survives: every treatment of the table, with real codecs."""
    from wan_sdk.bench import marks as bench

    if suite not in SUITES:
        raise UsageError(f"--suite {suite!r} is not one of {', '.join(SUITES)}", where="wan-sdk bench marks")
    for clip in clips or ():
        if not clip.is_file():
            raise UsageError("there is no such clip", where=str(clip), hint="name video files, or none for drawn clips")
    report = bench.run(
        [str(clip) for clip in clips or ()],
        suite,
        results=results,
        processes=processes,
        progress=_on_terminal if sys.stderr.isatty() else None,
    )
    if json:
        print_json(report)
    else:
        print(bench.table(report))


def _on_terminal(done: int, total: int, what: str) -> None:
    print(f"\r{done} of {total}  {what:<60.60}", end="\n" if done == total else "", file=sys.stderr, flush=True)
