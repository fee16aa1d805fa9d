"""The Wan VAE on a whole clip at once: the numbers of diffusers' chunks, several times faster to train.

diffusers codes a clip in chunks, one frame and then four at a time, and hands the last frames of each layer on to the
next chunk. Its convolutions are causal (they look back in time, never ahead), so the whole clip in one go gives the
same numbers, if three layers mind the first frame, which has no partner in time:

* `downsample3d`: the first frame skips `time_conv`; the others come from `time_conv` over the whole clip, unpadded.
* `upsample3d`: the first frame skips `time_conv`; the others see *zeros* before them, not the first frame.
* `DupUp3D`: the repeats of the first frame but one are dropped (`AvgDown3D` pads a frame in front and needs no care).

A causal convolution over time runs here as one 2-D convolution over shifted copies of the clip, stacked as channels:
cuDNN's 2-D kernels are about twice as fast in bf16 (859 against 416 clips a second, forward and backward, one H200).

`tests/nano/training/test_whole_clip.py` holds the equality for 1, 5 and 25 frames.
"""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from diffusers import AutoencoderKLWan
from torch import Tensor, nn


def encode_moments(vae: AutoencoderKLWan, clips: Tensor) -> tuple[Tensor, Tensor]:
    """Encode clips to the mean and the log variance of their latents.

    Args:
      vae: The VAE.
      clips: [batch, 3, T, H, W] in -1...1, with T = 4 k + 1.

    Returns:
      Mean and log variance, each [batch, 16, k + 1, H / 8, W / 8], not normalised.
    """
    encoder = vae.encoder
    x = _convolve(encoder.conv_in, _patchify(clips))
    for block in encoder.down_blocks:
        x = _down(block, x)
    x = _convolve(encoder.conv_out, functional.silu(encoder.norm_out(_middle(encoder.mid_block, x))))
    mean, log_variance = _convolve(vae.quant_conv, x).chunk(2, 1)
    return mean, log_variance


def decode_whole(vae: AutoencoderKLWan, latents: Tensor) -> Tensor:
    """Decode latents, [batch, 16, t, h, w] and not normalised, to clips, [batch, 3, 4 t - 3, 8 h, 8 w].

    What comes out is not clipped to -1...1, so that training sees how far it is off.
    """
    decoder = vae.decoder
    x = _middle(decoder.mid_block, _convolve(decoder.conv_in, _convolve(vae.post_quant_conv, latents)))
    for block in decoder.up_blocks:
        x = _up(block, x)
    return _unpatchify(_convolve(decoder.conv_out, functional.silu(decoder.norm_out(x))))


def latent_statistics(vae: AutoencoderKLWan, device: torch.device | str) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation of the latents by channel, each [1, 16, 1, 1, 1]."""
    mean = torch.tensor(vae.config.latents_mean, device=device).view(1, -1, 1, 1, 1)
    std = torch.tensor(vae.config.latents_std, device=device).view(1, -1, 1, 1, 1)
    return mean, std


def _convolve(layer: nn.Module, x: Tensor) -> Tensor:
    """Run a causal 3-D convolution as one 2-D convolution over the clip and its copies shifted in time."""
    kernel_t, kernel_h, kernel_w = layer.kernel_size
    left, _, top, _, before, _ = layer._padding  # noqa: SLF001 - diffusers keeps a causal padding of its own there
    if before:
        x = functional.pad(x, (0, 0, 0, 0, before, 0))
    batch, channels, frames, height, width = x.shape
    stride = layer.stride[0]
    frames_out = (frames - kernel_t) // stride + 1
    if kernel_t > 1:
        x = torch.cat([x[:, :, k : k + stride * (frames_out - 1) + 1 : stride] for k in range(kernel_t)], 1)
    x = x.transpose(1, 2).reshape(batch * frames_out, kernel_t * channels, height, width)
    weight = layer.weight.transpose(1, 2).reshape(layer.out_channels, kernel_t * channels, kernel_h, kernel_w)
    x = functional.conv2d(x.contiguous(memory_format=torch.channels_last), weight, layer.bias, padding=(top, left))
    return x.view(batch, frames_out, -1, *x.shape[-2:]).transpose(1, 2)


def _residual(block: nn.Module, x: Tensor) -> Tensor:
    shortcut = x if isinstance(block.conv_shortcut, nn.Identity) else _convolve(block.conv_shortcut, x)
    x = _convolve(block.conv1, functional.silu(block.norm1(x)))
    return shortcut + _convolve(block.conv2, functional.silu(block.norm2(x)))


def _middle(block: nn.Module, x: Tensor) -> Tensor:
    x = _residual(block.resnets[0], x)
    for attention, residual in zip(block.attentions, block.resnets[1:], strict=True):
        x = _residual(residual, attention(x))
    return x


def _each_frame(layers: nn.Module, x: Tensor) -> Tensor:
    batch, channels, frames, height, width = x.shape
    x = layers(x.transpose(1, 2).reshape(batch * frames, channels, height, width))
    return x.view(batch, frames, *x.shape[1:]).transpose(1, 2)


def _down(block: nn.Module, x: Tensor) -> Tensor:
    shortcut = block.avg_shortcut(x)
    for residual in block.resnets:
        x = _residual(residual, x)
    if block.downsampler is not None:
        x = _each_frame(block.downsampler.resample, x)
        if block.downsampler.mode == "downsample3d" and x.shape[2] > 1:
            x = torch.cat([x[:, :, :1], _convolve(block.downsampler.time_conv, x)], 2)
    return x + shortcut


def _up(block: nn.Module, x: Tensor) -> Tensor:
    shortcut = None if block.avg_shortcut is None else block.avg_shortcut(x, first_chunk=True)
    for residual in block.resnets:
        x = _residual(residual, x)
    if block.upsampler is not None:
        if block.upsampler.mode == "upsample3d" and x.shape[2] > 1:
            x = torch.cat([x[:, :, :1], _twice_as_many_frames(block.upsampler.time_conv, x[:, :, 1:])], 2)
        x = _each_frame(block.upsampler.resample, x)
    return x if shortcut is None else x + shortcut


def _twice_as_many_frames(time_conv: nn.Module, x: Tensor) -> Tensor:
    batch, channels, frames, height, width = x.shape
    pairs = _convolve(time_conv, x).reshape(batch, 2, channels, frames, height, width)
    return torch.stack((pairs[:, 0], pairs[:, 1]), 3).reshape(batch, channels, 2 * frames, height, width)


def _patchify(clips: Tensor, patch: int = 2) -> Tensor:
    batch, channels, frames, height, width = clips.shape
    x = clips.view(batch, channels, frames, height // patch, patch, width // patch, patch)
    x = x.permute(0, 1, 6, 4, 2, 3, 5)
    return x.reshape(batch, channels * patch * patch, frames, height // patch, width // patch)


def _unpatchify(x: Tensor, patch: int = 2) -> Tensor:
    batch, channels, frames, height, width = x.shape
    x = x.view(batch, channels // patch**2, patch, patch, frames, height, width)
    x = x.permute(0, 1, 4, 5, 3, 6, 2)
    return x.reshape(batch, channels // patch**2, frames, height * patch, width * patch)
