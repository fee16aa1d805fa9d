"""The Wan transformer with two noise levels a clip: one for its first latent frame, one for the rest.

Image-to-video in the manner of Wan 2.2 TI2V keeps the first latent frame clean (noise level 0) while the rest is noisy.
Stock code embeds a noise level for *every token*: 420 embeddings a clip of which only two differ. Here the two are
embedded, and spread over the tokens inside each block, where the compiler fuses it away. The numbers are the stock ones
(`tests/nano/training/test_two_times.py`).
"""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from diffusers import WanTransformer3DModel
from diffusers.models.transformers.transformer_wan import WanTransformerBlock
from torch import Tensor


def velocity(transformer: WanTransformer3DModel, latents: Tensor, levels: Tensor, text: Tensor) -> Tensor:
    """Ask the transformer which way the noise lies.

    Args:
      transformer: The transformer, its blocks compiled by `compile_blocks` or not.
      latents: Noisy latents, [batch, 16, t, h, w].
      levels: Noise levels 0...1 of the first latent frame and of the others, [batch, 2].
      text: Encoded prompts, [batch, words, text_dim].

    Returns:
      The velocity noise - clean, shaped as the latents.
    """
    batch, _, frames, height, width = latents.shape
    rotary = transformer.rope(latents)
    tokens = transformer.patch_embedding(latents).flatten(2).transpose(1, 2).contiguous()
    in_first_frame = tokens.shape[1] // frames

    embed = transformer.condition_embedder
    waves = embed.timesteps_proj((levels * 1000).flatten()).unflatten(0, (batch, 2))
    time = embed.time_embedder(waves.to(embed.time_embedder.linear_1.weight.dtype))
    modulation = embed.time_proj(functional.silu(time)).unflatten(2, (6, -1))
    text = embed.text_embedder(text)
    for block in transformer.blocks:
        if isinstance(block, TwoTimesBlock):
            tokens = block(tokens, text, modulation, rotary, in_first_frame)
        else:
            tokens = block(tokens, text, spread(modulation, in_first_frame, tokens.shape[1]), rotary)

    time = spread(time, in_first_frame, tokens.shape[1]).unsqueeze(2)
    shift, scale = (transformer.scale_shift_table.unsqueeze(0) + time).chunk(2, 2)
    tokens = transformer.norm_out(tokens.float()) * (1 + scale.squeeze(2)) + shift.squeeze(2)
    patches = transformer.proj_out(tokens.type_as(text))
    patches = patches.reshape(batch, frames, height // 2, width // 2, 1, 2, 2, -1).permute(0, 7, 1, 4, 2, 5, 3, 6)
    return patches.flatten(6, 7).flatten(4, 5).flatten(2, 3)


def spread(two: Tensor, in_first_frame: int, tokens: int) -> Tensor:
    """Give the first frame's tokens the first of two embeddings, [batch, 2, ...], and all others the second."""
    first = two[:, :1].expand(-1, in_first_frame, *two.shape[2:])
    rest = two[:, 1:].expand(-1, tokens - in_first_frame, *two.shape[2:])
    return torch.cat([first, rest], 1)


class TwoTimesBlock(WanTransformerBlock):
    """A stock block that is handed two modulations, of the first latent frame and of the others.

    A frame's tokens share one modulation, so it is broadcast over them: nothing of the size tokens x 6 x width is ever
    stored, which is what makes first-frame training cheap.
    """

    def forward(  # type: ignore[override]
        self, tokens: Tensor, text: Tensor, modulation: Tensor, rotary: Tensor, in_first_frame: int
    ) -> Tensor:
        """Run the block on two modulations, [batch, 2, 6, width]."""
        frames = tokens.shape[1] // in_first_frame
        first, rest = (self.scale_shift_table[:, None] + modulation.float()).split(1, 1)
        by_frame = torch.cat([first, rest.expand(-1, frames - 1, -1, -1)], 1)
        shift, scale, gate, late_shift, late_scale, late_gate = by_frame.unsqueeze(2).unbind(3)

        def by_token(x: Tensor) -> Tensor:
            return x.float().unflatten(1, (frames, in_first_frame))

        x = (by_token(self.norm1(tokens.float())) * (1 + scale) + shift).flatten(1, 2).type_as(tokens)
        x = by_token(self.attn1(x, None, None, rotary))
        tokens = (by_token(tokens) + x * gate).flatten(1, 2).type_as(tokens)

        x = self.norm2(tokens.float()).type_as(tokens)
        tokens = tokens + self.attn2(x, text, None, None)

        x = (by_token(self.norm3(tokens.float())) * (1 + late_scale) + late_shift).flatten(1, 2).type_as(tokens)
        return (by_token(tokens) + by_token(self.ffn(x)) * late_gate).flatten(1, 2).type_as(tokens)


def compile_blocks(transformer: WanTransformer3DModel, *, compiled: bool = True) -> WanTransformer3DModel:
    """Turn the blocks into `TwoTimesBlock`s, in place, and compile one for all of them (10 s instead of 80).

    The compiler may not lengthen the rows of a tensor to whole cache lines. Of nano's shapes it would do so for
    25x240x240 alone, whose clips are an odd number of tokens, and there nearly every gradient was not finite.
    """
    config = torch._dynamo.config  # noqa: SLF001 - where torch keeps the setting
    config.recompile_limit = max(config.recompile_limit, 64)  # one a shape, with and without gradients
    for block in transformer.blocks:
        block.__class__ = TwoTimesBlock
        if compiled:
            block.compile(dynamic=False, options={"comprehensive_padding": False})
    return transformer


def known_first_frame(latents: Tensor, clean: Tensor, given: Tensor) -> Tensor:
    """Put the clean first latent frame in where it is given.

    Args:
      latents: Noisy latents, [batch, 16, t, h, w].
      clean: Clean latents of the same shape.
      given: Whether a clip's first frame is given, [batch], 0 or 1.
    """
    given = given.view(-1, 1, 1, 1).to(latents.dtype)
    first = given * clean[:, :, 0] + (1 - given) * latents[:, :, 0]
    return torch.cat([first[:, :, None], latents[:, :, 1:]], 2)


def levels_of(level: Tensor, given: Tensor) -> Tensor:
    """Pair the noise level of the first latent frame (0 where it is given) with that of the rest, [batch, 2]."""
    return torch.stack([torch.where(given > 0, torch.zeros_like(level), level), level], 1)
