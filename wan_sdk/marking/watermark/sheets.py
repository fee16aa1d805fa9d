"""The maps of a clip that a search looks at: of the whole, of stretches of time, of parts of the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from wan_sdk.marking.watermark import front
from wan_sdk.marking.watermark.geometry import Sheet

GROUPS = 12
LONG = 200
PATCH_SHARE = 0.22


@dataclass(eq=False)
class Sheets:
    """Hold the flattened maps of a clip, each made when it is first asked for.

    Args:
      timeline: The maps of the clip.
      shape: (height, width) of its frames.
      device: A torch device to flatten them, or None for numpy.
    """

    timeline: front.Timeline
    shape: tuple[int, int]
    device: str | None = None

    @cached_property
    def whole(self) -> Sheet:
        """The flattened mean of the whole clip."""
        return self.flat([self.timeline.mean()])[0]

    @cached_property
    def groups(self) -> list[Sheet]:
        """The flattened means of 12 stretches of time, and the first frame."""
        maps = self.timeline.groups(GROUPS)
        if len(maps) > 1 and self.timeline.first is not None:
            maps = [*maps, self.timeline.first]
        return self.flat(maps)

    @cached_property
    def quarters(self) -> list[Sheet]:
        """The flattened means of 4 stretches of time, and the first frame."""
        if self.timeline.frames < 2:
            return []
        maps = self.timeline.groups(4) if self.timeline.frames > 4 else []
        if self.timeline.first is not None:
            maps = [self.timeline.first, *maps]
        return self.flat(maps)

    @cached_property
    def moments(self) -> list[Sheet]:
        """The means of up to 128 short stretches of a long clip, not flattened."""
        frames = self.timeline.frames
        if frames < LONG:
            return []
        return [Sheet(average, self.shape) for _, _, average in self.timeline.stretches(frames // 8)]

    def flattened(self, sheet: Sheet) -> Sheet:
        """Return a sheet divided by its local strength."""
        return self.flat([sheet.values])[0]

    @cached_property
    def patches(self) -> list[Sheet]:
        """The whole, nine times, each with another part in view."""
        height, width = self.whole.values.shape
        down, across = np.mgrid[:height, :width]
        parts = []
        for y, x in np.ndindex(3, 3):
            away = np.maximum(np.abs(down / height - (2 * y + 1) / 6), np.abs(across / width - (2 * x + 1) / 6))
            view = np.clip((PATCH_SHARE - away) / 0.04, 0, 1).astype(np.float32)
            parts.append(Sheet(self.whole.values * view, self.shape))
        return parts

    def flat(self, averages: Sequence[np.ndarray]) -> list[Sheet]:
        """Return sheets of means, flattened."""
        if self.device is None or not averages:
            return [Sheet(front.flatten(average), self.shape) for average in averages]
        from wan_sdk.marking.watermark import torch_front

        flattened = torch_front.flatten(averages, torch_front.device_of(self.device))
        return [Sheet(values, self.shape) for values in flattened]
