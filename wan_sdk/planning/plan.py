"""A plan: every model call of a shot, scene or sweep, before anything runs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from wan_sdk import _doors
from wan_sdk.planning.call import Call, Change, Note
from wan_sdk.planning.timeline import Timeline

SCHEMA = "wan_sdk.Plan/1"
PlanKind = Literal["shot", "scene", "sweep"]


@dataclass(frozen=True)
class Estimate:
    """What one call will take on the machine of the plan.

    Args:
      text_seconds, denoise_seconds, decode_seconds: Time of each stage.
      finish_seconds: Time of marks, encoding and signing.
      memory_gb: Largest memory in use at once, GB (10^9 bytes).
      measured: Whether a step was timed on this machine; else all is calculated.
    """

    text_seconds: float
    denoise_seconds: float
    decode_seconds: float
    finish_seconds: float
    memory_gb: float
    measured: bool = False

    @property
    def seconds(self) -> float:
        """All stages together."""
        return self.text_seconds + self.denoise_seconds + self.decode_seconds + self.finish_seconds


@dataclass(frozen=True)
class Plan:
    """Hold everything that will be done, in order; the same scene always gives the same plan.

    Args:
      title: Of the scene; the shot's name; for people.
      kind: What is rendered: "shot", "scene" or "sweep".
      names: Name of each call for people: that of the shot, or the cell of the sweep.
      calls: One for each shot, in order, in diffusers' own parameter names.
      changes: Every difference between what was asked and what will be made.
      notes: Remarks of the linter; nothing in them stops a render.
      timeline: Where each shot stands in the cut; None for a shot or a sweep.
      estimates: One for each call.
      cut_seconds: Time to mark, encode and sign the joined shots of a scene; 0 for a shot or a sweep.
      maker: The name that stands in the manifest and the report, or None.
      machine: Name of the machine that the estimates are for.
      cost: Money for hosted models; 0 on a machine of one's own.
    """

    title: str
    kind: PlanKind
    names: tuple[str, ...]
    calls: tuple[Call, ...]
    changes: tuple[Change, ...] = ()
    notes: tuple[Note, ...] = ()
    timeline: Timeline | None = None
    estimates: tuple[Estimate, ...] = ()
    cut_seconds: float = 0.0
    maker: str | None = None
    machine: str = ""
    cost: float = 0.0

    @property
    def seconds(self) -> float:
        """Estimated time of all clips together on this machine; what the gallery holds takes none."""
        return sum(estimate.seconds for estimate in self.estimates) + self.cut_seconds

    @property
    def memory_gb(self) -> float:
        """Largest memory in use at once, GB."""
        return max((estimate.memory_gb for estimate in self.estimates), default=0.0)

    def sha256(self) -> str:
        """Return the hash of what will be made, whatever the machine, the file names and the notes."""
        what = {
            "kind": self.kind,
            "calls": [call.sha256() for call in self.calls],
            "timeline": self.timeline.to_dict() if self.timeline else None,
        }
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as plain data, as `wan-sdk plan --json` prints it."""
        return {
            "schema": SCHEMA,
            "title": self.title,
            "kind": self.kind,
            "sha256": self.sha256(),
            "names": list(self.names),
            "calls": [call.to_dict() for call in self.calls],
            "changes": [asdict(change) for change in self.changes],
            "notes": [asdict(note) for note in self.notes],
            "timeline": self.timeline.to_dict() if self.timeline else None,
            "seconds": self.seconds,
            "cut_seconds": self.cut_seconds,
            "memory_gb": self.memory_gb,
            "cost": self.cost,
            "maker": self.maker,
            "machine": self.machine,
            "estimates": [{**asdict(estimate), "seconds": estimate.seconds} for estimate in self.estimates],
        }

    def __str__(self) -> str:
        from wan_sdk.planning.table import plan_table

        return plan_table(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        return _doors.mimebundle(self)
