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

from dataclasses import dataclass

import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from torch import nn
from transformers import UMT5Config, UMT5EncoderModel

from wan_sdk.nano.vocabulary import END, PAD, TEXT_LENGTH, VOCABULARY


@dataclass(frozen=True)
class Scale:
    """Everything that differs between the model that ships and the one that a test trains.

    Args:
      frames: Frames of a training clip, 4 k + 1.
      height: Lines of a training clip, a multiple of 16.
      width: Columns of a training clip, a multiple of 16.
      vae: Arguments of `AutoencoderKLWan`.
      transformer: Arguments of `WanTransformer3DModel`.
      text: Arguments of `UMT5Config`.
      text_batch: Captions a step of the text stage, over all GPUs.
      vae_batch: Clips a step of the VAE stage, over all GPUs.
      transformer_batch: Latent clips a step of the transformer stage, over all GPUs.
      student_batch: Latent clips an update of the four-step stage, over all GPUs.
      rendered_at_once: Clips that one call of the renderer makes.
      clips_kept: Rendered clips that each GPU keeps for the VAE to draw from.
      latents_kept: Encoded clips that each GPU keeps for the transformer to draw from.
      latents_first: Encoded clips that must be there before the transformer's first step.
      fresh_every: Steps of the transformer between two calls of the renderer.
      held_out: Clips, never trained on, that the VAE is measured on.
      workers: Processes a GPU that draw scenes and captions.
    """

    frames: int
    height: int
    width: int
    vae: dict[str, object]
    transformer: dict[str, object]
    text: dict[str, object]
    text_batch: int
    vae_batch: int
    transformer_batch: int
    student_batch: int
    rendered_at_once: int
    clips_kept: int
    latents_kept: int
    latents_first: int
    fresh_every: int
    held_out: int
    workers: int

    @property
    def latent_shape(self) -> tuple[int, int, int, int]:
        """Channels, frames, lines and columns of one encoded clip."""
        return 16, (self.frames - 1) // 4 + 1, self.height // 8, self.width // 8


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
    frames=25,
    height=96,
    width=160,
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
    vae_batch=16,
    transformer_batch=512,
    student_batch=256,
    rendered_at_once=64,
    clips_kept=768,
    latents_kept=150_000,
    latents_first=8192,
    fresh_every=4,
    held_out=32,
    workers=6,
)

TINY = Scale(
    frames=5,
    height=32,
    width=48,
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
    vae_batch=4,
    transformer_batch=16,
    student_batch=4,
    rendered_at_once=8,
    clips_kept=16,
    latents_kept=64,
    latents_first=32,
    fresh_every=16,
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
