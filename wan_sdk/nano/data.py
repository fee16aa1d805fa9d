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
from wan_sdk.nano.networks import Scale
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


class LatentPool:
    """Encoded clips with two captions each, refreshed while they are used.

    Making one starts the worker processes and compiles the renderer; `open` needs the finished VAE.

    The encoder is not compiled: without gradients, a compiled one was off by .65 to .72 standard deviations on a GPU
    (torch 2.11), where the same functions in bf16, not compiled, were off by .008 to .009.

    Args:
      run: Whose GPU and scale.
      seed: What is drawn.
    """

    def __init__(self, run: Run, seed: int) -> None:
        self.ring = Ring(run.scale.latents_kept, torch.float16, torch.int16)
        self.not_finite = torch.zeros((), device=run.device)
        self._run = run
        self._clips = rendered(run, seed, captions=2)
        next(self._clips)
        run.journal.say("renderer compiled")

    def open(self, vae: AutoencoderKLWan) -> None:
        """Take over the finished VAE and render the first clips."""
        self._vae, (self._mean, self._std) = vae, latent_statistics(vae, self._run.device)
        while len(self.ring) < self._run.scale.latents_first:
            self.refresh()
        self._run.journal.say(f"{len(self.ring)} clips to begin with")

    def refresh(self) -> None:
        """Render and encode one more batch of clips."""
        clips, ids = next(self._clips)
        with torch.no_grad(), self._run.autocast():
            moments = encode_moments(self._vae, clips)[0]
        latents = (moments.float() - self._mean) / self._std
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
