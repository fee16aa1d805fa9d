"""Looking for the mark, stage by stage.

Each stage scores the pilots over its geometries, books what it tried, and tries to read the id where the pilots
scored best. The first id that is proved ends the search.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Protocol

import numpy as np

from wan_sdk.marking.watermark import bend, reading, statistic
from wan_sdk.marking.watermark.carriers import Carriers
from wan_sdk.marking.watermark.climb import Start, Top
from wan_sdk.marking.watermark.correlate import CELLS, Correlator, Scores, Try
from wan_sdk.marking.watermark.geometry import Pose, Sheet
from wan_sdk.marking.watermark.protocol import Effort, Geometry
from wan_sdk.marking.watermark.reading import Word
from wan_sdk.marking.watermark.sheets import Sheets
from wan_sdk.marking.watermark.stages import Stage, stages

NEAR = 4, 1 / 256
KEPT = 10
WORTH_READING = 2.0
WORTH_GROUPS = 3.0
WORTH_GROUPS_REFINED = 6.0
WORTH_BENDING = 6.8
WORTH_GROWING = 6.2


class Work(Protocol):
    """The work that a wide search leaves to numpy or to a device."""

    def begun(self, tries: Sequence[Try]) -> Callable[[], Scores]:
        """Begin to look for the best shift of each try; return what waits for the scores."""

    def coefficients(self, tries: Sequence[Try]) -> Sequence[np.ndarray]:
        """Return the whitened coefficients of each try, as `reading.coefficients` does."""

    def tops(self, starts: Sequence[Start]) -> Iterable[Sequence[Top]]:
        """Yield where the climbs end, in order: as many at a time as are climbed together."""

    def likeness(self, seen: np.ndarray, pattern: np.ndarray, patch: int) -> np.ndarray:
        """Return how well the pilots fit each cell under each small shift, as `bend.likeness` does."""


@dataclass(frozen=True)
class Found:
    """Hold a geometry that scored."""

    z: float
    pose: Pose
    waves: Carriers
    sheet: Sheet
    bent: bend.Bent | None = None

    def coefficients(self, sheet: Sheet | None = None) -> np.ndarray:
        """Return the whitened coefficients of its sheet, or of another one of the same clip."""
        if self.bent is not None:
            return self.bent.coefficients(sheet)
        return reading.coefficients(sheet or self.sheet, self.pose)

    def geometry(self) -> Geometry:
        """Return it in the words of a result."""
        return replace(self.pose.geometry(), bent=self.bent is not None)


@dataclass(eq=False)
class Search:
    """Hold what one search has seen.

    Args:
      sheets: The maps of the clip.
      waves: The carriers of each pilot variant.
      log_alpha: Log of the level of proof that ends the search.
      known: Ids of a ledger, to be tried wherever the code cannot be read.
      device: A torch device for the wide stages, or None for numpy.
    """

    sheets: Sheets
    waves: tuple[Carriers, ...]
    log_alpha: float
    known: reading.Known | None = None
    device: str | None = None
    account: statistic.Account = field(default_factory=statistic.Account)
    word: Word | None = None
    best: Found | None = None
    _next: Stage | None = None
    _begun: tuple[Sequence[Try], Callable[[], Scores]] | None = None

    def run(self, effort: Effort) -> None:
        """Go through the stages of an effort until the id is proved."""
        every = stages(self, effort)
        for number, stage in enumerate(every):
            self.account.open_stage()
            self._next = next((later for later in every[number + 1 :] if later.wide), None)
            if stage.look(stage.tries):
                return

    @property
    def proved(self) -> bool:
        """Whether the id is proved."""
        return self.word is not None and self.log_p < self.log_alpha

    @property
    def log_p(self) -> float:
        """Log of the proved bound so far: for the pilots alone or for pilots and id, both at half the level."""
        bound = self.account.log_pilot
        if self.word is not None:
            bound = min(bound, statistic.joint(self.account.log_pilot, self.word.log_p))
        return min(0.0, math.log(2) + bound)

    @property
    def _apart(self) -> bool:
        """Whether a device works while the processor does something else."""
        return self.device is not None and not self.device.startswith("cpu")

    @cached_property
    def _work(self) -> Work:
        """Numpy, one pose after the other, or the device, many at a time."""
        if self.device is not None:
            from wan_sdk.marking.watermark.torch_search import BatchCorrelator

            return BatchCorrelator(self.waves, self.device)
        return Correlator(self.waves)

    def near(self, tries: Sequence[Try]) -> bool:
        """Try poses with shifts of at most 1/64 unit; return whether the id is proved."""
        scored = []
        for (sheet, pose), q in zip(tries, self._work.coefficients(tries), strict=True):
            for waves in self.waves:
                z, x, y = reading.best_shift(q, waves, *NEAR)
                scored.append((Found(z, pose.moved(x=x, y=y), waves, sheet), q))
        if not scored:
            return False
        scored.sort(key=lambda pair: -pair[0].z)
        strongest = scored[0][0]
        self.account.pilot(strongest.z, len(scored) * (2 * NEAR[0] + 1) ** 2)
        worth = [(found, q) for found, q in scored[:3] if found.z > WORTH_READING]
        if self._read_first([(statistic.shifted(q, found.pose.x, found.pose.y), found) for found, q in worth]):
            return True
        return strongest.z > WORTH_GROUPS and self._read_groups(strongest)

    def wide(self, tries: Sequence[Try]) -> bool:
        """Try poses with every shift, straight and mirrored; return whether the id is proved."""
        refined = []
        for candidates in self._refined(self._scored(tries, KEPT)):
            refined += candidates
            seen = self._work.coefficients([(one.sheet, one.pose) for one in candidates])
            self._look_ahead()
            if self._read_first(list(zip(seen, candidates, strict=True))):
                return True
        if not refined:
            return False
        strongest = max(refined, key=lambda f: f.z)
        if strongest.z > WORTH_BENDING:
            strongest = self._straightened(strongest)
            if strongest.bent is not None and self._read_first([(strongest.coefficients(), strongest)]):
                return True
        return strongest.z > WORTH_GROUPS_REFINED and self._read_groups(strongest)

    def patches(self, tries: Sequence[Try]) -> bool:
        """Try poses on parts of the picture, and straighten the whole from the parts that scored."""
        for candidate in itertools.chain.from_iterable(self._refined(self._scored(tries, KEPT // 2))):
            if candidate.z > WORTH_GROWING:
                whole = self._straightened(replace(candidate, sheet=self.sheets.whole, z=0.0))
                if whole.z > candidate.z and self._read_first([(whole.coefficients(), whole)]):
                    return True
        return False

    def moments(self) -> bool:
        """Look for a marked stretch in a long clip: quickly at all of them, then well at the best few."""
        if not self.sheets.moments:
            return False
        scored = []
        moments = self.sheets.moments
        for sheet, q in zip(moments, self._work.coefficients([(one, Pose()) for one in moments]), strict=True):
            scored += [(reading.best_shift(q, waves, *NEAR)[0], sheet) for waves in self.waves]
        scored.sort(key=lambda pair: -pair[0])
        self.account.pilot(scored[0][0], len(scored) * (2 * NEAR[0] + 1) ** 2)
        self.account.open_stage()
        return self.near([(self.sheets.flattened(sheet), Pose()) for _, sheet in scored[:3]])

    def _scored(self, tries: Sequence[Try], count: int) -> list[Found]:
        """Score poses at every shift, book them, and return the best few that are not neighbours."""
        if not tries:  # a single picture has no stretches of time
            return []
        begun = self._begun if self._begun is not None and self._begun[0] is tries else None
        wait = begun[1] if begun else self._work.begun(tries)
        self._begun = None
        if self._apart and self._next is not None:
            _ = self._next.tries  # made here while the device is at work
        scores = wait()
        self.account.pilot(float(scores.z.max()), scores.z.size * CELLS)
        return _spaced(self._falling(tries, scores), count)

    def _look_ahead(self) -> None:
        """Set a device to the next wide stage, so that it is busy while words are read here."""
        if self._apart and self._next is not None and self._next.tries:
            self._begun = self._next.tries, self._work.begun(self._next.tries)

    def _falling(self, tries: Sequence[Try], scores: Scores) -> Iterator[Found]:
        for number, peak in scores.falling():
            sheet, pose = tries[number]
            at = pose.moved(x=peak.x, y=peak.y, flip=peak.flip)
            yield Found(peak.z, at, self.waves[peak.variant], sheet)

    def _straightened(self, found: Found) -> Found:
        """Return the geometry with a smooth field put through it, if that lifts the pilots clearly."""
        z, bent = bend.straighten(found.sheet, found.pose, found.waves, self._work.likeness)
        return replace(found, z=z, bent=bent) if z > 1.05 * found.z else found

    def _refined(self, candidates: Sequence[Found]) -> Iterator[list[Found]]:
        """Yield the tops of the hills that the candidates stand on, as many at a time as are climbed together."""
        waiting = iter(candidates)
        for tops in self._work.tops([Start(found.sheet, found.waves, found.pose) for found in candidates]):
            ours = itertools.islice(waiting, len(tops))
            yield [Found(z, pose, found.waves, found.sheet) for (z, pose), found in zip(tops, ours, strict=True)]

    def _read_first(self, every: Sequence[tuple[np.ndarray, Found]]) -> bool:
        """Try to read the id from sets of coefficients: decoded side by side, booked in order until one is proved."""
        if not every:
            return False
        spelled = reading.spelled([(q, found.waves) for q, found in every])
        return any(self._read(q, found, one) for (q, found), one in zip(every, spelled, strict=True))

    def _read(self, q: np.ndarray, found: Found, spelled: int | None) -> bool:
        """Book what the code spells, then what a ledger knows; return whether the id is proved."""
        if self.best is None or (self.word is None and found.z > self.best.z):
            self.best = found
        readers: list[Callable[..., Word | None]] = [partial(reading.read, found=spelled)]
        if self.known is not None:
            readers.append(self.known.read)
        for read in readers:
            word = read(q, found.waves, self.account, found.pose)
            if word is not None and (self.word is None or word.log_p < self.word.log_p):
                self.word, self.best = word, found
            if self.proved:
                return True
        return False

    def _read_groups(self, found: Found) -> bool:
        """Read with stretches of time, then rings of the spectrum, weighed apart."""
        if found.sheet is not self.sheets.whole or self.sheets.timeline.frames < 2:
            return False
        groups = self.sheets.groups
        if found.bent is not None:
            parts = [found.bent.coefficients(sheet) for sheet in groups]
        else:
            parts = self._work.coefficients([(sheet, found.pose) for sheet in groups])
        whole = reading.weighted_by_group(parts, found.waves)
        return self._read_first([(q, found) for q in (whole, reading.weighted_by_band(whole, found.waves))])


def _spaced(found: Iterable[Found], count: int) -> list[Found]:
    """Return the best few that are not neighbours of each other."""
    kept: list[Found] = []
    for one in found:
        if all(one.sheet is not other.sheet or _apart(one.pose, other.pose) for other in kept):
            kept.append(one)
            if len(kept) == count:
                break
    return kept


def _apart(a: Pose, b: Pose) -> bool:
    return (
        a.flip != b.flip
        or a.quarter != b.quarter
        or abs(math.log(a.scale / b.scale)) > 0.03
        or abs(math.log(a.aspect / b.aspect)) > 0.03
        or abs(a.turn - b.turn) > math.radians(1.5)
    )
