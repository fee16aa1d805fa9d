"""Which transformer of a checkpoint makes a shot, in how many steps, and with how much guidance.

"exact" and "fast" follow the authors' recipe. A draft is made by the checkpoint's student, where it has one; else it
runs half of the authors' steps. What a shot says itself always holds: a student knows only the steps, the guidance and
the shift that it was trained at, so where a shot asks for others, the transformer that it learned from makes the draft.
The same goes for a negative prompt, which a student can't read, and for a clip to restyle, which starts between the
noise levels that it knows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from wan_sdk.errors import PlanError
from wan_sdk.models import Distilled, Model
from wan_sdk.spec import Shot

Changed = Callable[[str, object, object, str], None]


@dataclass(frozen=True)
class Sampling:
    """How a call denoises, in the words of `Call`."""

    transformer: str
    num_inference_steps: int
    guidance_scale: float
    guidance_scale_2: float | None
    flow_shift: float
    sampler: str


def sampling_of(
    shot: Shot, model: Model, tier: str, where: str, changed: Changed, *, restyles: bool = False
) -> Sampling:
    """Return how a shot is denoised, listing what differs from the authors' recipe or the tier.

    Args:
      shot: What was asked.
      model: What makes it.
      tier: "draft", "fast" or "exact".
      where: The shot, for messages.
      changed: Told of each change: field, asked, got, why.
      restyles: Whether the shot makes a clip anew.

    Raises:
      PlanError: If two guidances are asked of a model with one expert.
    """
    guidance, guidance_2 = _guidance(shot, model, where, restyles=restyles)
    steps = shot.steps or model.steps
    shift = shot.shift if shot.shift is not None else model.flow_shift
    own = Sampling("transformer", steps, guidance, guidance_2, shift, model.sampler)
    if tier != "draft":
        return own
    if (student := model.draft) is not None:
        misfits = _misfits(shot, student, restyles=restyles)
        if not misfits:
            return _by_student(shot, model, student, changed)
        why = f"{model.key}'s student knows {student.steps} steps, guidance {student.guidance:g}, "
        why += f"shift {student.flow_shift:g} alone; the transformer that it learned from makes this draft"
        changed("tier", "draft", f"draft with {' and '.join(misfits)}", why)
    if shot.steps is not None:
        return own
    half = max(1, math.ceil(model.steps / 2))
    changed("steps", model.steps, half, "a draft runs half of the authors' steps")
    return Sampling("transformer", half, guidance, guidance_2, shift, model.sampler)


def _misfits(shot: Shot, student: Distilled, *, restyles: bool) -> list[str]:
    """Return what a shot asks for that the student does not know, in words."""
    said = []
    if shot.steps not in (None, student.steps):
        said.append(f"{shot.steps} steps")
    if shot.guidance is not None and _pair(shot.guidance) != (student.guidance,):
        said.append(f"guidance {_pair(shot.guidance)[0]:g}")
    if shot.shift not in (None, student.flow_shift):
        said.append(f"shift {shot.shift:g}")
    if shot.negative:
        said.append("a negative prompt")  # nothing reads it without guidance
    if restyles:
        said.append("a clip to restyle")  # its strength would fall between the few noise levels
    return said


def _by_student(shot: Shot, model: Model, student: Distilled, changed: Changed) -> Sampling:
    if shot.steps is None:
        changed(
            "steps",
            model.steps,
            student.steps,
            f"drafts of {model.key} are made by its student of {student.steps} steps",
        )
    if shot.guidance is None:
        changed("guidance", model.guidance[0], student.guidance, "the student has learned the guidance in")
    return Sampling(student.folder, student.steps, student.guidance, None, student.flow_shift, student.sampler)


def _guidance(shot: Shot, model: Model, where: str, *, restyles: bool) -> tuple[float, float | None]:
    usual = model.usual_guidance(restyles=restyles)
    pair = _pair(usual if shot.guidance is None else shot.guidance)
    if len(model.guidance) == 2:
        return pair[0], pair[-1]
    if len(pair) == 2:
        raise PlanError(
            f"guidance is ({pair[0]:g}, {pair[1]:g}); {model.key} has one expert and takes one number",
            where=where,
            hint=f"guidance={pair[0]:g}; the authors' is {usual[0]:g}",
        )
    return pair[0], None


def _pair(guidance: float | tuple[float, ...]) -> tuple[float, ...]:
    return (guidance,) if isinstance(guidance, int | float) else tuple(guidance)
