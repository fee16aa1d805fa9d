"""Stage `vae`: clips to latents and back.

The loss is what the eye would miss first: the colours (L1), the edges (L1 of the differences along each axis and in
time), the large areas (L1 of the clip averaged over 4 x 4 pixels); and a very small pull of the latents toward a unit
normal.
The clips are as long as the VAE will ever see in one go: trained on 13 frames, a prototype fell apart after frame 13.
Every fourth step has four clips at half their size in each picture, side by side: so the VAE knows small pictures, too,
and still only one shape is compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import torch
import torch.nn.functional as functional
from diffusers import AutoencoderKLWan
from torch import Tensor

from wan_sdk.nano.training.data import Ring, held_out, rendered
from wan_sdk.nano.training.muon import MovingAverage, Muon
from wan_sdk.nano.training.networks import make_vae
from wan_sdk.nano.training.run import Checkpoint, Run, share_gradients
from wan_sdk.nano.training.whole_clip import decode_whole, encode_moments

LEARNING_RATE = 4e-3
LEARNING_RATE_FROM_EARLIER = 1e-3
KL_WEIGHT = 1e-4
_REFRESH_EVERY = 6  # steps
_RENDERED_AT_ONCE = 8  # clips
_STATISTICS_BATCHES = 24
_MOSAIC_EVERY = 4  # steps


def train_vae(run: Run, seed: int = 11) -> None:
    """Train the VAE and write it to `run.out`, normalisation of its latents included."""
    torch.manual_seed(seed)
    vae = make_vae(run.scale)
    if run.start:
        earlier = AutoencoderKLWan.from_pretrained(run.start / "vae", dtype=torch.float32)
        vae.load_state_dict(earlier.state_dict())
        if run.keep_latents:
            vae.encoder.requires_grad_(False)
            vae.quant_conv.requires_grad_(False)
            vae.register_to_config(latents_mean=earlier.config.latents_mean, latents_std=earlier.config.latents_std)
    _train(run, vae.to(run.device).train(), seed, LEARNING_RATE_FROM_EARLIER if run.start else LEARNING_RATE)


def _train(run: Run, vae: AutoencoderKLWan, seed: int, peak: float) -> None:
    learning = [(name, parameter) for name, parameter in vae.named_parameters() if parameter.requires_grad]
    optimizer = Muon(learning, adam_share=0.4, weight_decay=1e-3)
    average = MovingAverage(vae, 0.998)
    checkpoint = Checkpoint(run, vae, optimizer, average)
    step = checkpoint.resume()
    torch.manual_seed(seed + run.rank + 1000 * step)

    shape = run.scale.vae_shape
    batch = run.share(shape.batch)
    loss_of = fast_loss(run, vae, batch)
    clips, ring = rendered(run, seed + step, shape, _RENDERED_AT_ONCE), Ring(run.scale.clips_kept, torch.bfloat16)
    for _ in range(min(8, run.scale.clips_kept // _RENDERED_AT_ONCE)):
        ring.add(next(clips)[0])
    loss_of = trusted_loss(run, vae, loss_of, ring.draw(batch)[0].float())
    sums, counted, skipped = torch.zeros(3, device=run.device), 0, torch.zeros((), device=run.device)
    while run.clock.tick() if run.clock.begun else True:
        if step % _REFRESH_EVERY == 0:
            ring.add(next(clips)[0])
        losses = loss_of(vae, mosaics(ring, batch) if step % _MOSAIC_EVERY == 3 else ring.draw(batch)[0].float())
        losses[0].backward()
        _, good = share_gradients(optimizer.parameters, run)
        optimizer.step(run.clock.learning_rate(peak, step, warm_up=100))
        average.update(vae)
        step, counted = step + 1, counted + 1
        sums += torch.stack([part.detach() for part in losses])
        skipped += ~good
        if not run.clock.begun:
            run.clock.begin()
        if counted % 200 == 0:
            _write_row(run, step, batch, sums, counted, skipped)
            sums, counted = torch.zeros_like(sums), 0
            checkpoint.save(step)
    if counted:
        _write_row(run, step, batch, sums, counted, skipped)
    checkpoint.save(step, now=True)
    average.copy_to(vae)
    _finish(run, vae.eval(), clips)


Loss = Callable[[AutoencoderKLWan, Tensor], tuple[Tensor, Tensor, Tensor]]


def vae_loss(vae: AutoencoderKLWan, clips: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the loss, its L1 part and its KL part (nats a latent value) on a batch of clips."""
    with torch.autocast(clips.device.type, torch.bfloat16, enabled=clips.is_cuda):
        mean, log_variance = encode_moments(vae, clips)
        mean, log_variance = mean.float(), log_variance.float().clamp(-20, 6)
        latents = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        decoded = decode_whole(vae, latents)
    kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).mean()
    error = decoded.float() - clips
    l1 = error.abs().mean()
    edges = (error[..., 1:, :] - error[..., :-1, :]).abs().mean() + (error[..., 1:] - error[..., :-1]).abs().mean()
    flicker = (error[:, :, 1:] - error[:, :, :-1]).abs().mean()
    areas = functional.avg_pool3d(error, (1, 4, 4)).abs().mean()
    return l1 + 0.6 * edges + 0.3 * flicker + 0.5 * areas + KL_WEIGHT * kl, l1, kl


