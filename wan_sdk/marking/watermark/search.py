"""Looking for the mark, the likeliest ways a picture may have been treated first."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from wan_sdk.marking.watermark import front, reading, statistic
from wan_sdk.marking.watermark.carriers import Carriers
from wan_sdk.marking.watermark.geometry import Pose, Sheet
from wan_sdk.marking.watermark.reading import Word

NEAR = np.arange(-4, 5) / 256
GROUPS = 12
SHAPES = (832 / 480, 16 / 9, 1.0, 4 / 3, 21 / 9)
WORTH_READING = 2.0
WORTH_GROUPS = 3.0


@dataclass(eq=False)
class Search:
    """Hold what one search has seen.

    Args:
      timeline: The maps of the clip.
      shape: (height, width) of its frames.
      waves: The carriers of each pilot variant.
      log_alpha: Log of the level of proof that ends the search.
    """

    timeline: front.Timeline
    shape: tuple[int, int]
    waves: tuple[Carriers, ...]
    log_alpha: float
    account: statistic.Account = field(default_factory=statistic.Account)
    word: Word | None = None
    best: tuple[float, Pose, Carriers] | None = None

    @cached_property
    def sheet(self) -> Sheet:
        """The flattened mean of the whole clip."""
        return Sheet(front.flatten(self.timeline.mean()), self.shape)

    @cached_property
    def groups(self) -> list[Sheet]:
        """The flattened means of 12 stretches of time, and the first frame."""
        maps = self.timeline.groups(GROUPS)
        if self.timeline.frames > 1:
            maps = [*maps, self.timeline.first]
        return [Sheet(front.flatten(m), self.shape) for m in maps]

    @property
    def proved(self) -> bool:
        """Whether the payload is proved."""
        if self.word is None:
            return False
        return math.log(2) + statistic.joint(self.account.log_pilot, self.word.log_p) < self.log_alpha

    def near(self, poses: Iterable[Pose]) -> bool:
        """Try poses with shifts of at most 1/64 unit; return whether the id is proved."""
        self.account.open_stage()
        tried = []
        for pose in poses:
            q = reading.coefficients(self.sheet, pose)
            for waves in self.waves:
                z, x, y = reading.best_shift(q, waves, NEAR)
                tried.append((z, pose.moved(x=x, y=y), waves, statistic.shifted(q, x, y)))
        self.account.pilot(max(t[0] for t in tried), len(tried) * len(NEAR) ** 2)
        tried.sort(key=lambda t: -t[0])
        for z, pose, waves, q in tried[:3]:
            if z > WORTH_READING and self._read(q, waves, pose, z):
                return True
        z, pose, waves, _ = tried[0]
        return z > WORTH_GROUPS and self.read_groups(pose, waves)

    def _read(self, q: np.ndarray, waves: Carriers, pose: Pose, z: float) -> bool:
        if self.best is None or z > self.best[0]:
            self.best = (z, pose, waves)
        word = reading.read(q, waves, self.account, pose)
        if word and (self.word is None or word.log_p < self.word.log_p):
            self.word = word
            self.best = (z, pose, waves)
        return self.proved

    def read_groups(self, pose: Pose, waves: Carriers) -> bool:
        """Read with stretches of time, then rings of the spectrum, weighed apart."""
        if self.timeline.frames < 2:
            return False
        parts = [reading.coefficients(sheet, pose) for sheet in self.groups]
        whole = reading.weighted_by_group(parts, waves)
        for q in (whole, reading.weighted_by_band(whole, waves)):
            z = statistic.score(q, waves, waves.pilot)
            if self._read(q, waves, pose, z):
                return True
        return False
