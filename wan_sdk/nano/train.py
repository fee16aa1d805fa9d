"""`python -m wan_sdk.nano.train STAGE --minutes M --out FOLDER`: train nano, a stage at a time.

    text          the text encoder, from captions alone
    vae           clips to latents and back
    transformer   noise to latents; needs text and vae
    four_step     the same in four steps; needs transformer
    upscaler      frames twice as large; needs vae, and one process is enough
    judge         reads clips, to measure what was learned; needs nothing
    export        everything as one Diffusers folder
    all           the stages in this order, `--minutes` each

A stage goes on from its own last checkpoint if there is one. On several GPUs of one machine:

    torchrun --nproc-per-node 2 -m wan_sdk.nano.train vae --minutes 8 --out run

From an earlier nano instead of from noise, all learn on, and the stage `text` falls away:

    python -m wan_sdk.nano.train all --from wan_sdk/nano/weights --minutes 8 --out run

The tiny setting trains everything on a CPU in about a minute:

    python -m wan_sdk.nano.train all --tiny --minutes 0.1 --out /tmp/tiny

A smaller world is learned sooner, like one subject under one of two cameras:

    python -m wan_sdk.nano.train all --tiny --out /tmp/ball --fixed subject=ball camera=pan,zoom companion=none
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch

from wan_sdk.errors import UsageError
from wan_sdk.nano.training.export import export
from wan_sdk.nano.training.fixed import read_fixed
from wan_sdk.nano.training.four_step import train_four_step
from wan_sdk.nano.training.judge import train_judge
from wan_sdk.nano.training.networks import NANO, TINY
from wan_sdk.nano.training.run import STAGES, Run
from wan_sdk.nano.training.text import train_text
from wan_sdk.nano.training.transformer import train_transformer
from wan_sdk.nano.training.upscaler import train_upscaler
from wan_sdk.nano.training.vae import train_vae

_TRAIN = {
    "text": train_text,
    "vae": train_vae,
    "transformer": train_transformer,
    "four_step": train_four_step,
    "upscaler": train_upscaler,
    "judge": train_judge,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one stage, or all of them, as the command line says."""
    options = _parse(arguments)
    stages = STAGES if options.stage == "all" else (options.stage,)
    if options.start:
        stages = [stage for stage in stages if stage != "text"]
    for stage in stages:
        if stage in _TRAIN:
            _train(stage, options)
    if options.stage in ("all", "export"):
        export(options.out, options.folder or options.out / "nano")


def _train(stage: str, options: argparse.Namespace) -> None:
    if options.fresh:
        shutil.rmtree(options.out / stage, ignore_errors=True)
    run = Run(
        stage,
        options.out,
        options.minutes,
        deadline=options.deadline,
        schedule_minutes=options.schedule_minutes,
        start=options.start,
        fixed=options.fixed,
        keep_latents=options.keep_latents,
        scale=(TINY if options.tiny else NANO).only(options.shapes, options.batch_part),
        compiled=torch.cuda.is_available() and not options.eager,
    )
    _TRAIN[stage](run, **({} if options.seed is None else {"seed": options.seed}))
    run.close()


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m wan_sdk.nano.train", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("stage", choices=[*STAGES, "export", "all"])
    parser.add_argument("--out", type=Path, required=True, help="folder of the whole training")
    parser.add_argument("--minutes", type=float, default=10.0, help="of steps, compiling not counted (default 10)")
    parser.add_argument("--deadline", type=float, help="second since 1970 at which to stop at the latest")
    parser.add_argument("--schedule-minutes", type=float, help="length of the learning rate's schedule over all runs")
    parser.add_argument("--from", dest="start", type=Path, help="a finished nano to start from instead of from noise")
    parser.add_argument("--seed", type=int, help="draws other clips than the stage's own seed, to learn on from --from")
    parser.add_argument("--tiny", action="store_true", help="a model for tests, trained on a CPU in seconds")
    parser.add_argument("--eager", action="store_true", help="compile nothing")
    parser.add_argument("--shapes", nargs="+", default=[], metavar="FxHxW", help="train the transformer at these alone")
    parser.add_argument(
        "--batch-part", type=int, default=1, help="make the transformer's batches so many times smaller"
    )
    parser.add_argument(
        "--fixed", nargs="+", default=[], metavar="NAME=VALUE",
        help="what is the same in every clip, e.g. subject=ball camera=pan,zoom companion=none",
    )  # fmt: skip
    parser.add_argument("--keep-latents", action="store_true", help="train the VAE's decoder alone; needs --from")
    parser.add_argument("--fresh", action="store_true", help="forget the stage's checkpoint")
    parser.add_argument("--folder", type=Path, help="where export writes (default: OUT/nano)")
    options = parser.parse_args(arguments)
    if options.keep_latents and not options.start:
        parser.error("--keep-latents keeps those of an earlier nano\n  -> add --from FOLDER")
    try:
        options.fixed = read_fixed(options.fixed)
    except UsageError as problem:
        parser.error(f"{problem}\n  -> {problem.hint}")
    return options


if __name__ == "__main__":
    main()
