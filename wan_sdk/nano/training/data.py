"""Clips on the fly: processes draw scenes and captions, the GPU renders them, and no file is ever written.

    draw (many CPU processes) ──► render (GPU) ──► encode (GPU) ──► Ring of latents ──► batches

Rendering is so much cheaper than training on a clip that there is no data set: only seeds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping

import numpy as np
import torch
from diffusers import AutoencoderKLWan
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from wan_sdk.nano.attributes import MOTIONS
from wan_sdk.nano.language.captions import caption
from wan_sdk.nano.language.vocabulary import UNKNOWN, VOCABULARY, encode
from wan_sdk.nano.training.networks import Shape
from wan_sdk.nano.training.run import Run
from wan_sdk.nano.training.versions import draw_other_versions, other_versions
from wan_sdk.nano.training.whole_clip import encode_moments, latent_statistics
from wan_sdk.nano.world import build, render, sample
from wan_sdk.nano.world.camera import pin

HELD_OUT_SEED = 999_983  # clips that no stage trains on
# Of the clips trained on, on top of those that the world draws: of 24 generated clips four with such a turn smeared,
# and of 51 that were to be shot by a camera at rest five moved a little.
MORE_SPINS, MORE_AT_REST = 0.15, 0.15
_FRESH_EVERY = 8  # batches of latents between two calls of the renderer
_FRESH_SHARE = 2  # a call renders so much less than a batch, so each clip is used about 16 times
_ENCODED_AT_ONCE = 16  # clips, so that another stage on the same GPU has room
_MARKS = 5  # tokens below are marks, not words: padding, end, unknown, comma, full stop


class Drawn(IterableDataset):
    """Scenes with their captions, drawn without end; each worker process has a seed of its own.

    Args:
      seed: What is drawn.
      count: How many clips at once.
      frames: How long they are; 0 to draw only captions and attributes.
      captions: Different captions for each clip.
      fixed: Attributes that are the same in every clip, by name.
      stressed: Whether what is hard to learn is drawn more often, a spinning subject and a camera at rest; what is
        fixed stays.
      versions: Whether the last quarter of the clips are other versions of the first; see `versions.py`.

    >>> attributes, scene, ids = next(iter(Drawn(3, count=2, frames=5)))
    >>> scene["seconds"].shape, ids.shape
    (torch.Size([2, 5]), torch.Size([2, 1, 64]))
    """

    def __init__(
        self,
        seed: int,
        count: int,
        frames: int,
        captions: int = 1,
        fixed: Mapping[str, object] | None = None,
        stressed: bool = False,
        versions: bool = False,
    ) -> None:
        self.seed, self.count, self.frames, self.captions, self.fixed = seed, count, frames, captions, dict(fixed or {})
        self.stressed, self.versions = stressed, versions

    def __iter__(self) -> Iterator[tuple[dict[str, Tensor], object, Tensor]]:
        worker = torch.utils.data.get_worker_info()
        if worker:
            torch.set_num_threads(1)
        seed = self.seed * 1000 + (worker.id if worker else 0)
        numbers, words = np.random.default_rng(seed), random.Random(seed)  # noqa: S311 - seeds, not secrets
        while True:
            attributes = sample(numbers, self.count, **self.fixed)
            if self.stressed:
                attributes = _stressed(numbers, attributes, self.fixed)
            if self.versions:
                attributes = draw_other_versions(numbers, attributes, self.fixed)
            ids = torch.tensor(
                [[encode(caption(words, attributes, i)) for _ in range(self.captions)] for i in range(self.count)],
                dtype=torch.int16,
            )
            scene = build(attributes, frames=self.frames, fps=12) if self.frames else 0
            yield {name: torch.as_tensor(np.asarray(values)) for name, values in attributes.items()}, scene, ids


def draw(
    run: Run,
    seed: int,
    count: int,
    frames: int,
    *,
    captions: int = 1,
    workers: int | None = None,
    versions: bool = False,
) -> Iterator[tuple[dict[str, Tensor], object, Tensor]]:
    """Draw attributes, scenes and captions in worker processes, on this process's own seed; see `Drawn`."""
    workers = run.scale.workers if workers is None else workers
    drawn = Drawn(seed * 100 + run.rank, count, frames, captions, run.fixed, stressed=True, versions=versions)
    return iter(
        DataLoader(
            drawn,
            batch_size=None,
            num_workers=workers,
            prefetch_factor=4 if workers else None,
            pin_memory=run.device.type == "cuda",
        )
    )


def rendered(
    run: Run,
    seed: int,
    shape: Shape,
    count: int,
    *,
    captions: int = 1,
    workers: int | None = None,
    versions: bool = False,
) -> Iterator[tuple[Tensor, Tensor]]:
    """Draw and render without end.

    Yields:
      Clips, [count, 3, T, H, W] in -1...1, and tokens, [count, captions, words], on the run's device.
    """
    for _, scene, ids in draw(run, seed, count, shape.frames, captions=captions, workers=workers, versions=versions):
        with torch.no_grad():
            clips = render(to_device(scene, run.device), shape.height, shape.width, compiled=run.compiled)
        yield clips, ids.to(run.device, non_blocking=True)


