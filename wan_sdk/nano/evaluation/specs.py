"""Clips that are asked for: drawn, said and rendered truly, so that what a model makes can be compared."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from wan_sdk.nano.attributes import COLOURS, STYLES
from wan_sdk.nano.evaluation.generate import Sampling, as_bytes
from wan_sdk.nano.evaluation.score import Expected, expected
from wan_sdk.nano.language.captions import told_caption
from wan_sdk.nano.world import build, render, sample
from wan_sdk.nano.world.truth import subject_boxes

SEED = 424_243  # of specs that nothing is trained on
_RENDERED_AT_ONCE = 8
FPS = 12


@dataclass(frozen=True)
class Specs:
    """Clips that are asked for.

    Args:
      attributes: As `sample` draws them.
      prompts: What is said of each.
      wants: What each prompt asks for.
    """

    attributes: dict[str, np.ndarray]
    prompts: list[str]
    wants: list[Expected]

    def pick(self, which: Sequence[int]) -> Specs:
        """Return some of them."""
        some = {name: values[list(which)] for name, values in self.attributes.items()}
        return Specs(some, [self.prompts[i] for i in which], [self.wants[i] for i in which])


def draw_specs(count: int, seed: int = SEED) -> Specs:
    """Draw what is asked for.

    >>> len(draw_specs(3).prompts)
    3
    """
    return say(sample(np.random.default_rng(seed), count), seed)


def say(attributes: dict[str, np.ndarray], seed: int, *, full: bool = False) -> Specs:
    """Say clips in words."""
    dice = random.Random(seed)  # noqa: S311 - a seed, not a secret
    told = [told_caption(dice, attributes, i, full) for i in range(len(attributes["subject"]))]
    wants = [expected(attributes, i, said) for i, (_, said) in enumerate(told)]
    return Specs(attributes, [text for text, _ in told], wants)


def render_specs(attributes: dict[str, np.ndarray], how: Sampling, device: torch.device) -> tuple[Tensor, Tensor]:
    """Render clips truly.

    Returns:
      uint8 [n, 3, frames, height, width], and the boxes of their subjects, [n, frames, 4].
    """
    clips, boxes = [], []
    for first in range(0, len(attributes["subject"]), _RENDERED_AT_ONCE):
        some = {name: values[first : first + _RENDERED_AT_ONCE] for name, values in attributes.items()}
        scene = {name: value.to(device) for name, value in build(some, frames=how.frames, fps=FPS).items()}
        with torch.no_grad():
            clips.append(as_bytes(render(scene, how.height, how.width)))
            boxes.append(subject_boxes(scene, how.height, how.width)[:, 0].cpu())
    return torch.cat(clips), torch.cat(boxes)


def change(attributes: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Give every second clip another style, the others another colour; return them and which have the new style."""
    count = len(attributes["subject"])
    restyled = np.arange(count) % 2 == 0
    shift = 1 + np.arange(count) // 2
    style = (attributes["style"] + 1 + shift % (len(STYLES) - 1)) % len(STYLES)
    colour = (attributes["colour"] + 1 + shift % (len(COLOURS) - 1)) % len(COLOURS)
    return attributes | {
        "style": np.where(restyled, style, attributes["style"]),
        "colour": np.where(restyled, attributes["colour"], colour),
    }, restyled


def psnr(one: Tensor, other: Tensor) -> Tensor:
    """Return the likeness of uint8 clips or pictures in dB, one figure each."""
    error = ((one.float() - other.float()) ** 2).flatten(1).mean(1)
    return 10 * torch.log10(255**2 / error.clamp_min(1e-6))


def sharpness(clips: Tensor) -> float:
    """Return the mean difference of neighbouring lines of uint8 clips, 0 to 1."""
    return float(np.mean([(clip[..., 1:, :].float() - clip[..., :-1, :].float()).abs().mean() for clip in clips]) / 255)
