"""Clips from a finished nano through the stock Wan pipelines, many at once: what `evaluate` reads.

Clips are uint8 [n, 3, frames, height, width] here, as a file would hold them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKLWan,
    WanImageToVideoPipeline,
    WanPipeline,
    WanTransformer3DModel,
)
from PIL import Image
from torch import Tensor

from wan_sdk.engine.schedulers import first_sigma, make_scheduler
from wan_sdk.models.nano import NANO
from wan_sdk.nano.language.vocabulary import TEXT_LENGTH
from wan_sdk.nano.training.vae import decoded
from wan_sdk.nano.training.whole_clip import latent_statistics

_VAE_BATCH = 8


@dataclass(frozen=True)
class Sampling:
    """How clips are made.

    Args:
      transformer: Subfolder of the transformer; the student's has a solver of its own.
      steps: Denoising steps.
      guidance: Of classifier-free guidance; 1 for none.
      restyle_guidance: The same where a clip is made anew.
      shift: Of the noise schedule.
      frames, height, width: Of the clips.
      batch: Clips at once.
    """

    transformer: str = "transformer"
    steps: int = NANO.steps
    guidance: float = NANO.guidance[0]
    restyle_guidance: float = NANO.usual_guidance(restyles=True)[0]
    shift: float = 3.0
    frames: int = 25
    height: int = 192
    width: int = 320
    batch: int = 32

    @property
    def sampler(self) -> str:
        """The name of the solver."""
        return NANO.draft.sampler if self.transformer == NANO.draft.folder else NANO.sampler


STUDENT = Sampling(NANO.draft.folder, NANO.draft.steps, NANO.draft.guidance, NANO.draft.guidance)
"""How the student makes clips."""


def load_pipeline(weights: Path, how: Sampling, device: torch.device, dtype: torch.dtype) -> WanPipeline:
    """Load the stock pipeline, its VAE in fp32 whatever the rest is in."""
    transformer = WanTransformer3DModel.from_pretrained(weights, subfolder=how.transformer, dtype=dtype)
    vae = AutoencoderKLWan.from_pretrained(weights, subfolder="vae", dtype=torch.float32)
    pipeline = WanPipeline.from_pretrained(weights, transformer=transformer, vae=vae, dtype=dtype)
    pipeline.scheduler = make_scheduler(how.sampler, how.shift)
    pipeline.to(device)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def from_text(pipeline: WanPipeline, prompts: Sequence[str], how: Sampling, seed: int = 0) -> Tensor:
    """Make a clip of each prompt; clip `i` has the noise of seed + i, whatever the batch."""
    parts = []
    for first in range(0, len(prompts), how.batch):
        some = list(prompts[first : first + how.batch])
        generators = [_noise(seed + first + k) for k in range(len(some))]
        frames = pipeline(some, generator=generators, output_type="pt", **_call(how)).frames
        parts.append(as_bytes(frames.transpose(1, 2) * 2 - 1))
    return torch.cat(parts)


def from_pictures(
    pipeline: WanPipeline, pictures: Tensor, prompts: Sequence[str], how: Sampling, seed: int = 0
) -> Tensor:
    """Make a clip of each prompt that begins on a picture, uint8 [n, 3, height, width]; one at a time."""
    of_pictures = WanImageToVideoPipeline(**pipeline.components, expand_timesteps=True)
    of_pictures.set_progress_bar_config(disable=True)
    parts = []
    for k, (picture, prompt) in enumerate(zip(pictures, prompts, strict=True)):
        image = Image.fromarray(picture.permute(1, 2, 0).cpu().numpy())
        frames = of_pictures(image, prompt, generator=_noise(seed + k), output_type="pt", **_call(how)).frames
        parts.append(as_bytes(frames.transpose(1, 2) * 2 - 1))
    return torch.cat(parts)


def from_clips(
    pipeline: WanPipeline, clips: Tensor, prompts: Sequence[str], how: Sampling, level: float = 0.8, seed: int = 0
) -> Tensor:
    """Make each clip anew after a prompt, from the noise level of a step near `level` on."""
    stock = pipeline.scheduler
    pipeline.scheduler = make_scheduler(how.sampler, how.shift, start_sigma=level)
    sigma = first_sigma(pipeline.scheduler, how.steps)
    parts = []
    for first in range(0, len(prompts), how.batch):
        latents = encode(pipeline, clips[first : first + how.batch])
        noise = torch.stack(
            [torch.randn(latents.shape[1:], generator=_noise(seed + first + k)) for k in range(len(latents))]
        )
        start = (1 - sigma) * latents + sigma * noise.to(latents.device)
        some = list(prompts[first : first + how.batch])
        call = _call(how) | {"guidance_scale": how.restyle_guidance}
        frames = pipeline(some, latents=start, output_type="pt", **call).frames
        parts.append(as_bytes(frames.transpose(1, 2) * 2 - 1))
    pipeline.scheduler = stock
    return torch.cat(parts)


@torch.no_grad()
def encode(pipeline: WanPipeline, clips: Tensor) -> Tensor:
    """Return the normalised latents of uint8 clips, on the pipeline's device."""
    vae = pipeline.vae
    mean, std = latent_statistics(vae, vae.device)
    parts = [vae.encode(as_numbers(part, vae.device)).latent_dist.mode() for part in clips.split(_VAE_BATCH)]
    return (torch.cat(parts) - mean) / std


@torch.no_grad()
def copies(pipeline: WanPipeline, clips: Tensor) -> Tensor:
    """Return what the VAE keeps of uint8 clips."""
    vae = pipeline.vae
    return torch.cat([as_bytes(decoded(vae, as_numbers(part, vae.device))) for part in clips.split(_VAE_BATCH)])


def as_numbers(clips: Tensor, device: torch.device) -> Tensor:
    """Return uint8 clips in -1...1."""
    return clips.to(device).float() / 127.5 - 1


def as_bytes(clips: Tensor) -> Tensor:
    """Return clips in -1...1 as uint8, on the CPU."""
    return ((clips.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).cpu()


def _noise(seed: int) -> torch.Generator:
    return torch.Generator("cpu").manual_seed(seed)


def _call(how: Sampling) -> dict[str, object]:
    return {
        "height": how.height,
        "width": how.width,
        "num_frames": how.frames,
        "num_inference_steps": how.steps,
        "guidance_scale": how.guidance,
        "max_sequence_length": TEXT_LENGTH,
    }
