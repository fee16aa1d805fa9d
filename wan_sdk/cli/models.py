"""``wan-sdk models``: what there is, what is on this machine, and how to get the rest."""

from __future__ import annotations

from typing import Annotated

import typer

from wan_sdk import models as catalogue
from wan_sdk.cli.output import print_json

app = typer.Typer(help="List the models of the catalogue and fetch their weights.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


@app.command("list")
def list_models(json: Json = False) -> None:
    """List every checkpoint of the catalogue and whether it is on this machine."""
    from wan_sdk.engine import checkpoint

    rows = [
        {
            "name": model.key, "title": model.title, "tasks": list(model.tasks), "runs": model.runnable,
            "here": checkpoint.is_here(model), "sizes": [f"{w}x{h}" for w, h in model.sizes], "fps": model.fps,
            "download_gb": model.download_gb, "licence": model.licence,
        }
        for model in catalogue.catalogue()
    ]  # fmt: skip
    if json:
        print_json({"schema": "wan_sdk.Models/1", "models": rows})
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("name", "does", "first size", "download", "licence", "here", box=None, pad_edge=False)
    for row in rows:
        status = "yes" if row["here"] else ("no" if row["runs"] else "not run by this version")
        table.add_row(
            row["name"], " ".join(row["tasks"]), row["sizes"][0], f"{row['download_gb']:g} GB", row["licence"], status
        )
    Console().print(table)


@app.command("fetch")
def fetch(
    name: Annotated[str, typer.Argument(help="Name in the catalogue, e.g. wan2.2-ti2v-5b.")], json: Json = False
) -> None:
    """Download the weights of a model into the Hugging Face cache."""
    from wan_sdk.engine import checkpoint

    model = catalogue.get(name)
    folder = checkpoint.fetch(model).folder
    if json:
        print_json({"schema": "wan_sdk.Fetched/1", "name": model.key, "folder": str(folder)})
    else:
        print(folder)
