"""Clips on the fly: processes draw scenes and captions, the GPU renders them, and no file is ever written.

    draw (many CPU processes) ──► render (GPU) ──► encode (GPU) ──► Ring of latents ──► batches

Rendering is so much cheaper than training on a clip that there is no data set: only seeds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import torch
from diffusers import AutoencoderKLWan
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from wan_sdk.nano.captions import caption
from wan_sdk.nano.networks import Scale, make_vae
from wan_sdk.nano.run import Run
from wan_sdk.nano.vocabulary import UNKNOWN, VOCABULARY, encode
from wan_sdk.nano.whole_clip import encode_moments, latent_statistics
from wan_sdk.nano.world import build, render, sample

HELD_OUT_SEED = 999_983  # clips that no stage trains on
_MARKS = 5  # tokens below are marks, not words: padding, end, unknown, comma, full stop


class Drawn(IterableDataset):
    """Scenes with their captions, drawn without end; each worker process has a seed of its own.

    Args:
      scale: How many clips at once, and how long they are.
      seed: What is drawn.
      captions: Different captions for each clip.
      scenes: Whether to build the scenes, or only their captions and attributes.
    """

    def __init__(self, scale: Scale, seed: int, captions: int, *, scenes: bool = True) -> None:
        self.scale, self.seed, self.captions, self.scenes = scale, seed, captions, scenes

    def __iter__(self) -> Iterator[tuple[dict[str, Tensor], object, Tensor]]:
        worker = torch.utils.data.get_worker_info()
        if worker:
            torch.set_num_threads(1)
        seed = self.seed * 1000 + (worker.id if worker else 0)
        numbers, words = np.random.default_rng(seed), random.Random(seed)  # noqa: S311 - seeds, not secrets
        count = self.scale.rendered_at_once
        while True:
            attributes = sample(numbers, count)
            ids = torch.tensor(
                [[encode(caption(words, attributes, i)) for _ in range(self.captions)] for i in range(count)],
                dtype=torch.int16,
            )
            scene = build(attributes, frames=self.scale.frames, fps=12) if self.scenes else 0
            yield {name: torch.as_tensor(np.asarray(values)) for name, values in attributes.items()}, scene, ids


def draw(run: Run, seed: int, *, captions: int = 1, scenes: bool = True, workers: int | None = None) -> Iterator:
    """Draw attributes, scenes and captions in worker processes, on this process's own seed."""
    workers = run.scale.workers if workers is None else workers
    drawn = Drawn(run.scale, seed * 100 + run.rank, captions, scenes=scenes)
    return iter(
        DataLoader(
            drawn,
            batch_size=None,
            num_workers=workers,
            prefetch_factor=4 if workers else None,
            pin_memory=run.device.type == "cuda",
        )
    )


def rendered(run: Run, seed: int, *, captions: int = 1, workers: int | None = None) -> Iterator[tuple[Tensor, Tensor]]:
    """Draw and render without end.

    Yields:
      Clips, [count, 3, T, H, W] in -1...1, and tokens, [count, captions, words], on the run's device.
    """
    for _, scene, ids in draw(run, seed, captions=captions, workers=workers):
        with torch.no_grad():
            clips = render(to_device(scene, run.device), run.scale.height, run.scale.width, compiled=run.compiled)
        yield clips, ids.to(run.device, non_blocking=True)


def to_device(scene: object, device: torch.device) -> object:
    """Move every array of a scene."""
    if isinstance(scene, Tensor):
        return scene.to(device, non_blocking=True)
    return {name: to_device(value, device) for name, value in scene.items()}


def held_out(run: Run) -> tuple[Tensor, Tensor]:
    """Render the clips that nothing is trained on, with their tokens."""
    clips, ids = next(rendered(run, HELD_OUT_SEED, workers=0))
    return clips[: run.scale.held_out], ids[: run.scale.held_out]


class Ring:
    """The last so many rows of one or more tensors, on one device; the oldest are overwritten.

    >>> ring = Ring(3)
    >>> ring.add(torch.tensor([1.0, 2.0])); ring.add(torch.tensor([3.0, 4.0])); len(ring)
    3

    Args:
      size: Rows that are kept.
      dtypes: How each tensor is kept; as it comes where not given.
    """

    def __init__(self, size: int, *dtypes: torch.dtype) -> None:
        self.size, self.dtypes = size, dtypes
        self.seen = 0
        self._kept: list[Tensor] = []

    def __len__(self) -> int:
        return min(self.seen, self.size)

    def add(self, *tensors: Tensor) -> None:
        """Add rows."""
        if not self._kept:
            dtypes = self.dtypes or [tensor.dtype for tensor in tensors]
            self._kept = [
                torch.empty(self.size, *tensor.shape[1:], dtype=dtype, device=tensor.device)
                for tensor, dtype in zip(tensors, dtypes, strict=True)
            ]
        rows = len(tensors[0])
        places = torch.arange(self.seen, self.seen + rows, device=tensors[0].device) % self.size
        for kept, tensor in zip(self._kept, tensors, strict=True):
            kept[places] = tensor.to(kept.dtype)
        self.seen += rows

    def draw(self, count: int) -> list[Tensor]:
        """Return random rows, any row as often as it falls."""
        places = torch.randint(len(self), (count,), device=self._kept[0].device)
        return [kept[places] for kept in self._kept]


