"""Stage `judge`: a network that reads clips, so that what the model makes can be counted.

It learns from rendered clips alone, in two sizes, most of them spoilt: blurred, noisy, paler or sharper, or sent
through the VAE that the run starts from. So what a model does to a picture is nothing new to it, but no model's clip
ever teaches it: then it would learn the model's mistakes as the truth. A judge in the folder of `--from` learns on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as functional
from diffusers import AutoencoderKLWan
from torch import Tensor

from wan_sdk.nano.evaluation.judge import (
    CAMERA_HEADS,
    HEADS,
    TINY_JUDGE,
    Judge,
    JudgeShape,
    fit_clips,
    load_judge,
    readings_of,
    readings_of_targets,
    save_judge,
    targets_of,
)
from wan_sdk.nano.evaluation.score import relative_error
from wan_sdk.nano.training.data import HELD_OUT_SEED, Ring, draw, to_device
from wan_sdk.nano.training.muon import MovingAverage, Muon
from wan_sdk.nano.training.networks import TINY
from wan_sdk.nano.training.run import Checkpoint, Run, share_gradients
from wan_sdk.nano.training.whole_clip import decode_whole, encode_moments
from wan_sdk.nano.world import render
from wan_sdk.nano.world.truth import subject_boxes

LEARNING_RATE = 2e-3
LEARNING_RATE_FROM_EARLIER = 1.2e-3
_UNSPOILT = 0.4
_WEIGHT = {"companion_colour": 0.5, "first_move": 2.0, "second_move": 1.0, "amounts": 4.0, "boxes": 8.0}
_SMALL = 0.06  # an amount's error counts in parts of the amount and this
_COPIES_AT_ONCE = 16  # clips in the VAE


@dataclass(frozen=True)
class Portion:
    """How much at a time.

    Args:
      frames: Of a rendered clip; the judge sees every second one.
      rendered: Clips that one call of the renderer makes.
      batch: Clips a step, on each GPU.
      kept: Clips that each GPU keeps to draw from.
      fresh_every: Steps between two calls of the renderer; a clip is used `batch x fresh_every / rendered` times.
      held_out: Calls of the renderer whose clips it is measured on.
      workers: Processes a GPU that draw scenes.
    """

    frames: int
    rendered: int
    batch: int
    kept: int
    fresh_every: int
    held_out: int
    workers: int


PORTION = Portion(frames=25, rendered=64, batch=64, kept=4096, fresh_every=2, held_out=10, workers=6)
TINY_PORTION = Portion(frames=5, rendered=8, batch=8, kept=32, fresh_every=4, held_out=2, workers=0)

Batch = tuple[Tensor, dict[str, Tensor]]


def train_judge(run: Run, seed: int = 71) -> None:
    """Train the judge and write it to `run.out / "judge"`."""
    torch.manual_seed(seed)
    tiny = run.scale == TINY
    portion, shape = (TINY_PORTION, TINY_JUDGE) if tiny else (PORTION, JudgeShape())
    earlier = run.start / "judge" if run.start else None
    goes_on = earlier is not None and earlier.exists() and not tiny
    judge = Judge(shape).to(run.device)
    if goes_on:
        judge.load_state_dict(load_judge(earlier).state_dict())
    optimizer = Muon(judge.named_parameters())
    average = MovingAverage(judge, 0.998)
    checkpoint = Checkpoint(run, judge, optimizer, average)
    step = checkpoint.resume()
    torch.manual_seed(seed + run.rank + 1000 * step)
    clips = judged_clips(run, seed + step, portion, shape, load_copier(run))
    pool = _Pool(portion)
    for _ in range(4):
        pool.add(*next(clips))
    run.journal.say("renderer compiled")
    answers_of = torch.compile(judge, dynamic=False) if run.compiled else judge
    peak = LEARNING_RATE_FROM_EARLIER if goes_on else LEARNING_RATE
    sums, counted, skipped = _no_sums(run), 0, torch.zeros((), device=run.device)
    while run.clock.tick() if run.clock.begun else True:
        if step % portion.fresh_every == 0:
            pool.add(*next(clips))
        seen, targets = pool.draw()
        with run.autocast():
            answers = answers_of(spoil(seen.float()))
        losses = judge_losses(answers, targets)
        sum(_WEIGHT.get(name, 1.0) * loss for name, loss in losses.items()).backward()
        _, good = share_gradients(optimizer.parameters, run)
        optimizer.step(run.clock.learning_rate(peak, step, warm_up=100))
        average.update(judge)
        step, counted = step + 1, counted + 1
        for name, loss in losses.items():
            sums[name] += loss.detach().nan_to_num()
        skipped += ~good
        if not run.clock.begun:
            run.clock.begin()
        if counted % 100 == 0:
            _write_row(run, step, portion, sums, counted, skipped)
            sums, counted = _no_sums(run), 0
            checkpoint.save(step)
    if counted:
        _write_row(run, step, portion, sums, counted, skipped)
    checkpoint.save(step, now=True)
    average.copy_to(judge)
    if run.first:
        judge.eval()
        run.journal.note(held_out=accuracy(judge, judged_clips(run, HELD_OUT_SEED + 1, portion, shape), portion, run))
        save_judge(judge, run.out / "judge")
    run.journal.finish()


def judged_clips(
    run: Run, seed: int, portion: Portion, shape: JudgeShape, copier: AutoencoderKLWan | None = None
) -> Iterator[Batch]:
    """Draw and render without end, by turns at the judge's size and at twice that size.

    Args:
      run: Whose GPU.
      seed: What is drawn.
      portion: How much at once.
      shape: The judge's.
      copier: A VAE that two thirds of the clips of the smaller size go through: a third of all.

    Yields:
      Clips as the judge takes them, and what it should answer; both on the run's device.
    """
    large = run.rank % 2 == 1  # so that two processes compile two sizes at a time
    for attributes, scene, _ in draw(run, seed, portion.rendered, portion.frames, workers=portion.workers):
        size = (1 + large) * shape.height, (1 + large) * shape.width
        scene = to_device(scene, run.device)
        with torch.no_grad():
            clips = render(scene, *size, compiled=run.compiled)
            boxes = subject_boxes(scene, *size)
            if copier is not None and not large:
                some = 2 * portion.rendered // 3
                clips = torch.cat([through_vae(run, copier, clips[:some]), clips[some:]])
            every = (portion.frames - 1) // (shape.frames - 1)
            targets = targets_of(attributes, boxes[:, :, ::every])
            clips = fit_clips(clips[:, :, ::every], shape)
        yield clips, {name: value.to(run.device, non_blocking=True) for name, value in targets.items()}
        large = not large


def load_copier(run: Run) -> AutoencoderKLWan | None:
    """Load the VAE of the folder that the run starts from, if it starts from one."""
    if run.start is None:
        return None
    vae = AutoencoderKLWan.from_pretrained(run.start / "vae", dtype=torch.float32)
    return vae.to(run.device).eval().requires_grad_(False)


def through_vae(run: Run, vae: AutoencoderKLWan, clips: Tensor) -> Tensor:
    """Return what a VAE keeps of clips."""
    with torch.no_grad(), run.autocast():
        copies = [decode_whole(vae, encode_moments(vae, part)[0]) for part in clips.split(_COPIES_AT_ONCE)]
    return torch.cat(copies).float().clamp(-1, 1)


def spoil(clips: Tensor) -> Tensor:
    """Spoil most of the clips: blurred or sharpened, noisy, darker or paler; others stay as they are."""
    count, device = len(clips), clips.device

    def dice(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, 1, 1, 1, 1, device=device)

    spoilt = (dice(0, 1) > _UNSPOILT).float()
    each = [spoilt * (dice(0, 1) < 0.5) for _ in range(3)]
    flat = clips.flatten(1, 2)
    small = functional.avg_pool2d(flat, 2)
    soft = functional.interpolate(small, flat.shape[-2:], mode="bilinear").view_as(clips)
    clips = clips + each[0] * dice(-0.6, 1.0) * (soft - clips)
    clips = clips * (1 + each[1] * dice(-0.15, 0.15)) + each[1] * dice(-0.08, 0.08)
    clips = clips + each[2] * dice(0, 0.08) * torch.randn_like(clips)
    return clips.clamp(-1, 1)


def judge_losses(answers: dict[str, Tensor], targets: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the loss of every head, each the mean over the clips that it can be asked about."""
    losses = {}
    for name in (*HEADS, *CAMERA_HEADS):
        if name != "companion_colour":
            losses[name] = functional.cross_entropy(answers[name], targets[name])
    there = (targets["companion"] > 0).float()
    colour = functional.cross_entropy(answers["companion_colour"], targets["companion_colour"], reduction="none")
    losses["companion_colour"] = (colour * there).sum() / there.sum().clamp_min(1)
    wanted, told = targets["amounts"], targets["amounts_told"]
    part = (answers["amounts"] - wanted) / (wanted.abs() + _SMALL)
    off = functional.smooth_l1_loss(part, torch.zeros_like(part), beta=0.1, reduction="none")
    losses["amounts"] = (off * told).sum() / told.sum().clamp_min(1)
    losses["boxes"] = functional.smooth_l1_loss(answers["boxes"], targets["boxes"], beta=0.02)
    return losses


