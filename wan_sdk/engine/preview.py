"""What a clip would look like by now: latents as small pictures, without decoding them.

Each latent "pixel" is turned into a colour by one linear map, channels to red, green and blue. The
map belongs to the VAE, so it is fitted to whichever VAE is loaded, once, by least squares: pictures
of overlapping coloured discs (their edges and areas come in the proportions of photographs) are
encoded, and their latents compared with their average colours. No table to go stale when a VAE is
trained again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from diffusers import AutoencoderKLWan

from wan_sdk.engine.decode import encode_frames

# With nano's VAE the colours of rendered frames are met within 5.6 of 255 levels on average, by 4
# pictures as by 48; a map fitted to those very frames meets them within 4.3. The VAE with the most
# channels, 48, gets 18 cells for each of them.
_PICTURES = 6
_CELLS = 12  # latent rows and columns of a picture
_RIDGE = 1e-3  # share of the mean power of a channel: keeps channels that say little about colour small


@dataclass(frozen=True, eq=False)
class LatentColours:
    """A linear map from latents to colours.

    Args:
      matrix: float32 [channels, 3].
      bias: float32 [3]; colours are 0..1.
    """

    matrix: np.ndarray
    bias: np.ndarray

    def paint(self, latents: torch.Tensor) -> np.ndarray:
        """Return uint8 [latent frames, rows, columns, 3] of latents [channels, latent frames, rows, columns]."""
        values = latents.detach().float().cpu().numpy()
        colours = np.tensordot(values, self.matrix, axes=(0, 0)) + self.bias
        return (np.clip(colours, 0, 1) * 255 + 0.5).astype(np.uint8)


def fit_colours(vae: AutoencoderKLWan) -> LatentColours:
    """Return the map from this VAE's normalised latents to colours.

    Args:
      vae: The VAE; it encodes a few small still pictures.
    """
    factor = vae.config.scale_factor_spatial
    rng = np.random.default_rng(0)
    latents, colours = [], []
    for _ in range(_PICTURES):
        picture = _discs(rng, _CELLS * factor)
        encoded = encode_frames(vae, picture[None]).cpu().numpy()
        latents.append(encoded.reshape(len(encoded), -1).T)
        cells = picture.reshape(_CELLS, factor, _CELLS, factor, 3).mean((1, 3)) / 255
        colours.append(cells.reshape(-1, 3))
    inputs = np.concatenate(latents).astype(np.float64)
    targets = np.concatenate(colours)
    centre, level = inputs.mean(0), targets.mean(0)
    power = (inputs - centre).T @ (inputs - centre)
    ridge = _RIDGE * np.trace(power) / len(power) * np.eye(len(power))
    matrix = np.linalg.solve(power + ridge, (inputs - centre).T @ (targets - level))
    return LatentColours(matrix.astype(np.float32), (level - centre @ matrix).astype(np.float32))


def _discs(rng: np.random.Generator, side: int) -> np.ndarray:
    """Return a uint8 picture [side, side, 3] of discs that hide one another, large ones rare."""
    rows, columns = np.mgrid[:side, :side]
    picture = np.empty((side, side, 3))
    picture[:] = rng.random(3) * 255
    for _ in range(40):
        radius = side * 0.6 * (1 - rng.random() * 0.92) ** 2
        row, column = rng.random(2) * side
        inside = (rows - row) ** 2 + (columns - column) ** 2 < radius**2
        shade = 1 + 0.3 * rng.standard_normal() * (rows - row) / side  # light falls off along a disc
        picture[inside] = (rng.random(3) * 255 * shade[..., None])[inside]
    return np.clip(picture, 0, 255).astype(np.uint8)