class Encoder:
    """The quickest way to encode clips to normalised latents that agrees with fp32.

    A compiled encoder was once wrong by half a standard deviation without a word, so it is checked before it is used.
    It is compiled on noise, when it is made, so that it is ready when the VAE is.

    Args:
      run: Whose GPU and scale.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._vae = make_vae(run.scale).to(run.device).eval().requires_grad_(False)
        self._half: AutoencoderKLWan | None = None
        if run.compiled:
            half = make_vae(run.scale).to(run.device, torch.bfloat16).eval().requires_grad_(False)
            self._half = half
            self._moments = torch.compile(lambda clips: encode_moments(half, clips)[0], dynamic=False)
            shape = (run.scale.rendered_at_once, 3, run.scale.frames, run.scale.height, run.scale.width)
            with torch.no_grad():
                self._moments(torch.randn(shape, device=run.device, dtype=torch.bfloat16))
            run.journal.say("encoder compiled")

    def load(self, vae: AutoencoderKLWan, clips: Tensor) -> None:
        """Take over a finished VAE, and measure on some clips which way to encode can be trusted."""
        self._vae.load_state_dict(vae.state_dict())
        self._mean, self._std = latent_statistics(vae, self._run.device)
        if self._half is None:
            return
        self._half.load_state_dict(vae.state_dict())
        with torch.no_grad():
            truth = (encode_moments(self._vae, clips[:16])[0] - self._mean) / self._std
        mixed, compiled = (float((way(clips)[:16] - truth).std()) for way in (self._mixed, self._compiled))
        if not compiled < 2 * mixed + 0.01:
            self._half = None
        self._run.journal.note(encoder_error={"mixed": round(mixed, 5), "compiled": round(compiled, 5)})

    @torch.no_grad()
    def __call__(self, clips: Tensor) -> Tensor:
        """Encode clips, [batch, 3, T, H, W], to normalised latents, [batch, 16, t, h, w]."""
        return self._mixed(clips) if self._half is None else self._compiled(clips)

    @torch.no_grad()
    def _mixed(self, clips: Tensor) -> Tensor:
        with self._run.autocast():
            moments = encode_moments(self._vae, clips)[0]
        return (moments.float() - self._mean) / self._std

    @torch.no_grad()
    def _compiled(self, clips: Tensor) -> Tensor:
        return (self._moments(clips.bfloat16()).float() - self._mean) / self._std


class LatentPool:
    """Encoded clips with two captions each, refreshed while they are used.

    Making one starts the worker processes and compiles what there is to compile; `open` needs the finished VAE.

    Args:
      run: Whose GPU and scale.
      seed: What is drawn.
    """

    def __init__(self, run: Run, seed: int) -> None:
        self.ring = Ring(run.scale.latents_kept, torch.float16, torch.int16)
        self.not_finite = torch.zeros((), device=run.device)
        self._run = run
        self._encoder = Encoder(run)
        self._clips = rendered(run, seed, captions=2)
        self._first = next(self._clips)[0]
        run.journal.say("renderer compiled")

    def open(self, vae: AutoencoderKLWan) -> None:
        """Take over the finished VAE and render the first clips."""
        self._encoder.load(vae, self._first)
        while len(self.ring) < self._run.scale.latents_first:
            self.refresh()
        self._run.journal.say(f"{len(self.ring)} clips to begin with")

    def refresh(self) -> None:
        """Render and encode one more batch of clips."""
        clips, ids = next(self._clips)
        latents = self._encoder(clips)
        self.not_finite += (~latents.isfinite()).flatten(1).any(1).sum()
        self.ring.add(latents.nan_to_num(), ids)

    def draw(self, count: int) -> tuple[Tensor, Tensor]:
        """Return normalised latents, [count, 16, t, h, w], and the tokens of one caption each, [count, words]."""
        latents, ids = self.ring.draw(count)
        which = torch.randint(ids.shape[1], (count,), device=ids.device)
        return latents.float(), ids[torch.arange(count, device=ids.device), which].long()


def hide_words(ids: Tensor, share: float) -> Tensor:
    """Replace a share of the words by <unk>, so that a word from outside the vocabulary does little harm."""
    hidden = (torch.rand(ids.shape, device=ids.device) < share) & (ids >= _MARKS)
    return ids.masked_fill(hidden, VOCABULARY[UNKNOWN])
