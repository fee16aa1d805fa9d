r"""`python -m wan_sdk.nano.evaluate`: what of a caption can be seen in the clip, counted by the judge.

    python -m wan_sdk.nano.evaluate --weights FOLDER --judge FOLDER --prompts 400 --i2v 32 --v2v 32 --own-words \
        --out table.json --sheet sheet.jpg

Specs are drawn with a seed that no training saw and said as the captions of the training say them. The stock pipelines
make the clips; the same specs are also rendered truly. The judge reads both: what it gets wrong on true renders is its
own error, so the two columns belong together.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from diffusers import WanPipeline
from rich.console import Console
from torch import Tensor

from wan_sdk.media.whole_file import write_whole
from wan_sdk.nano.evaluation.contact_sheet import contact_sheet
from wan_sdk.nano.evaluation.generate import (
    STUDENT,
    Sampling,
    as_numbers,
    copies,
    from_clips,
    from_pictures,
    from_text,
    load_pipeline,
)
from wan_sdk.nano.evaluation.judge import Judge, Reading, load_judge, read
from wan_sdk.nano.evaluation.own_words import own_words
from wan_sdk.nano.evaluation.ruled import camera_of_clip, drift_of_clip, in_processes, ruler_rows
from wan_sdk.nano.evaluation.score import (
    STILL_BELOW,
    Expected,
    Row,
    by_move,
    confusions,
    iou,
    markdown,
    rows_of,
    verdicts,
)
from wan_sdk.nano.evaluation.specs import SEED, Specs, change, draw_specs, psnr, render_specs, say, sharpness

_V2V_LEVEL = 0.8


def read_bytes(judge: Judge, clips: Tensor, batch: int = 32) -> list[Reading]:
    """Let a judge read uint8 clips."""
    device = next(judge.parameters()).device
    return [reading for part in clips.split(batch) for reading in read(judge, as_numbers(part, device))]


class Evaluation:
    """One evaluation: its parts add rows and facts to a table.

    Args:
      pipeline: What makes the clips.
      judge: What reads them.
      how: How clips are made.
      specs: What is asked for.
    """

    def __init__(self, pipeline: WanPipeline, judge: Judge, how: Sampling, specs: Specs) -> None:
        self.pipeline, self.judge, self.how, self.specs = pipeline, judge, how, specs
        self.device = next(judge.parameters()).device
        self.rows: list[Row] = []
        self.facts: dict[str, object] = {}
        self.seconds: dict[str, float] = {}
        self.truth, _ = render_specs(specs.attributes, how, self.device)
        self.truth_readings = read_bytes(judge, self.truth)
        self.clips = torch.empty(0)

    def from_text(self) -> None:
        """Make every prompt's clip and count what it shows."""
        specs = self.specs
        began = time.perf_counter()
        self.clips = from_text(self.pipeline, specs.prompts, self.how)
        self.seconds["a clip from text"] = (time.perf_counter() - began) / len(specs.prompts)
        readings = read_bytes(self.judge, self.clips)
        self.rows += rows_of(specs.wants, readings, self.truth_readings)
        both = {"true renders": self.truth_readings, "generated": readings}
        self.facts["by move"] = {name: by_move(specs.wants, each) for name, each in both.items()}
        self.facts["confusions"] = {name: confusions(specs.wants, each) for name, each in both.items()}
        self.rows.append(Row("sharpness", sharpness(self.truth), sharpness(self.clips), len(self.clips), ""))
        kept = float(psnr(copies(self.pipeline, self.truth), self.truth).mean())
        self.rows.append(Row("VAE, PSNR on held-out renders", None, kept, len(self.truth), "dB"))

    def from_pictures(self, count: int) -> None:
        """Make clips that begin on the first frame of a render."""
        specs, pictures = self.specs.pick(range(count)), self.truth[:count, :, 0]
        began = time.perf_counter()
        clips = from_pictures(self.pipeline, pictures, specs.prompts, self.how)
        self.seconds["a clip from a picture"] = (time.perf_counter() - began) / len(specs.prompts)
        alone = copies(self.pipeline, pictures[:, :, None])[:, :, 0]
        kept, made = (float(psnr(frames, pictures).mean()) for frames in (alone, clips[:, :, 0]))
        self.rows.append(Row("i2v: first frame, PSNR (beside it: the VAE alone)", kept, made, len(pictures), "dB"))
        self.rows += rows_of(
            specs.wants,
            read_bytes(self.judge, clips),
            self.truth_readings[:count],
            only=("camera, kind and way", "amount within 25 %", "subject", "colour", "motion", "motion, direction"),
            before="i2v: ",
        )

    def from_clips(self, count: int) -> None:
        """Make renders anew: half of them in another style, half with another colour of the subject."""
        alone = [i for i, want in enumerate(self.specs.wants) if want.companion is None][:count]
        changed, restyled = change(self.specs.pick(alone).attributes)
        new = say(changed, SEED + 1, full=True)
        true_clips, boxes = render_specs(changed, self.how, self.device)  # the boxes are those of the source
        clips = from_clips(self.pipeline, self.truth[alone], new.prompts, self.how, _V2V_LEVEL)
        made, true = read_bytes(self.judge, clips), read_bytes(self.judge, true_clips)
        for name, chosen in (("style", restyled), ("colour", ~restyled)):
            which = np.flatnonzero(chosen)
            wants = [Expected(**{name: getattr(new.wants[i], name)}) for i in which]
            self.rows += rows_of(
                wants, [made[i] for i in which], [true[i] for i in which], only=(name,), before="v2v: new "
            )
        self.rows += rows_of(new.wants, made, true, only=("camera, kind and way", "subject"), before="v2v: kept ")
        overlaps = [
            float(np.mean([_overlap(reading.boxes, box) for reading, box in zip(readings, boxes, strict=True)]))
            for readings in (true, made)
        ]
        self.rows.append(Row("v2v: overlap (IoU) of the subject with the source", *overlaps, len(made)))

    def own_words(self) -> None:
        """Make clips of prompts in people's own words."""
        prompts, wants = map(list, zip(*own_words(), strict=True))
        readings = read_bytes(self.judge, from_text(self.pipeline, prompts, self.how, seed=100_000))
        self.rows += rows_of(wants, readings, before="own words: ")
        wrong = {}
        for prompt, want, reading in zip(prompts, wants, readings, strict=True):
            missed = sorted(name for name, right in verdicts(want, reading).items() if not right)
            if missed:
                wrong[prompt] = missed
        self.facts["own words, what was missed"] = wrong
        self.rows.append(Row("own words: all of it", None, 1 - len(wrong) / len(prompts), len(prompts)))

    def stillness(self) -> None:
        """Count how many clips without a move stand still."""
        still = [i for i, want in enumerate(self.specs.wants) if want.moves == ("static",)]
        if not still:
            return
        drifts = in_processes(drift_of_clip, [_pixels(clips[i]) for clips in (self.truth, self.clips) for i in still])
        shares = [float(np.mean(np.array(part) < STILL_BELOW)) for part in (drifts[: len(still)], drifts[len(still) :])]
        self.rows.append(Row("static stays still (drift)", *shares, len(still)))

    def ruler(self, count: int) -> None:
        """Measure single moves with the ruler, which knows nothing of the judge."""
        single = [i for i, want in enumerate(self.specs.wants) if want.join == "single"][:count]
        wants = [self.specs.wants[i] for i in single]
        cameras = in_processes(camera_of_clip, [_pixels(clip[i]) for clip in (self.truth, self.clips) for i in single])
        self.rows += ruler_rows(wants, cameras[len(wants) :], cameras[: len(wants)])


