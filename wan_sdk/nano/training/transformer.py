"""Stage `transformer`: from noise to clips by flow matching, with the text encoder learning on.

A latent clip z and noise n are mixed to x = (1 - s) z + s n at a random noise level s; the transformer is asked for the
velocity n - z. What makes it usable:

* the caption is left out in a tenth of the samples, so that a prompt can be weighed against none (guidance);
* the first latent frame is given, clean, in three tenths of the samples, so that it continues pictures as well;
* in some of the samples the noise carries a remnant of another version of the clip, so that clips can be made anew
  (`versions.py`);
* noise levels in the upper middle, where the picture is decided, are drawn more often than the ends;
* what ships is the running mean of the weights.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from torch import Tensor, nn
from transformers import UMT5EncoderModel

from wan_sdk.nano.language.vocabulary import VOCABULARY
from wan_sdk.nano.training.data import LatentPool, hide_words, open_pools
from wan_sdk.nano.training.muon import MovingAverage, Muon
from wan_sdk.nano.training.networks import empty_prompt, make_text_encoder, make_transformer, text_states
from wan_sdk.nano.training.run import Checkpoint, Run, share_gradients
from wan_sdk.nano.training.skipped import SkippedSteps
from wan_sdk.nano.training.two_times import compile_blocks, known_first_frame, levels_of, velocity
from wan_sdk.nano.training.versions import with_remnants

LEARNING_RATE = 2.5e-3
LEARNING_RATE_FROM_EARLIER = 1.5e-3
WITHOUT_CAPTION = 0.1
UNKNOWN_WORDS = 0.01
FIRST_FRAME_GIVEN = 0.3
_ROW_STEPS = 110  # whole rounds of nano's shapes, so that the rows compare


def train_transformer(run: Run, seed: int = 21) -> None:
    """Train the transformer and the text encoder, and write both to `run.out`."""
    torch.manual_seed(seed)
    transformer = make_transformer(run.scale).to(run.device)
    encoder = make_text_encoder(run.scale).to(run.device)
    both = nn.ModuleList([transformer, encoder])
    optimizer = Muon(both.named_parameters())
    average = MovingAverage(both, 0.9985)
    checkpoint = Checkpoint(run, both, optimizer, average)
    step = checkpoint.resume()
    compile_blocks(transformer, compiled=run.compiled)
    if run.compiled:
        warm_up(run, transformer, encoder)
    pools = open_pools(run, seed + step)

    # Everything up to here needs no other stage; from here on it waits for them.
    if step == 0:
        begin_from(run, transformer, encoder)
        average.restart(both)
    vae = load_vae(run)
    for pool in pools:
        pool.open(vae)
    run.journal.say(f"{sum(len(pool.ring) for pool in pools)} clips to begin with")
    torch.manual_seed(seed + run.rank + 1000 * step)
    peak = LEARNING_RATE_FROM_EARLIER if run.start else LEARNING_RATE
    empty = empty_prompt(run.device)
    loss_sum, skipped = torch.zeros((), device=run.device), SkippedSteps(run)
    counted = samples = 0
    while run.clock.tick() if run.clock.begun else True:
        turn = run.scale.turn(step)
        latents, ids, others = pools[turn].draw()
        untold = torch.rand(len(ids), 1, device=run.device) < WITHOUT_CAPTION
        ids = hide_words(torch.where(untold, empty, ids), UNKNOWN_WORDS)
        loss = flow_loss(run, transformer, encoder, latents, ids, others)
        loss.backward()
        _, good = share_gradients(optimizer.parameters, run)
        optimizer.step(run.clock.learning_rate(peak, step, warm_up=250))
        average.update(both)
        step, counted = step + 1, counted + 1
        samples += len(latents) * run.ranks
        loss_sum += loss.detach().nan_to_num()
        skipped.count(turn, good)
        if not run.clock.begun:
            run.clock.begin()
            run.journal.say("compiled")
        if counted == _ROW_STEPS:
            _write_row(run, step, samples, loss_sum / counted, pools, skipped.so_far())
            loss_sum, counted = torch.zeros_like(loss_sum), 0
            checkpoint.save(step)
    if counted:
        _write_row(run, step, samples, loss_sum / counted, pools, skipped.so_far())
    checkpoint.save(step, now=True)
    average.copy_to(both)
    skipped.note()
    if run.first:
        save_transformer(transformer, run.out / "transformer", run)
        encoder.half().save_pretrained(run.out / "text_encoder")
    run.journal.finish()


def flow_loss(
    run: Run,
    transformer: WanTransformer3DModel,
    encoder: UMT5EncoderModel,
    latents: Tensor,
    ids: Tensor,
    others: Tensor,
) -> Tensor:
    """Return the squared error of the velocity, averaged over a batch; frames that were given do not count."""
    count = len(latents)
    level = draw_levels(count, run.device)
    noise = with_remnants(torch.randn_like(latents), latents, others, level)
    given = (torch.rand(count, device=run.device) < FIRST_FRAME_GIVEN).float()
    mix = level.view(-1, 1, 1, 1, 1)
    noisy = known_first_frame((1 - mix) * latents + mix * noise, latents, given)
    with run.autocast():
        answer = velocity(transformer, noisy, levels_of(level, given), text_states(encoder, ids))
    error = (answer.float() - (noise - latents)) ** 2
    counts = torch.ones_like(error)
    counts[:, :, 0] = (1 - given).view(-1, 1, 1, 1)
    dims = (1, 2, 3, 4)
    return ((error * counts).sum(dims) / counts.sum(dims)).mean()


def draw_levels(count: int, device: torch.device) -> Tensor:
    """Draw noise levels, [count]: nine tenths around .67, one tenth anywhere in 0...1.

    At 96 lines they were drawn around .59. A larger picture of the same thing takes more noise to hide.
    """
    bell = torch.sigmoid(1.1 * torch.randn(count, device=device) + 0.7)
    anywhere = torch.rand(count, device=device)
    return torch.where(torch.rand(count, device=device) < 0.1, anywhere, bell).clamp(1e-3, 1.0)


def warm_up(run: Run, transformer: WanTransformer3DModel, encoder: UMT5EncoderModel) -> None:
    """Compile the training step of every shape on noise, so that it is ready when the VAE is."""
    for shape in run.from_elsewhere(run.scale.shapes):
        batch = run.share(shape.batch)
        latents = torch.randn(batch, *shape.latent, device=run.device)
        empty = empty_prompt(run.device).expand(batch, -1)
        flow_loss(run, transformer, encoder, latents, empty, latents).backward()
        for module in (transformer, encoder):
            module.zero_grad(set_to_none=True)
        torch.cuda.empty_cache()  # another stage is training on this GPU meanwhile
    run.journal.say("blocks compiled")


def begin_from(run: Run, transformer: WanTransformer3DModel, encoder: UMT5EncoderModel) -> None:
    """Load what the training starts from: an earlier nano, or the stage `text` and a transformer from noise."""
    if not run.start:
        encoder.load_state_dict(load_text_encoder(run, "text").state_dict())
        return
    take_over(encoder, run.start)
    earlier = WanTransformer3DModel.from_pretrained(run.start / "transformer", dtype=torch.float32)
    transformer.load_state_dict(earlier.state_dict())


def take_over(encoder: UMT5EncoderModel, start: Path) -> None:
    """Start from an earlier encoder; its vocabulary may be another: words are taken over by name."""
    state = UMT5EncoderModel.from_pretrained(start / "text_encoder", dtype=torch.float32).state_dict()
    words = json.loads((start / "tokenizer" / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    shared = [word for word in VOCABULARY if word in words]
    mine, theirs = ([table[word] for word in shared] for table in (VOCABULARY, words))
    for name in ("shared.weight", "encoder.embed_tokens.weight"):
        if name in state:
            table = encoder.get_input_embeddings().weight.detach().clone()
            table[mine] = state[name][theirs].to(table.device)
            state[name] = table
    encoder.load_state_dict(state)


def load_text_encoder(run: Run, stage: str) -> UMT5EncoderModel:
    """Wait for a stage that trains the text encoder and load it, in fp32."""
    encoder = UMT5EncoderModel.from_pretrained(run.wait_for(stage) / "text_encoder", dtype=torch.float32)
    return encoder.to(run.device)


def load_vae(run: Run) -> AutoencoderKLWan:
    """Wait for the VAE and load it, in fp32 and frozen."""
    vae = AutoencoderKLWan.from_pretrained(run.wait_for("vae") / "vae", dtype=torch.float32)
    return vae.to(run.device).eval().requires_grad_(False)


def save_transformer(transformer: WanTransformer3DModel, folder: object, run: Run) -> None:
    """Write a transformer in half precision, in files under 12 MB, as the stock class."""
    stock = WanTransformer3DModel(**run.scale.transformer)
    stock.load_state_dict(transformer.state_dict())
    stock.half().save_pretrained(folder, max_shard_size="12MB")


def _write_row(run: Run, step: int, samples: int, loss: Tensor, pools: list[LatentPool], skipped: int) -> None:
    run.journal.row(
        step=step,
        seconds=round(run.clock.seconds),
        loss=float(loss),
        samples_a_second=round(samples / max(run.clock.since, 1e-3)),
        clips=sum(pool.ring.seen for pool in pools) * run.ranks,
        skipped=skipped,
        not_finite=int(sum(pool.not_finite for pool in pools)),
    )
