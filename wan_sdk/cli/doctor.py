"""``wan-sdk doctor``: what this machine can run, and what is missing."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
from dataclasses import asdict, dataclass
from typing import Annotated, Literal

import typer

from wan_sdk import models, settings
from wan_sdk.cli.output import print_json
from wan_sdk.errors import WanError

State = Literal["ok", "note", "missing"]
NEEDED_FREE_GB = 1.0


@dataclass(frozen=True)
class Finding:
    """One line of the examination."""

    what: str
    state: State
    words: str


def doctor(json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False) -> None:
    """Say what this machine can run and what is missing; exit code 1 when rendering cannot work."""
    findings = [*_software(), *_machine(), *_models(), *_places(), *_marks()]
    if json:
        print_json({"schema": "wan_sdk.Doctor/1", "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            print(f"{finding.state:>7}  {finding.what:<12} {finding.words}")
    raise typer.Exit(1 if any(finding.state == "missing" for finding in findings) else 0)


def _software() -> list[Finding]:
    from wan_sdk.recipe import library_versions

    versions = ", ".join(f"{name} {version}" for name, version in library_versions().items())
    findings = [Finding("software", "ok", versions)]
    for package, feature in (("peft", "LoRA files: pip install 'wan-sdk[lora]'"),):
        if importlib.util.find_spec(package) is None:
            findings.append(Finding(package, "note", f"not installed; needed for {feature}"))
    if shutil.which("ffmpeg") is None:
        findings.append(Finding("ffmpeg", "note", "no such program; mediapy.show_video needs it, nothing else does"))
    return findings


def _machine() -> list[Finding]:
    from wan_sdk.engine.machine import measure_machine

    machine = measure_machine()
    words = f"{machine.name}, {machine.memory_gb:.0f} GB, runs models in {machine.dtype}"
    findings = [Finding("machine", "ok", f"{words}; {platform.platform()}, {os.cpu_count()} processors")]
    if machine.device == "cpu":
        findings.append(Finding("gpu", "note", "none found: nano renders in seconds, the large models need one"))
    return findings


def _models() -> list[Finding]:
    """Say which models are here, and which would fit into this machine's memory."""
    from wan_sdk.engine import checkpoint
    from wan_sdk.spec import Shot
    from wan_sdk.studio import Studio

    runnable = [model for model in models.catalogue() if model.runnable]
    here = [model.key for model in runnable if checkpoint.is_here(model)]
    fitting = []
    for model in runnable:
        studio = Studio(model.key)
        if "t2v" in model.tasks and studio.plan(Shot("a boat on the sea")).memory_gb <= studio.machine.memory_gb:
            fitting.append(model.key)
    state: State = "ok" if "nano" in here else "missing"
    return [
        Finding("models here", state, ", ".join(here) or "none; install wan-sdk again"),
        Finding("models fit", "ok", f"by the estimate, text to video with {', '.join(fitting) or 'none'}"),
    ]


def _places() -> list[Finding]:
    from wan_sdk.gallery import Gallery

    findings = []
    gallery = Gallery()
    try:
        existing = next(
            folder for folder in (gallery.folder.absolute(), *gallery.folder.absolute().parents) if folder.exists()
        )
        free_gb = shutil.disk_usage(existing).free / 1e9
        writable = os.access(existing, os.W_OK)
        state: State = "ok" if writable and free_gb > NEEDED_FREE_GB else "missing"
        words = f"{gallery.folder}: {free_gb:.0f} GB free" + ("" if writable else ", cannot be written")
        findings.append(Finding("gallery", state, words))
    except OSError as problem:
        findings.append(Finding("gallery", "missing", f"{gallery.folder}: {problem.strerror}"))
    findings.append(Finding("home", "ok", str(settings.home())))
    return findings


def _marks() -> list[Finding]:
    from wan_sdk.marking.signer import local_signatory

    try:
        signer = local_signatory()
    except WanError as problem:
        return [Finding("signer", "missing", f"{problem} -> {problem.hint}")]
    return [Finding("signer", "ok", f"{signer.name}, valid until {signer.expires:%Y-%m-%d}")]