@torch.no_grad()
def evaluate(options: argparse.Namespace) -> dict[str, object]:
    """Run what the command line asks for and return the table."""
    began = time.perf_counter()
    device = torch.device(options.device)
    how = sampling_of(options)
    dtype = getattr(torch, options.dtype or ("bfloat16" if device.type == "cuda" else "float32"))
    specs = draw_specs(options.prompts)
    if options.move:
        specs = specs.pick([i for i, want in enumerate(specs.wants) if want.moves == (options.move,)])
    if options.first:
        specs = specs.pick(range(options.first))
    evaluation = Evaluation(
        load_pipeline(options.weights, how, device, dtype), load_judge(options.judge, device), how, specs
    )
    parts = {
        "from text": lambda: options.skip_text or evaluation.from_text(),
        "from pictures": lambda: options.i2v and evaluation.from_pictures(min(options.i2v, len(specs.prompts))),
        "from clips": lambda: options.v2v and evaluation.from_clips(min(options.v2v, len(specs.prompts))),
        "own words": lambda: options.own_words and evaluation.own_words(),
        "stillness": lambda: options.drift and evaluation.stillness(),
        "ruler": lambda: options.ruler and evaluation.ruler(options.ruler),
    }
    for name, part in parts.items():
        part()
        _console().print(f"{time.perf_counter() - began:7.1f} s  {name}")
    if options.sheet:
        contact_sheet(evaluation.clips[:24], evaluation.specs.prompts[:24], options.sheet)
    return {
        "command": " ".join(["python -m wan_sdk.nano.evaluate", *options.said]),
        "machine": _machine(device),
        "versions": {name: importlib.metadata.version(name) for name in ("torch", "diffusers", "transformers", "numpy")}
        | {"python": platform.python_version()},
        "seconds": round(time.perf_counter() - began, 1),
        "seconds of": {name: round(value, 3) for name, value in evaluation.seconds.items()},
        "sampling": asdict(how) | {"dtype": str(dtype).removeprefix("torch.")},
        "seed": SEED,
        "rows": [asdict(row) for row in evaluation.rows],
        **evaluation.facts,
        "sha256": {"weights": _hashes(options.weights), "judge": _hashes(options.judge)},
    }


