"""Two versions of a scene, in different styles or colours: what teaches the transformer to make a clip anew.

Video to video begins at a noise level r, with a source y under the noise n: x = (1 - r) y + r n. On the straight way
from there to the clip z that is asked for, what is mixed with z at every lower level s is no longer n but

    n' = n + (1 - r) / r (y - z)        since (1 - s) z + s n' = z + s / r (x - z)

noise with a remnant of the source in it. A transformer that never saw such noise takes the remnant for a part of the
clip, and keeps the source's style and colour. Here a share of the clips is drawn twice, as two versions of one scene,
and some of their noise carries a remnant of the other version: the words decide, and the layout stays.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import torch
from torch import Tensor

from wan_sdk.nano.attributes import COLOURS, STYLES

SHARE = 0.25  # of the clips that are drawn have another version of themselves beside them
_WITH_REMNANT = 0.4  # of the clips that have another version, at each use
_FIRST_LEVELS = 0.45, 0.95  # where video to video begins


def draw_other_versions(
    rng: np.random.Generator, attributes: dict[str, np.ndarray], fixed: Collection[str] = ()
) -> dict[str, np.ndarray]:
    """Make the last quarter of the clips other versions of the first: half in another style, half in another colour.

    Two subjects keep their colours, which the companion's might equal.

    >>> drawn = {"style": np.zeros(8, int), "colour": np.zeros(8, int), "companion": np.full(8, -1)}
    >>> new = draw_other_versions(np.random.default_rng(0), drawn)
    >>> bool(((new["style"] != 0) ^ (new["colour"] != 0))[-2:].all())
    True

    Args:
      rng: Source of all chance.
      attributes: As `sample` draws them.
      fixed: Names of attributes that are the same in every clip; with style or colour among them nothing is changed.
    """
    count = _versions(len(attributes["style"]))
    if not count or "style" in fixed or "colour" in fixed:
        return attributes
    attributes = {name: np.concatenate([values[:-count], values[:count]]) for name, values in attributes.items()}
    restyled = (rng.random(count) < 0.5) | (attributes["companion"][:count] >= 0)
    for name, names, changed in (("style", STYLES, restyled), ("colour", COLOURS, ~restyled)):
        old = attributes[name][-count:]
        new = (old + rng.integers(1, len(names), count)) % len(names)
        attributes[name][-count:] = np.where(changed, new, old)
    return attributes


def other_versions(clips: Tensor) -> Tensor:
    """Return the other version of each clip of a batch drawn by `draw_other_versions`, itself where it has none.

    >>> other_versions(torch.arange(8.0)).tolist()
    [6.0, 7.0, 2.0, 3.0, 4.0, 5.0, 0.0, 1.0]
    """
    count = _versions(len(clips))
    return torch.cat([clips[-count:], clips[count:-count], clips[:count]]) if count else clips


def with_remnants(noise: Tensor, clips: Tensor, others: Tensor, level: Tensor) -> Tensor:
    """Return noise that carries, for some of the clips, a remnant of their other version.

    Args:
      noise: Pure noise, shaped as the latents.
      clips: Clean latents, [batch, 16, t, h, w].
      others: Latents of their other versions; a clip itself where it has none, which leaves its noise as it is.
      level: Noise levels, [batch].
    """
    lowest, highest = _FIRST_LEVELS
    lowest = level.clamp(lowest, highest)
    first = lowest + torch.rand_like(level) * (highest - lowest)
    chosen = (torch.rand_like(level) < _WITH_REMNANT) & (level <= highest)
    remnant = torch.where(chosen, (1 - first) / first, 0.0).view(-1, 1, 1, 1, 1)
    return noise + remnant * (others - clips)


def _versions(count: int) -> int:
    return int(SHARE * count)
