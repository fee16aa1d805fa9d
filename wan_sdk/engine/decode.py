"""From latents to frames and back, in pieces.

Wan's VAE is causal: a frame depends on those before it and on none after. So a clip is coded
piece by piece, and what is carried from piece to piece (the last two frames that each causal
convolution saw) is a plain list that belongs to one decoding. The VAE itself keeps no state, any
number of clips can be decoded at once, and a cancelled decoding leaves nothing behind.

In float32, pieces of several latent frames give the same numbers as diffusers' pieces of one
(within 4e-6 of a range of 2) and are up to four times as fast for small pictures on a processor:
torch hands a 3-D convolution to its fast library only from a certain size on. A VAE that runs in
bfloat16, as nano's may, gives the same within the rounding of that type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import torch
from diffusers import AutoencoderKLWan
from diffusers.models.autoencoders.autoencoder_kl_wan import patchify, unpatchify
from torch.nn.functional import pad

from wan_sdk.engine.protocol import CancelToken

# A piece may make each full-size activation this big, counted in float32: more takes memory and, out of the cache,
# time. So nano's pieces have two latent frames at 320x192, which are as fast there as six, and six at 160x96.
_PIECE_BYTES = 16e6
_LONGEST_PIECE = 6
_TIME = 4  # frames a latent frame

Enlarger = Callable[[np.ndarray], np.ndarray]


@torch.no_grad()
def decode_frames(
    vae: AutoencoderKLWan,
    latents: torch.Tensor,
    *,
    enlarge: Enlarger | None = None,
    cancel: CancelToken | None = None,
) -> Iterator[np.ndarray]:
    """Yield the frames of a clip: first one frame, then pieces of 4 frames or a multiple.

    The first k latent frames give exactly the first 4k - 3 frames of the clip, to the last bit:
    every piece is computed at the same length, the last one filled up with zeros that causality
    keeps out of the frames before them.

    Args:
      vae: The VAE, on the device and in the number format to decode in.
      latents: [channels, latent frames, rows, columns], normalised.
      enlarge: Makes the frames of a piece larger, each by itself; None leaves them as they are.
      cancel: Checked before each piece.

    Yields:
      uint8 arrays [frames, height, width, 3].
    """
    weight = next(vae.parameters())
    values = denormalise(vae, latents.to(weight.device, torch.float32)[None]).to(weight.dtype)
    # post_quant_conv looks at one latent frame at a time, so it may see them all at once
    values = vae.post_quant_conv(values)
    piece = _piece_length(vae, latents.shape[-2], latents.shape[-1])
    carried: list = [None] * vae._cached_conv_counts["decoder"]  # noqa: SLF001 - what vae.clear_cache itself uses
    first = 0
    while first < values.shape[2]:
        if cancel is not None:
            cancel.check()
        length = piece if first else 1
        part = values[:, :, first : first + length]
        kept = part.shape[2]
        part = pad(part, (0, 0, 0, 0, 0, length - kept))
        decoded = vae.decoder(part, feat_cache=carried, feat_idx=[0], first_chunk=first == 0)
        if vae.config.patch_size is not None:
            decoded = unpatchify(decoded, patch_size=vae.config.patch_size)
        frames = _to_uint8(decoded[0, :, : _TIME * kept if first else 1])
        yield frames if enlarge is None else enlarge(frames)
        first += kept


@torch.no_grad()
def encode_frames(vae: AutoencoderKLWan, frames: np.ndarray, *, cancel: CancelToken | None = None) -> torch.Tensor:
    """Return the latents of a clip: [channels, latent frames, rows, columns], normalised, float32.

    Args:
      vae: The VAE.
      frames: uint8 [4k + 1 frames, height, width, 3].
      cancel: Checked before each piece.
    """
    weight = next(vae.parameters())
    pixels = torch.from_numpy(np.ascontiguousarray(frames)).to(weight.device).permute(3, 0, 1, 2)[None]
    piece = _TIME * _piece_length(vae, *(side // vae.config.scale_factor_spatial for side in frames.shape[1:3]))
    carried: list = [None] * vae._cached_conv_counts["encoder"]  # noqa: SLF001
    encoded = []
    first = 0
    while first < pixels.shape[2]:
        if cancel is not None:
            cancel.check()
        part = pixels[:, :, first : first + (piece if first else 1)].to(weight.dtype) / 127.5 - 1
        first += part.shape[2]
        if vae.config.patch_size is not None:
            part = patchify(part, patch_size=vae.config.patch_size)
        encoded.append(vae.encoder(part, feat_cache=carried, feat_idx=[0]))
    mean = vae.quant_conv(torch.cat(encoded, 2)).chunk(2, 1)[0]
    return normalise(vae, mean.float())[0]


def normalise(vae: AutoencoderKLWan, values: torch.Tensor) -> torch.Tensor:
    """Return latents [batch, channels, ...] with mean 0 and standard deviation 1 a channel."""
    mean, std = _statistics(vae, values)
    return (values - mean) / std


def denormalise(vae: AutoencoderKLWan, values: torch.Tensor) -> torch.Tensor:
    """Return normalised latents [batch, channels, ...] as the VAE knows them."""
    mean, std = _statistics(vae, values)
    return values * std + mean


def enlarged(frames: np.ndarray, factor: int) -> np.ndarray:
    """Return frames enlarged by a whole factor, with Lanczos' window.

    >>> enlarged(np.zeros((5, 96, 160, 3), np.uint8), 3).shape
    (5, 288, 480, 3)

    Args:
      frames: uint8 [frames, height, width, 3].
      factor: 1 or more.
    """
    if factor == 1:
        return frames
    height, width = frames.shape[1] * factor, frames.shape[2] * factor
    larger = np.empty((len(frames), height, width, 3), np.uint8)
    for index, frame in enumerate(frames):
        cv2.resize(frame, (width, height), dst=larger[index], interpolation=cv2.INTER_LANCZOS4)
    return larger


def _piece_length(vae: AutoencoderKLWan, rows: int, columns: int) -> int:
    """Return how many latent frames a piece has; the clip's length and the number format never change it."""
    width = vae.config.decoder_base_dim or vae.config.base_dim
    side = vae.config.scale_factor_spatial / (vae.config.patch_size or 1)
    largest = 4 * width * _TIME * rows * side * columns * side  # bytes, as if in float32
    return max(1, min(_LONGEST_PIECE, int(_PIECE_BYTES / largest)))


def _statistics(vae: AutoencoderKLWan, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    shape = (1, -1, *[1] * (values.ndim - 2))
    numbers = (vae.config.latents_mean, vae.config.latents_std)
    mean, std = (torch.tensor(column, dtype=values.dtype, device=values.device).view(shape) for column in numbers)
    return mean, std


def _to_uint8(pixels: torch.Tensor) -> np.ndarray:
    """Turn [3, frames, height, width] in -1..1 into uint8 [frames, height, width, 3]."""
    levels = (pixels.float().clamp(-1, 1) * 127.5 + 127.5).round().to(torch.uint8)
    return levels.permute(1, 2, 3, 0).contiguous().cpu().numpy()