def sampling_of(options: argparse.Namespace) -> Sampling:
    """Return how clips are made, with the usual steps and guidance of the transformer where none are given."""
    width, height = (int(side) for side in options.size.split("x"))
    usual = STUDENT if options.transformer == STUDENT.transformer else Sampling()
    return Sampling(
        options.transformer,
        steps=options.steps or usual.steps,
        guidance=options.guidance or usual.guidance,
        restyle_guidance=options.guidance or usual.restyle_guidance,
        shift=options.shift,
        frames=options.frames,
        height=height,
        width=width,
        batch=options.batch,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Evaluate, print the table and write it."""
    options = _parse(arguments)
    table = evaluate(options)
    write_whole(options.out, (json.dumps(table, indent=1) + "\n").encode())
    _console().print(markdown(table))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m wan_sdk.nano.evaluate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--weights", type=Path, required=True, help="a Diffusers folder of nano")
    parser.add_argument("--judge", type=Path, required=True, help="folder that the stage `judge` has written")
    parser.add_argument("--prompts", type=int, default=400)
    parser.add_argument("--first", type=int, metavar="N", help="read the first N of the prompts alone")
    parser.add_argument("--move", metavar="NAME", help="read the prompts with this single move alone, like static")
    usual, student = Sampling(), STUDENT.transformer
    guidance = f"{usual.guidance:g}, to make clips anew {usual.restyle_guidance:g}; {STUDENT.guidance:g} for {student}"
    parser.add_argument("--transformer", default=usual.transformer, help=f"subfolder, for example {student}")
    parser.add_argument("--steps", type=int, help=f"default {usual.steps}; {STUDENT.steps} for {student}")
    parser.add_argument("--guidance", type=float, help=f"default {guidance}")
    parser.add_argument("--shift", type=float, default=3.0)
    parser.add_argument("--size", default="320x192", help="width x height")
    parser.add_argument("--frames", type=int, default=25)
    parser.add_argument("--batch", type=int, default=32, help="clips at once")
    parser.add_argument("--skip-text", action="store_true", help="make no clips of the drawn prompts alone")
    parser.add_argument("--i2v", type=int, default=0, metavar="N", help="clips from pictures")
    parser.add_argument("--v2v", type=int, default=0, metavar="N", help="clips made anew")
    parser.add_argument("--own-words", action="store_true", help="also the prompts in people's own words")
    parser.add_argument("--drift", action="store_true", help="measure that static clips stand still; needs OpenCV")
    parser.add_argument("--ruler", type=int, default=0, metavar="N", help="measure N clips with the ruler, too; slow")
    parser.add_argument("--dtype", choices=("bfloat16", "float32"), help="default bfloat16 on a GPU, float32 elsewhere")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--out", type=Path, required=True, help="JSON file")
    parser.add_argument("--sheet", type=Path, help="JPEG with the first, middle and last frame of 24 clips")
    options = parser.parse_args(arguments)
    if options.skip_text and (options.drift or options.ruler or options.sheet):
        parser.error("--drift, --ruler and --sheet look at the clips that --skip-text leaves out")
    options.said = list(sys.argv[1:] if arguments is None else arguments)
    return options


def _console() -> Console:
    return Console(soft_wrap=True, highlight=False, markup=False)


def _pixels(clip: Tensor) -> np.ndarray:
    return clip.permute(1, 2, 3, 0).contiguous().numpy()


def _overlap(read_boxes: np.ndarray, boxes: Tensor) -> float:
    """Return the mean overlap over the frames that the judge sees."""
    chosen = np.linspace(0, len(boxes) - 1, len(read_boxes)).round().astype(int)
    return float(np.mean([iou(one, other) for one, other in zip(read_boxes, boxes[chosen].tolist(), strict=True)]))


def _machine(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} CPU, {torch.get_num_threads()} threads"


def _hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.safetensors"))
    }


if __name__ == "__main__":
    main()
