"""The three networks of nano: stock classes of diffusers and transformers, in a small size.

| network             | class                    | what it does                                                        |
|---------------------|--------------------------|---------------------------------------------------------------------|
| text encoder        | `UMT5EncoderModel`       | 64 words -> 64 vectors                                              |
| VAE                 | `AutoencoderKLWan`       | a clip <-> latents: 8x smaller in height and width, 4x in time      |
| transformer ("DiT") | `WanTransformer3DModel`  | noisy latents, noise level, text -> the velocity toward the noise   |

Nothing here is special to nano but the numbers, so the folder loads in the stock Wan pipelines. Two sets of numbers:
`NANO` is what ships, `TINY` trains end to end on a CPU in about a minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from torch import nn
from transformers import UMT5Config, UMT5EncoderModel

from wan_sdk.nano.language.vocabulary import END, PAD, TEXT_LENGTH, VOCABULARY


@dataclass(frozen=True)
class Shape:
    """A length and size that clips are trained at.

    Args:
      frames: Frames of a clip, 4 k + 1.
      height: Lines, a multiple of 16.
      width: Columns, a multiple of 16.
      batch: Clips a step, over all GPUs.
      turns: Steps at this shape in each round of all shapes.
    """

    frames: int
    height: int
    width: int
    batch: int
    turns: int = 1

    @property
    def name(self) -> str:
        """Frames, lines and columns, like "25x192x320"."""
        return f"{self.frames}x{self.height}x{self.width}"

    @property
    def latent(self) -> tuple[int, int, int, int]:
        """Channels, frames, lines and columns of one encoded clip."""
        return 16, (self.frames - 1) // 4 + 1, self.height // 8, self.width // 8


@dataclass(frozen=True)
class Scale:
    """Everything that differs between the model that ships and the one that a test trains.

    Args:
      shapes: What the transformer is trained at, its native shape first. A step has clips of one shape; the batches
        cost about the same.
      vae_shape: What the VAE is trained at. It never looks ahead, so the longest clips teach it the shorter ones.
      vae: Arguments of `AutoencoderKLWan`.
      transformer: Arguments of `WanTransformer3DModel`.
      text: Arguments of `UMT5Config`.
      text_batch: Captions a step of the text stage, over all GPUs.
      clips_kept: Rendered clips that each GPU keeps for the VAE to draw from.
      latents_kept: Encoded clips of each shape that each GPU keeps for the transformer to draw from.
      latents_first: Encoded clips of the native shape that must be there before the transformer's first step.
      held_out: Clips, never trained on, that the VAE is measured on.
      workers: Processes a GPU that draw scenes and captions of the native shape.
    """

    shapes: tuple[Shape, ...]
    vae_shape: Shape
    vae: dict[str, object]
    transformer: dict[str, object]
    text: dict[str, object]
    text_batch: int
    clips_kept: int
    latents_kept: int
    latents_first: int
    held_out: int
    workers: int

    def only(self, names: Sequence[str], batch_part: int = 1) -> Scale:
        """Return the same with some of the shapes, named like "25x96x160", and batches so many times smaller.

        >>> [shape.name for shape in NANO.only(["25x96x160"]).shapes]
        ['25x96x160']
        """
        known = {shape.name: shape for shape in self.shapes}
        shapes = [known[name] for name in names] if names else list(self.shapes)
        return replace(self, shapes=tuple(replace(s, batch=max(1, s.batch // batch_part)) for s in shapes))

    @property
    def native(self) -> Shape:
        """The shape that the model is best at."""
        return self.shapes[0]

    def turn(self, step: int) -> int:
        """Return which of `shapes` a step trains at, spread evenly over a round.

        >>> [NANO.turn(step) for step in range(11)].count(0)
        6
        """
        turns = sorted(
            ((k + 0.5) / shape.turns, which) for which, shape in enumerate(self.shapes) for k in range(shape.turns)
        )
        return turns[step % len(turns)][1]


_VAE = {
    "z_dim": 16,
    "is_residual": True,
    "patch_size": 2,
    "in_channels": 12,
    "out_channels": 12,
    "dim_mult": [1, 2, 2],
    "num_res_blocks": 1,
    "temperal_downsample": [True, True],  # diffusers' own spelling
    "scale_factor_temporal": 4,
    "scale_factor_spatial": 8,
    "latents_mean": [0.0] * 16,
    "latents_std": [1.0] * 16,
}
_TRANSFORMER = {
    "patch_size": (1, 2, 2),
    "in_channels": 16,
    "out_channels": 16,
    "cross_attn_norm": True,
    "qk_norm": "rms_norm_across_heads",
    "rope_max_seq_len": 64,  # in patches: up to 1024 pixels or 253 frames
}
_TEXT = {
    "relative_attention_num_buckets": 16,
    "relative_attention_max_distance": 48,
    "dropout_rate": 0.0,
    "feed_forward_proj": "gated-gelu",
    "pad_token_id": VOCABULARY[PAD],
    "eos_token_id": VOCABULARY[END],
    "tie_word_embeddings": False,
    "is_encoder_decoder": False,
    "use_cache": False,
}

NANO = Scale(
    shapes=(
        Shape(25, 192, 320, batch=128, turns=6),
        Shape(25, 96, 160, batch=512),
        Shape(49, 192, 320, batch=48),
        Shape(13, 192, 320, batch=224),
        Shape(25, 240, 240, batch=128),
        Shape(25, 320, 192, batch=128),
    ),
    vae_shape=Shape(49, 192, 320, batch=8),
    vae=_VAE | {"base_dim": 24, "decoder_base_dim": 32},
    transformer=_TRANSFORMER
    | {
        "num_attention_heads": 6,
        "attention_head_dim": 48,
        "num_layers": 8,
        "ffn_dim": 640,
        "text_dim": 128,
        "freq_dim": 128,
    },
    text=_TEXT | {"d_model": 128, "d_kv": 32, "num_heads": 4, "d_ff": 256, "num_layers": 3},
    text_batch=256,
    clips_kept=256,
    latents_kept=8_000,
    latents_first=2048,
    held_out=32,
    workers=2,
)

TINY = Scale(
    shapes=(Shape(5, 32, 48, batch=16, turns=2), Shape(9, 48, 32, batch=8)),
    vae_shape=Shape(9, 32, 48, batch=4),
    vae=_VAE | {"base_dim": 8, "decoder_base_dim": 8},
    transformer=_TRANSFORMER
    | {
        "num_attention_heads": 2,
        "attention_head_dim": 24,
        "num_layers": 2,
        "ffn_dim": 96,
        "text_dim": 32,
        "freq_dim": 32,
    },
    text=_TEXT | {"d_model": 32, "d_kv": 16, "num_heads": 2, "d_ff": 64, "num_layers": 1},
    text_batch=32,
    clips_kept=16,
    latents_kept=64,
    latents_first=32,
    held_out=4,
    workers=0,
)


def make_vae(scale: Scale) -> AutoencoderKLWan:
    """Make an untrained VAE; its latents are not normalised yet."""
    return AutoencoderKLWan(**scale.vae)


def make_transformer(scale: Scale) -> WanTransformer3DModel:
    """Make an untrained transformer whose first answer is zero everywhere.

    A last layer of zeros starts the loss at the variance of its target instead of far above it.
    """
    transformer = WanTransformer3DModel(**scale.transformer)
    nn.init.zeros_(transformer.proj_out.weight)
    nn.init.zeros_(transformer.proj_out.bias)
    return transformer


def make_text_encoder(scale: Scale) -> UMT5EncoderModel:
    """Make an untrained text encoder for the words of `VOCABULARY`."""
    return UMT5EncoderModel(UMT5Config(**scale.text, vocab_size=len(VOCABULARY)))


def text_states(encoder: UMT5EncoderModel, ids: torch.Tensor) -> torch.Tensor:
    """Encode token ids as the Wan pipelines do: last hidden states, zeros after the end.

    Args:
      encoder: The text encoder.
      ids: Tokens, [batch, words].

    Returns:
      Vectors, [batch, words, d_model].
    """
    mask = (ids != VOCABULARY[PAD]).long()
    return encoder(ids, mask).last_hidden_state * mask[..., None]


def empty_prompt(device: torch.device | str = "cpu") -> torch.Tensor:
    """Return the tokens of the empty prompt, [64]: the end mark and padding."""
    ids = torch.full((TEXT_LENGTH,), VOCABULARY[PAD], dtype=torch.long, device=device)
    ids[0] = VOCABULARY[END]
    return ids
