"""What the judge under tests/data says of clips."""

from collections.abc import Iterable
from pathlib import Path

import torch

from wan_sdk.nano.evaluate import read_bytes
from wan_sdk.nano.evaluation.judge import load_judge
from wan_sdk.nano.evaluation.score import Expected, verdicts

JUDGE = Path(__file__).parents[1] / "data" / "nano_judge"


@torch.no_grad()
def told_by(clips: torch.Tensor, asked: Iterable[Expected]) -> list[bool]:
    """Return, for everything that was asked of each clip, whether the judge sees it.

    Args:
      clips: uint8 [n, 3, frames, height, width].
      asked: Of each clip.
    """
    readings = read_bytes(load_judge(JUDGE), clips)
    return [right for want, reading in zip(asked, readings, strict=True) for right in verdicts(want, reading).values()]