def accuracy(judge: Judge, clips: Iterator[Batch], portion: Portion, run: Run) -> dict[str, float]:
    """Return the shares of held-out renders that a judge reads right, and its usual errors."""
    read, true, boxes_off = [], [], []
    for _ in range(portion.held_out):
        seen, targets = next(clips)
        with torch.no_grad(), run.autocast():
            answers = judge(seen)
        read += readings_of(answers)
        true += readings_of_targets(targets)
        boxes_off.append(float((answers["boxes"] - targets["boxes"]).abs().mean()))
    pairs = list(zip(read, true, strict=True))
    names = ("subject", "colour", "size", "place", "time", "weather", "style", "motion", "companion", "join")
    shares = {name: _share(getattr(one, name) == getattr(other, name) for one, other in pairs) for name in names}
    there = [(one, other) for one, other in pairs if other.companion]
    shares["companion_colour"] = _share(one.companion_colour == other.companion_colour for one, other in there)
    single = [(one, other) for one, other in pairs if other.join == "single"]
    shares["single_move"] = _share(one.moves == other.moves for one, other in single)
    shares["two_moves"] = _share(
        sorted(one.moves) == sorted(other.moves) and one.join == other.join
        for one, other in pairs
        if other.join != "single"
    )
    off = [
        relative_error(kind, one.amounts[kind], other.amounts[kind])
        for one, other in single
        for kind in [other.moves[0].split()[0]]
        if kind != "static"
    ]
    shares["amount_within_25_percent"] = _share(error <= 0.25 for error in off)
    shares["amount_within_10_percent"] = _share(error <= 0.1 for error in off)
    shares["box_error"] = round(sum(boxes_off) / len(boxes_off), 4)
    return shares | {"clips": len(pairs)}