def _stressed(
    numbers: np.random.Generator, attributes: dict[str, np.ndarray], fixed: Mapping[str, object]
) -> dict[str, np.ndarray]:
    count = len(attributes["motion"])
    changed = dict(attributes)
    if "motion" not in fixed:
        spins = numbers.random(count) < MORE_SPINS
        changed["motion"] = np.where(spins, MOTIONS.index("spin"), attributes["motion"])
    if "camera" not in fixed:
        rests = numbers.random(count) < MORE_AT_REST
        for name, values in pin("static", numbers, count).items():
            changed[name] = np.where(rests.reshape(-1, *[1] * (values.ndim - 1)), values, attributes[name])
    return changed


def to_device(scene: object, device: torch.device) -> object:
    """Move every array of a scene."""
    if isinstance(scene, Tensor):
        return scene.to(device, non_blocking=True)
    return {name: to_device(value, device) for name, value in scene.items()}


def held_out(run: Run, shape: Shape, at_once: int = 4) -> Tensor:
    """Render the clips that nothing is trained on, a few at a time and without compiling."""
    drawn = iter(Drawn(HELD_OUT_SEED, at_once, shape.frames, fixed=run.fixed))
    parts = [
        render(to_device(next(drawn)[1], run.device), shape.height, shape.width)
        for _ in range(run.scale.held_out // at_once)
    ]
    return torch.cat(parts)


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
    """Encoded clips of one shape with two captions each, refreshed while they are used; some in two versions.

    Making one starts the worker processes and compiles the renderer; `open` needs the finished VAE.

    The encoder is not compiled: without gradients, a compiled one was off by .65 to .72 standard deviations on a GPU
    (torch 2.11), where the same functions in bf16, not compiled, were off by .008 to .009.

    Args:
      run: Whose GPU and scale.
      shape: Of the clips.
      seed: What is drawn.
    """

    def __init__(self, run: Run, shape: Shape, seed: int) -> None:
        self.ring = Ring(run.scale.latents_kept, torch.float16, torch.int16, torch.float16)
        self.not_finite = torch.zeros((), device=run.device)
        self.batch = run.share(shape.batch)
        self._run, self._shape, self._draws = run, shape, 0
        workers = run.scale.workers if shape == run.scale.native else min(1, run.scale.workers)
        count = max(4, self.batch // _FRESH_SHARE)
        self._clips = rendered(run, seed, shape, count, captions=2, workers=workers, versions=True)
        next(self._clips)
        run.journal.say(f"renderer of {shape.name} is ready")

    def open(self, vae: AutoencoderKLWan) -> None:
        """Take over the finished VAE and render the first clips."""
        self._vae, (self._mean, self._std) = vae, latent_statistics(vae, self._run.device)
        part = self._shape.turns / self._run.scale.native.turns
        while len(self.ring) < self._run.scale.latents_first * part:
            self.refresh()

    def refresh(self) -> None:
        """Render and encode some more clips."""
        clips, ids = next(self._clips)
        with torch.no_grad(), self._run.autocast():
            moments = torch.cat([encode_moments(self._vae, part)[0] for part in clips.split(_ENCODED_AT_ONCE)])
        latents = (moments.float() - self._mean) / self._std
        self.not_finite += (~latents.isfinite()).flatten(1).any(1).sum()
        latents = latents.nan_to_num()
        self.ring.add(latents, ids, other_versions(latents))

    def draw(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return a batch of normalised latents, [batch, 16, t, h, w], one caption each, [batch, words], and others.

        The others are the clips' other versions; a clip itself where it has none.
        """
        self._draws += 1
        if self._draws % _FRESH_EVERY == 0:
            self.refresh()
        latents, ids, others = self.ring.draw(self.batch)
        which = torch.randint(ids.shape[1], (self.batch,), device=ids.device)
        ids = ids[torch.arange(self.batch, device=ids.device), which].long()
        return latents.float(), ids, others.float()


def open_pools(run: Run, seed: int) -> list[LatentPool]:
    """Make a pool for each shape of the scale: their renderers compile now, `LatentPool.open` fills them later."""
    numbered = list(enumerate(run.scale.shapes))
    pools = {k: LatentPool(run, shape, seed + 37 * k) for k, shape in run.from_elsewhere(numbered)}
    return [pools[k] for k, _ in numbered]


def hide_words(ids: Tensor, share: float) -> Tensor:
    """Replace a share of the words by <unk>, so that a word from outside the vocabulary does little harm."""
    hidden = (torch.rand(ids.shape, device=ids.device) < share) & (ids >= _MARKS)
    return ids.masked_fill(hidden, VOCABULARY[UNKNOWN])
