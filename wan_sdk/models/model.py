"""What the catalogue says of one checkpoint."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Task = Literal["t2v", "i2v", "flf2v", "v2v", "vace", "animate", "s2v"]
Layout = Literal["t2v", "i2v-clip", "flf2v-clip", "a14b-t2v", "a14b-i2v", "ti2v", "vace", "animate", "other"]


@dataclass(frozen=True)
class Network:
    """The shape of one denoising transformer, for the estimate of time and memory.

    Args:
      width: Model width d (heads times head dimension).
      feedforward: Width of the feed-forward layer f.
      layers: Number of blocks N.
      experts: Transformers that share the steps: 1, or 2 for the A14B.
    """

    width: int
    feedforward: int
    layers: int
    experts: int = 1

    def parameters(self, *, text_width: int = 4096) -> int:
        """Return the weights of all experts: the blocks, the time and text embeddings.

        The patch embedding, the head and the norms are left out: 0.1 % of any model here.

        >>> round(Network(5120, 13824, 40).parameters() / 1e9, 2)
        14.28

        Args:
          text_width: Width of the text encoder.
        """
        d, f = self.width, self.feedforward
        block = 8 * d * d + 2 * d * f + 6 * d
        embeddings = 8 * d * d + (text_width + 256) * d
        return self.experts * (self.layers * block + embeddings)


@dataclass(frozen=True)
class Distilled:
    """A student: a second transformer of a checkpoint that learned to need few steps and no guidance.

    It knows its own steps, guidance and shift and no others; anything else is for the transformer that it learned from.

    Args:
      folder: Where it lies in the checkpoint, beside ``transformer``.
      steps: Denoising steps.
      guidance: One value; 1 where guidance was learned in.
      flow_shift: Shift of the noise schedule.
      sampler: ``"unipc"``, ``"euler"`` or ``"dpm1"``.
    """

    folder: str
    steps: int
    guidance: float
    flow_shift: float
    sampler: Literal["unipc", "euler", "dpm1"]


@dataclass(frozen=True)
class Model:
    """Describe a checkpoint: what it does, its legal sizes and lengths, its authors' recipe.

    Every number comes from `source`. Guidance has two values where two experts share the
    steps: first the one for high noise.

    Args:
      key: Name in the catalogue, e.g. ``"wan2.2-ti2v-5b"``.
      repo: Repository id in Diffusers format, or a folder on this machine.
      title: Name for people.
      tasks: What it can do: ``t2v i2v flf2v v2v vace animate s2v``.
      layout: How its parts are put together; tells the engine which pipeline serves it.
      runnable: Whether this version of the engine can run it.
      parameters: Of all transformers together.
      weights_gb: Size of all weights as kept resident, GB (10^9 bytes).
      network: Shape of the transformer.
      vae: ``"wan2.1"`` (8x8x4, 16 channels), ``"wan2.2"`` (16x16x4, 48 channels) or ``"nano"``.
      sizes: Sizes it was trained for as (width, height), the first being the default.
      size_follows_image: Whether the shape follows the first image at the area of a listed size.
      align: Width and height are multiples of this, pixels.
      frames: Default number of frames; always 4k + 1.
      frames_allowed: Smallest and largest number of frames of one call.
      frames_listed: The only legal frame counts, where training fixed them; else empty.
      fps: Frames per second.
      steps: Denoising steps.
      guidance: One value, or (high noise, low noise).
      flow_shift: Shift of the noise schedule.
      boundary: Noise level (0..1) where the second expert takes over, or None.
      sampler: ``"unipc"``, ``"euler"`` or ``"dpm1"``.
      negative: Default negative prompt.
      text_tokens: Longest prompt in tokens.
      licence: SPDX identifier.
      download_gb: Size of the download, GB.
      source: Where the numbers come from.
      delivered_lines: Frames with a shorter side are enlarged before marking, by the smallest whole factor that
        reaches it; never less than 256, which the watermark needs.
      upscaler: Whether the checkpoint has a folder ``upscaler``, a network that makes frames twice as large.
      draft: The student that makes drafts, or None.
      sizes_of_one_length: Those of `sizes` that it was trained at with the default number of frames alone.
      sizes_only: Whether no size beside `sizes` is legal (and shapes of the first image, where it follows one).
      why_not: Why the engine can't run it, where `runnable` is False.
      restyle_guidance: Guidance for making a clip anew, where it is another one.
    """

    key: str
    repo: str
    title: str
    tasks: tuple[Task, ...]
    layout: Layout
    runnable: bool
    parameters: int
    weights_gb: float
    network: Network
    vae: Literal["wan2.1", "wan2.2", "nano"]
    sizes: tuple[tuple[int, int], ...]
    size_follows_image: bool
    align: int
    frames: int
    frames_allowed: tuple[int, int]
    frames_listed: tuple[int, ...]
    fps: float
    steps: int
    guidance: tuple[float, ...]
    flow_shift: float
    boundary: float | None
    sampler: Literal["unipc", "euler", "dpm1"]
    negative: str
    text_tokens: int
    licence: str
    download_gb: float
    source: str
    delivered_lines: int = 256
    upscaler: bool = False
    draft: Distilled | None = None
    sizes_of_one_length: tuple[tuple[int, int], ...] = ()
    sizes_only: bool = False
    why_not: str = ""
    restyle_guidance: float | None = None

    def usual_guidance(self, *, restyles: bool) -> tuple[float, ...]:
        """Return the recipe's guidance, for making a clip anew or for all else."""
        return self.guidance if self.restyle_guidance is None or not restyles else (self.restyle_guidance,)

    def changed(self, **fields: object) -> Model:
        """Return a copy with some fields changed."""
        return replace(self, **fields)  # type: ignore[arg-type]