class _Pool:
    """Clips with what should be answered, in a ring."""

    def __init__(self, portion: Portion) -> None:
        self._batch, self._names = portion.batch, []
        self._ring = Ring(portion.kept)

    def add(self, clips: Tensor, targets: dict[str, Tensor]) -> None:
        self._names = list(targets)
        self._ring.add(clips.bfloat16(), *targets.values())

    def draw(self) -> Batch:
        clips, *values = self._ring.draw(self._batch)
        return clips, dict(zip(self._names, values, strict=True))


def _share(verdicts: Iterator[bool]) -> float:
    counted = list(verdicts)
    return round(sum(counted) / len(counted), 4) if counted else 0.0


def _no_sums(run: Run) -> dict[str, Tensor]:
    names = (*HEADS, *CAMERA_HEADS, "amounts", "boxes")
    return {name: torch.zeros((), device=run.device) for name in names}


def _write_row(run: Run, step: int, portion: Portion, sums: dict[str, Tensor], counted: int, skipped: Tensor) -> None:
    seconds = max(run.clock.seconds, 1e-3)
    means = {name: float(total / counted) for name, total in sums.items()}
    run.journal.row(
        step=step,
        seconds=round(seconds),
        loss=sum(_WEIGHT.get(name, 1.0) * mean for name, mean in means.items()),
        **means,
        clips_a_second=round(step * portion.batch * run.ranks / seconds),
        skipped=int(skipped),
    )
