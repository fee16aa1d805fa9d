"""``wan-sdk demo``, ``render`` and ``plan``: from a scene to a signed clip."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from wan_sdk.cli.output import print_json
from wan_sdk.cli.progress import StageClock, terminal_progress
from wan_sdk.errors import SpecError
from wan_sdk.spec import Camera, Scene

Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Out = Annotated[Path, typer.Option(help="Folder for a copy of the signed files.")]
ModelName = Annotated[str | None, typer.Option("--model", help="Model to render with, whatever the scene says.")]
Tier = Annotated[str, typer.Option(help="exact, fast or draft.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Render again even what the gallery holds.")]
GalleryFolder = Annotated[Path | None, typer.Option("--gallery", help="Where takes are kept.")]
Maker = Annotated[str | None, typer.Option(help="The name that stands in the manifest.")]
SceneFile = Annotated[Path, typer.Argument(help="A scene file, YAML or JSON.")]


def demo_scene() -> Scene:
    """Return the scene of the demo: two shots, two camera moves, one look."""
    return (
        Scene("Harbour", look="watercolour", seed=7)
        .shot("a boat on the sea at dawn", seconds=2, camera=Camera.zoom(1.3))
        .shot("a yellow bird above the sea", seconds=2, camera=Camera.tilt(-15))
    )


def demo(
    out: Out = Path("demo"),
    gallery: GalleryFolder = None,
    maker: Maker = None,
    fresh: Fresh = False,
    json: Json = False,
) -> None:
    """Render a scene of two shots on the small model that ships inside; no download, no GPU."""
    _render(demo_scene(), "nano", out, gallery, "exact", maker, fresh, json)


def render(
    scene: SceneFile,
    out: Out = Path(),
    model: ModelName = None,
    gallery: GalleryFolder = None,
    tier: Tier = "exact",
    maker: Maker = None,
    fresh: Fresh = False,
    json: Json = False,
) -> None:
    """Render a scene file to a marked and signed clip."""
    _render(load_scene(scene), model, out, gallery, tier, maker, fresh, json)


def plan(scene: SceneFile, model: ModelName = None, tier: Tier = "exact", json: Json = False) -> None:
    """Show every model call that a scene needs, without running any."""
    from wan_sdk.studio import Studio

    planned = Studio(model, tier=tier).plan(load_scene(scene))
    if json:
        print_json(planned.to_dict())
    else:
        print(planned)


def load_scene(path: Path) -> Scene:
    """Read a scene file; references in it are looked for beside it."""
    if not path.is_file():
        raise SpecError(
            "there is no such scene file", where=str(path), hint="a scene file is YAML or JSON: see the docs"
        )
    return Scene.load(path)


def _render(
    scene: Scene,
    model: str | None,
    out: Path,
    gallery: Path | None,
    tier: str,
    maker: str | None,
    fresh: bool,
    json: bool,
) -> None:
    from wan_sdk.studio import Studio

    started = time.perf_counter()
    studio = Studio(model, gallery=gallery, tier=tier, maker=maker)
    clock = StageClock()
    with contextlib.nullcontext() if json else terminal_progress() as show:
        cut = studio.render(scene, out=out, fresh=fresh, listen=clock.listening(show))
    from wan_sdk.copies import cut_name

    file = out / f"{cut_name(scene)}.mp4"
    verdict = cut.verify()
    seconds = {**clock.seconds, "total": round(time.perf_counter() - started, 3)}
    if json:
        print_json(render_report(file, cut, verdict, seconds))
        return
    spent = ", ".join(f"{stage} {took:.1f} s" for stage, took in seconds.items())
    print(f"{file}\n{verdict.state}: {'; '.join(verdict.reasons)}\n{spent}")


def render_report(file: Path, cut: Any, verdict: Any, seconds: dict[str, float]) -> dict[str, Any]:
    """Return the JSON of a render (schema ``wan_sdk.Render/1``)."""
    return {
        "schema": "wan_sdk.Render/1",
        "file": str(file),
        "takes": [
            {
                "file": str(take.path),
                "shot": index,
                "seed": take.recipe.calls[0].seed,
                "model": take.recipe.calls[0].model,
                "reused": take.reused,
                "frames_sha256": take.recipe.frames_sha256,
            }
            for index, take in enumerate(cut.takes)
        ],
        "verdict": {**verdict.to_dict(), "file": str(file)},
        "seconds": seconds,
    }
