"""What every stage of the training shares: its GPUs, its clock, its gradient step, its checkpoints and its journal.

A stage is a loop of a few lines; this room lets those lines say only what is learned. One process works on one GPU.
Several processes (started by `torchrun`) draw different clips and share their gradients, so that all hold the same
weights at every step: plain data parallelism.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import math
import os
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import torch
import torch.distributed as distributed
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor

from wan_sdk.nano.training.muon import MovingAverage, Muon
from wan_sdk.nano.training.networks import NANO, Scale

STAGES = ("text", "vae", "transformer", "four_step", "upscaler", "judge")
_CHECKPOINT_SECONDS = 120.0
_LINE_SECONDS = 15.0

Item = TypeVar("Item")


@dataclass
class Run:
    """One run of one stage.

    Args:
      stage: One of `STAGES`.
      folder: The folder of the whole training; the stage writes into `folder / stage`.
      minutes: How long to train, steps alone: compiling and the first clips do not count.
      deadline: Moment (seconds since 1970) at which to stop at the latest; the learning rate's schedule ends there too.
      schedule_minutes: Length of the learning rate's schedule over all runs of the stage; what is done plus `minutes`
        if not given.
      start: A Diffusers folder of an earlier nano to start from, instead of from noise.
      fixed: Attributes of the world that are the same in every clip: a smaller world is learned sooner.
      keep_latents: Whether the VAE's decoder alone learns on, so that a transformer of the same latents stays good.
      scale: `NANO` or `TINY`.
      compiled: Whether to compile what is slow without: on a GPU only.
    """

    stage: str
    folder: Path
    minutes: float
    deadline: float | None = None
    schedule_minutes: float | None = None
    start: Path | None = None
    fixed: Mapping[str, object] = field(default_factory=dict)
    keep_latents: bool = False
    scale: Scale = NANO
    compiled: bool = False
    device: torch.device = field(init=False)
    rank: int = field(init=False)
    ranks: int = field(init=False)

    def __post_init__(self) -> None:
        self.rank = int(os.environ.get("RANK", "0"))
        self.ranks = int(os.environ.get("WORLD_SIZE", "1"))
        on_gpu = torch.cuda.is_available()
        self.device = torch.device("cpu")
        if on_gpu:  # a process that was shown one GPU alone knows it as the first
            alone = torch.cuda.device_count() == 1
            self.device = torch.device("cuda", 0 if alone else int(os.environ.get("LOCAL_RANK", "0")))
            torch.cuda.set_device(self.device)
            torch.set_float32_matmul_precision("high")
            torch.backends.cudnn.benchmark = True
            torch.backends.cuda.enable_cudnn_sdp(False)  # gave NaN with 420 tokens of 48 channels in bf16
        if self.ranks > 1:
            distributed.init_process_group("cpu:gloo,cuda:nccl" if on_gpu else "gloo")
        self.out.mkdir(parents=True, exist_ok=True)
        self.clock = Clock(self)
        self.journal = Journal(self)

    @property
    def out(self) -> Path:
        """The stage's own folder."""
        return self.folder / self.stage

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes and speaks."""
        return self.rank == 0

    def share(self, batch: int) -> int:
        """Return this process's part of a batch."""
        return max(1, batch // self.ranks)

    def from_elsewhere(self, items: Sequence[Item]) -> list[Item]:
        """Return the items in turn, beginning at another one in each process.

        What is to be compiled for many shapes then takes a part of the time: each process finds in the compiler's cache
        what the others began with.
        """
        first = self.rank * len(items) // self.ranks
        return [*items[first:], *items[:first]]

    def autocast(self) -> torch.autocast:
        """Compute in bf16 on a GPU, in fp32 on a CPU."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda")

    def agree(self, value: float) -> float:
        """Return the first process's value in every process."""
        if self.ranks == 1:
            return value
        shared = torch.tensor([value], dtype=torch.float64)
        distributed.broadcast(shared, 0)
        return float(shared)

    def wait_for(self, stage: str, patience_minutes: float = 60) -> Path:
        """Wait until another stage has finished and return its folder.

        A stage may be started while the one before it still runs: it imports and compiles meanwhile.
        """
        journal, give_up = self.folder / stage / "log.json", time.time() + 60 * patience_minutes
        while not (journal.exists() and json.loads(journal.read_text())["finished"]):
            if time.time() > give_up:
                raise TimeoutError(f"the stage {stage!r} has not finished: {journal} does not say so")
            time.sleep(0.5)
        return self.folder / stage

    def close(self) -> None:
        """Leave the group of processes."""
        if self.ranks > 1:
            distributed.barrier()
            distributed.destroy_process_group()


class Clock:
    """Counts a stage's seconds of training from its first step, over all its runs.

    The processes stop together because they all read the first one's clock, every few steps.
    """

    def __init__(self, run: Run) -> None:
        self._run, self._began, self._elapsed, self._beats = run, 0.0, 0.0, 0
        self.done = 0.0  # seconds of earlier runs
        self.budget = 60 * run.minutes

    def begin(self) -> None:
        """Start counting; call it after the first step, when everything is compiled."""
        if self._run.device.type == "cuda":
            torch.cuda.synchronize()
        if self._run.deadline is not None:
            self.budget = self._run.agree(max(1.0, min(self.budget, self._run.deadline - time.time())))
        self._began = time.time()

    @property
    def begun(self) -> bool:
        """Whether the first step is done."""
        return self._began > 0

    @property
    def seconds(self) -> float:
        """Seconds of training so far, earlier runs included."""
        return self.done + self._elapsed

    @property
    def since(self) -> float:
        """Seconds of training in this run."""
        return self._elapsed

    @property
    def total(self) -> float:
        """Seconds that the learning rate's schedule spans."""
        return max(60 * (self._run.schedule_minutes or 0), self.done + self.budget)

    def tick(self, every: int = 4) -> bool:
        """Read the clock, now and then; return whether there is time for another step."""
        if self._beats % every == 0:
            self._elapsed = self._run.agree(time.time() - self._began)
        self._beats += 1
        return self._elapsed < self.budget

    def learning_rate(self, peak: float, step: int, *, warm_up: int, flat: float = 0.25, last: float = 0.02) -> float:
        """Return the rate at this moment: a linear warm-up, flat for a quarter, then half a cosine down to `last`."""
        through = min(1.0, self.seconds / self.total)
        shape = 1.0 if through < flat else max(last, 0.5 * (1 + math.cos(math.pi * (through - flat) / (1 - flat))))
        return peak * min(1.0, (step + 1) / warm_up) * shape


def share_gradients(parameters: list[torch.nn.Parameter], run: Run, limit: float = 1.0) -> tuple[Tensor, Tensor]:
    """Average the gradients over the processes and clip them to a norm, all as one long vector.

    A gradient that is not finite becomes zero, so that one bad batch never gets into the weights.

    Returns:
      The norm before clipping, and whether it was finite; both stay on the GPU, so nothing waits for them.
    """
    flat = torch.cat([parameter.grad.flatten() for parameter in parameters])
    if run.ranks > 1:
        distributed.all_reduce(flat)
        flat /= run.ranks
    norm = flat.norm()
    good = norm.isfinite()
    scale = torch.where(good, (limit / (norm + 1e-6)).clamp(max=1.0), torch.zeros_like(norm))
    flat = flat.nan_to_num_(0.0, 0.0, 0.0).mul_(scale)
    for parameter, gradient in zip(
        parameters, flat.split([parameter.numel() for parameter in parameters]), strict=True
    ):
        parameter.grad = gradient.view_as(parameter)
    return norm, good


class Checkpoint:
    """A stage's full state on disk, so that it goes on where it stopped.

    Args:
      run: Whose stage.
      module: What is trained.
      optimizer: Its optimizer.
      average: The running mean of its weights.
    """

    def __init__(self, run: Run, module: torch.nn.Module, optimizer: Muon, average: MovingAverage) -> None:
        self._run, self._module, self._optimizer, self.average = run, module, optimizer, average
        self._path = run.out / "state.pt"
        self._saved = time.time()

    def resume(self) -> int:
        """Load the state if there is one; return how many steps were done."""
        if not self._path.exists():
            return 0
        state = torch.load(self._path, map_location=self._run.device, weights_only=True)
        self._module.load_state_dict(state["weights"])
        self._optimizer.load_state_dict(state["optimizer"])
        self.average.load_state_dict(state["average"])
        self._run.clock.done = state["seconds"]
        self._run.journal.runs, self._run.journal.rows = json.loads(state["journal"])
        return state["step"]

    def save(self, step: int, *, now: bool = False) -> None:
        """Write the state, every two minutes or `now`; whole or not at all."""
        if not self._run.first or not (now or time.time() - self._saved > _CHECKPOINT_SECONDS):
            return
        journal = self._run.journal
        state = {
            "weights": self._module.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "average": self.average.state_dict(),
            "seconds": self._run.clock.seconds,
            "journal": json.dumps([[*journal.runs, journal.this_run()], journal.rows]),
            "step": step,
        }
        unfinished = self._path.with_suffix(".part")
        try:
            torch.save(state, unfinished)
            unfinished.replace(self._path)
        finally:
            unfinished.unlink(missing_ok=True)
        self._saved = time.time()


class Journal:
    """The stage's log: what was run, on what, the losses on the way, and hashes of what came out.

    It is shown as a progress bar on a terminal, and as a line now and then elsewhere.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._started = time.time()
        if run.first:
            (run.out / "log.json").unlink(missing_ok=True)  # whoever waits for this stage waits for this run
        self.runs: list[dict[str, object]] = []  # earlier runs of the stage
        self.rows: list[dict[str, object]] = []
        self.facts: dict[str, object] = {}
        self._console = Console(quiet=not run.first, soft_wrap=True, highlight=False)
        self._progress = Progress(
            TextColumn(run.stage), BarColumn(), TextColumn("{task.fields[said]}"), TimeRemainingColumn(),
            console=self._console, disable=not (run.first and self._console.is_terminal),
        )  # fmt: skip
        self._bar = self._progress.add_task(run.stage, total=1.0, said="")
        self._progress.start()
        self._spoke = 0.0

    def say(self, text: str) -> None:
        """Print a line with the seconds since the start."""
        self._console.print(f"{self._run.stage} {time.time() - self._started:6.1f} s  {text}")

    def note(self, **facts: object) -> None:
        """Keep facts for the log and say them."""
        self.facts |= facts
        self.say(", ".join(f"{name} {value}" for name, value in facts.items()))

    def row(self, **values: float) -> None:
        """Keep one row of the course of the training and show it."""
        row = {name: round(value, 5) if isinstance(value, float) else value for name, value in values.items()}
        self.rows.append(row)
        said = " ".join(f"{name} {value}" for name, value in row.items())
        through = min(1.0, self._run.clock.seconds / self._run.clock.total)
        self._progress.update(self._bar, completed=through, said=said)
        if not self._console.is_terminal and time.time() - self._spoke > _LINE_SECONDS:
            self._spoke = time.time()
            self.say(said)

    def this_run(self) -> dict[str, object]:
        """Return what was started, on what, with which code."""
        return {
            "command": " ".join(["python -m wan_sdk.nano.train", *sys.argv[1:]]),
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._started)),
            "seconds": round(time.time() - self._started, 1),
            "fixed": {name: str(value) for name, value in self._run.fixed.items()},
            "machine": _machine(self._run),
            "versions": _versions(),
            "source_sha256": _source_hash(),
        }

    def finish(self) -> None:
        """Write `log.json`; the hashes are of every file of the stage but its state."""
        self._progress.stop()
        if not self._run.first:
            return
        clock = self._run.clock
        log = {
            "stage": self._run.stage,
            "finished": True,
            "seconds_of_training": round(clock.seconds, 1),
            **self.facts,
            "runs": [*self.runs, self.this_run()],
            "rows": self.rows,
            "sha256": {
                path.relative_to(self._run.out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
                for path in sorted(self._run.out.rglob("*"))
                if path.is_file() and path.suffix in (".safetensors", ".json") and path.name != "log.json"
            },
        }
        unfinished = self._run.out / "log.part"
        unfinished.write_text(json.dumps(log, indent=1) + "\n", encoding="utf-8")
        unfinished.replace(self._run.out / "log.json")
        self.say(f"done: {clock.seconds:.0f} s of training")


def _machine(run: Run) -> str:
    if run.device.type == "cuda":
        return f"{run.ranks} x {torch.cuda.get_device_name(run.device)}"
    return f"{run.ranks} x {platform.machine()} CPU, {torch.get_num_threads()} threads"


def _versions() -> dict[str, str]:
    packages = ("torch", "diffusers", "transformers", "numpy")
    return {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in packages}


def _source_hash() -> str:
    """Hash the code of this folder, which is what made the weights."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
