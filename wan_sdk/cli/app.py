"""The commands by name; each group has a file of its own."""

from __future__ import annotations

from typing import Annotated

import typer

from wan_sdk._version import __version__
from wan_sdk.cli import bench, doctor, lab, models, render, verify

app = typer.Typer(
    name="wan-sdk",
    help="Make, teach and mark video with the open Wan models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"wan-sdk {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Make, teach and mark video with the open Wan models."""


app.command("demo")(render.demo)
app.command("render")(render.render)
app.command("plan")(render.plan)
app.command("verify")(verify.verify)
app.add_typer(models.app, name="models")
app.add_typer(bench.app, name="bench")
app.command("lab")(lab.lab)
app.command("doctor")(doctor.doctor)
