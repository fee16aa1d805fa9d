"""Stage `upscaler`: frames twice as large.

The world can be drawn at any size, so every pair of a small frame and the true large one costs nothing but drawing it
twice. Half of the small clips go through the VAE first: what the upscaler will be given has been through it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import torch
from diffusers import AutoencoderKLWan
from safetensors.torch import save as to_bytes
from torch import Tensor

from wan_sdk.engine.decode import enlarged
from wan_sdk.engine.upscaler import Upscaler, enlarge_twice
from wan_sdk.media.whole_file import write_whole
from wan_sdk.nano.training.data import HELD_OUT_SEED, Drawn, Ring, to_device
from wan_sdk.nano.training.muon import MovingAverage
from wan_sdk.nano.training.networks import TINY, Shape
from wan_sdk.nano.training.run import Run, share_gradients
from wan_sdk.nano.training.transformer import load_vae
from wan_sdk.nano.training.vae import psnr
from wan_sdk.nano.training.whole_clip import decode_whole, encode_moments
from wan_sdk.nano.world import render

LEARNING_RATE = 2e-3
_BATCH = 32  # frames
_FRESH_EVERY = 16  # steps
_FRAMES_KEPT = 640
_DRAWN_AT_ONCE = 4  # clips
_FRAMES = 9  # of a drawn clip: enough for the VAE to show what it does to later frames
_HELD_OUT = 16  # clips


def train_upscaler(run: Run, seed: int = 91) -> None:
    """Train the upscaler and write it to `run.out / "upscaler"`; one process and a minute are enough."""
    torch.manual_seed(seed)
    size = Shape(5, 32, 48, batch=1) if run.scale == TINY else Shape(_FRAMES, 192, 320, batch=1)
    upscaler = Upscaler().to(run.device)
    parameters = list(upscaler.parameters())
    optimizer = torch.optim.AdamW(parameters, betas=(0.9, 0.99), weight_decay=0.0)
    average = MovingAverage(upscaler, 0.995)
    vae = load_vae(run)
    pairs, ring = drawn_pairs(run, seed, size, vae), Ring(_FRAMES_KEPT)
    for _ in range(4):
        ring.add(*next(pairs))
    run.journal.say("first frames drawn")
    step, total, counted = 0, torch.zeros((), device=run.device), 0
    while run.clock.tick() if run.clock.begun else True:
        if step % _FRESH_EVERY == 0:
            ring.add(*next(pairs))
        small, large = (frames.float() for frames in ring.draw(_BATCH))
        with run.autocast():
            error = upscaler(small).float() - large
        loss = error.abs().mean() + 0.5 * (error[..., 1:] - error[..., :-1]).abs().mean()
        loss = loss + 0.5 * (error[..., 1:, :] - error[..., :-1, :]).abs().mean()
        loss.backward()
        share_gradients(parameters, run)
        for group in optimizer.param_groups:
            group["lr"] = run.clock.learning_rate(LEARNING_RATE, step, warm_up=100)
        optimizer.step()
        optimizer.zero_grad()
        average.update(upscaler)
        step, counted = step + 1, counted + 1
        total += loss.detach()
        if not run.clock.begun:
            run.clock.begin()
        if counted == 100:
            _write_row(run, step, total / counted)
            total, counted = torch.zeros_like(total), 0
    if counted:
        _write_row(run, step, total / counted)
    average.copy_to(upscaler)
    if run.first:
        run.journal.note(**measured(run, upscaler.eval(), size, vae))
        save_upscaler(upscaler, run.out / "upscaler")
    run.journal.finish()


def drawn_pairs(run: Run, seed: int, size: Shape, vae: AutoencoderKLWan) -> Iterator[tuple[Tensor, Tensor]]:
    """Draw clips at a size and at twice that size, without end.

    Yields:
      Small frames [n, 3, height, width], half of them after the VAE, and large ones; both in -1...1.
    """
    for _, scene, _ in Drawn(seed * 100 + run.rank, _DRAWN_AT_ONCE, size.frames, fixed=run.fixed):
        scene = to_device(scene, run.device)
        with torch.no_grad():
            small = render(scene, size.height, size.width)
            large = render(scene, 2 * size.height, 2 * size.width)
            half = len(small) // 2
            with run.autocast():
                copies = decode_whole(vae, encode_moments(vae, small[:half])[0])
            small = torch.cat([copies.float().clamp(-1, 1), small[half:]])
        yield _frames(small), _frames(large)


@torch.no_grad()
def measured(run: Run, upscaler: Upscaler, size: Shape, vae: AutoencoderKLWan) -> dict[str, float]:
    """Return what Lanczos and the upscaler keep of held-out clips, in dB: of clean ones and after the VAE."""
    pairs = drawn_pairs(run, HELD_OUT_SEED, size, vae)
    found: dict[str, list[float]] = {}
    for _ in range(_HELD_OUT // _DRAWN_AT_ONCE):
        small, large = next(pairs)
        pixels = ((small * 127.5) + 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
        for name, made in (("lanczos", enlarged(pixels, 2)), ("upscaler", enlarge_twice(upscaler, pixels))):
            numbers = torch.from_numpy(made).permute(0, 3, 1, 2).float() / 127.5 - 1
            for k, value in enumerate(psnr(numbers, large.cpu(), (1, 2, 3))):
                found.setdefault(f"{name}_db_{'after_vae' if k < len(small) // 2 else 'clean'}", []).append(
                    float(value)
                )
    return {name: round(sum(values) / len(values), 2) for name, values in found.items()}


def save_upscaler(upscaler: Upscaler, folder: Path) -> None:
    """Write an upscaler in half precision, and its width beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: value.detach().half().contiguous().cpu() for name, value in upscaler.state_dict().items()}
    write_whole(folder / "model.safetensors", to_bytes(state))
    write_whole(folder / "config.json", (json.dumps({"width": upscaler.width}) + "\n").encode())


def _write_row(run: Run, step: int, loss: Tensor) -> None:
    run.journal.row(step=step, seconds=round(run.clock.seconds), loss=float(loss))


def _frames(clips: Tensor) -> Tensor:
    return clips.transpose(1, 2).flatten(0, 1)
