"""What the checkpoints of the Wan family share, and what it weighs.

Source: parameters counted on the diffusers 0.42.1 classes; umT5-XXL encoder 5.681 B, CLIP-H
0.631 B, VAE 2.1 0.127 B, VAE 2.2 0.705 B.
"""

from __future__ import annotations

from typing import Literal

from wan_sdk.models.model import Network

WIDE_14B = Network(width=5120, feedforward=13824, layers=40)
EXPERTS_A14B = Network(width=5120, feedforward=13824, layers=40, experts=2)
WIDE_5B = Network(width=3072, feedforward=14336, layers=30)
WIDE_1_3B = Network(width=1536, feedforward=8960, layers=30)

LANDSCAPE_480, PORTRAIT_480 = (832, 480), (480, 832)
LANDSCAPE_720, PORTRAIT_720 = (1280, 720), (720, 1280)
SIZES_480 = (LANDSCAPE_480, PORTRAIT_480)
SIZES_480_720 = (LANDSCAPE_480, PORTRAIT_480, LANDSCAPE_720, PORTRAIT_720)
SIZES_720_480 = (LANDSCAPE_720, PORTRAIT_720, LANDSCAPE_480, PORTRAIT_480)

# The official code bounds the number of frames by nothing but 4k + 1. The upper bound is ours: past
# twice the trained length clips repeat themselves or drift, so a second shot serves better.
FRAMES_81 = (5, 161)
FRAMES_121 = (5, 241)

TEXT_ENCODER = 5.681e9
CLIP = 0.631e9
VAE = {"wan2.1": 0.127e9, "wan2.2": 0.705e9}


def resident_gb(transformers: float, vae: Literal["wan2.1", "wan2.2"], *, clip: bool = False) -> float:
    """Return the memory of all weights: bfloat16, the VAE in float32.

    >>> resident_gb(2 * 14.288e9, "wan2.1")
    69.0

    Args:
      transformers: Parameters of all transformers.
      vae: Which VAE.
      clip: Whether a CLIP picture encoder is part of it.
    """
    halves = transformers + TEXT_ENCODER + (CLIP if clip else 0)
    return round((2 * halves + 4 * VAE[vae]) / 1e9, 1)


def download_gb(
    transformers: float, vae: Literal["wan2.1", "wan2.2"], *, clip: bool = False, text_bytes: int = 4
) -> float:
    """Return the size of a repository whose transformers, CLIP and VAE are stored in float32.

    So the official Diffusers repositories are (the A14B ones as 12 files of up to 5 GB an expert); the
    text encoder is float32 in those of 2.1 and bfloat16 in those of 2.2.

    >>> download_gb(2 * 14.288e9, "wan2.1", text_bytes=2)
    126.2

    Args:
      transformers: Parameters of all transformers.
      vae: Which VAE.
      clip: Whether a CLIP picture encoder is part of it.
      text_bytes: Bytes a parameter of the text encoder.
    """
    floats = transformers + VAE[vae] + (CLIP if clip else 0)
    return round((4 * floats + text_bytes * TEXT_ENCODER) / 1e9, 1)