def fast_loss(run: Run, vae: AutoencoderKLWan, batch: int) -> Loss:
    """Return the loss, compiled on noise."""
    if not run.compiled:
        return vae_loss
    shape = run.scale.vae_shape
    noise = torch.rand(batch, 3, shape.frames, shape.height, shape.width, device=run.device) * 2 - 1
    loss_of = torch.compile(vae_loss, dynamic=False)
    loss_of(vae, noise)[0].backward()
    vae.zero_grad(set_to_none=True)
    run.journal.say("training step compiled")
    return loss_of


def trusted_loss(run: Run, vae: AutoencoderKLWan, fast: Loss, clips: Tensor) -> Loss:
    """Return the compiled loss if it agrees with the plain one on rendered clips, else the plain one."""
    if fast is vae_loss:
        return vae_loss
    with torch.no_grad():
        plain_l1 = float(vae_loss(vae, clips)[1])
    fast_l1 = float(fast(vae, clips)[1].detach())  # with gradients, as it will be used
    run.journal.note(l1_at_the_start={"plain": round(plain_l1, 5), "compiled": round(fast_l1, 5)})
    return fast if abs(fast_l1 - plain_l1) < 0.05 * plain_l1 else vae_loss


def mosaics(ring: Ring, count: int) -> Tensor:
    """Return pictures of four clips at half their size each, [count, 3, T, H, W]."""
    quarters = functional.avg_pool3d(ring.draw(4 * count)[0].float(), (1, 2, 2))
    left_top, right_top, left, right = quarters.split(count)
    return torch.cat([torch.cat([left_top, right_top], -1), torch.cat([left, right], -1)], -2)


def psnr(one: Tensor, other: Tensor, dims: tuple[int, ...] = (1, 2, 3, 4)) -> Tensor:
    """Return the peak signal-to-noise ratio in dB of clips in -1...1."""
    return 10 * torch.log10(4 / ((one - other) ** 2).mean(dims).clamp_min(1e-10))


def _write_row(run: Run, step: int, batch: int, sums: Tensor, counted: int, skipped: Tensor) -> None:
    loss, l1, kl = (sums / counted).tolist()
    seconds = max(run.clock.seconds, 1e-3)
    rate = round(step * batch * run.ranks / seconds)
    run.journal.row(
        step=step, seconds=round(seconds), loss=loss, l1=l1, kl=kl, clips_a_second=rate, skipped=int(skipped)
    )


@torch.no_grad()
def _finish(run: Run, vae: AutoencoderKLWan, clips: Iterator[tuple[Tensor, Tensor]]) -> None:
    """Measure the latents and the held-out error, and write the VAE in half precision."""
    if run.first:
        if not run.keep_latents:
            _normalise(run, vae, clips)
        run.journal.note(latent_std=[round(value, 2) for value in vae.config.latents_std])
        native = run.scale.native
        small = replace(native, height=native.height // 2, width=native.width // 2)
        for name, shape in (("native", native), ("long", run.scale.vae_shape), ("small", small)):
            truth = held_out(run, shape)
            copies = torch.cat([decoded(vae, part) for part in truth.split(2)])
            by_frame = psnr(copies, truth, (1, 3, 4)).mean(0)[::6].tolist()
            run.journal.note(
                **{
                    f"{name}_held_out_psnr_db": round(float(psnr(copies, truth).mean()), 2),
                    f"{name}_psnr_db_by_frame": [round(value, 1) for value in by_frame],
                }
            )
        vae.half().save_pretrained(run.out / "vae")
    run.journal.finish()


def decoded(vae: AutoencoderKLWan, clips: Tensor) -> Tensor:
    """Return what the VAE keeps of clips, by diffusers' own path, chunk after chunk."""
    return vae.decode(vae.encode(clips).latent_dist.mode()).sample


def _normalise(run: Run, vae: AutoencoderKLWan, clips: Iterator[tuple[Tensor, Tensor]]) -> None:
    """Write the mean and standard deviation of the latents, by channel, into the VAE's configuration."""
    with run.autocast():
        latents = torch.cat([encode_moments(vae, next(clips)[0])[0].float() for _ in range(_STATISTICS_BATCHES)])
    dims = (0, 2, 3, 4)
    vae.register_to_config(latents_mean=latents.mean(dims).tolist(), latents_std=latents.std(dims).tolist())
