"""The task follows from the references; a role that the model can't serve is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wan_sdk import models
from wan_sdk.errors import PlanError, RoleNotServed
from wan_sdk.models import Model
from wan_sdk.planning.call import CallTask
from wan_sdk.spec import Reference

DEFAULT_STRENGTH = 0.6

_HINTS = {
    "style": "say the style in words: look='watercolour'",
    "voice": "no open model here speaks; leave it out",
    "music": "this version joins no sound to clips; add it when you edit",
}


@dataclass(frozen=True)
class Sources:
    """What a call starts from, by the index of the shot's reference; -1 is the shot before."""

    task: CallTask
    first: int | None = None
    last: int | None = None
    restyle: int | None = None


def sources_of(
    references: Sequence[Reference], model: Model, *, catalogue: Sequence[Model], where: str = "Shot"
) -> Sources:
    """Return the task of a shot, and which reference is which.

    >>> sources_of([Reference.image("mara.png")], models.get("nano"), catalogue=models.catalogue()).task
    'i2v'

    Args:
      references: Of the shot, in order.
      model: What makes it.
      catalogue: The models to name when this one can't.
      where: The shot, for the message.

    Raises:
      RoleNotServed: If the model has no use for a role, or none for them together.
      PlanError: If two references are for the same thing, or the model is not run by this version.
    """
    check_runnable(model, references, catalogue, where)
    found: dict[str, int] = {}
    for index, reference in enumerate(references):
        place = {"first_frame": "first", "continue": "first", "last_frame": "last", "restyle": "restyle"}.get(
            reference.role
        )
        if place is None or not any(task in model.tasks for task in models.TASKS_OF_ROLE[reference.role]):
            raise role_not_served(reference.role, model, catalogue, where)
        if place in found:
            raise PlanError(
                f"two references say how the shot {'starts' if place == 'first' else 'ends'}"
                if place != "restyle"
                else "two clips are to be restyled",
                where=where,
                hint="keep one of them",
            )
        found[place] = index
    if "restyle" in found and len(found) > 1:
        raise PlanError(
            "a restyled clip has its own first and last frame",
            where=where,
            hint="leave the other references out, or use starting_on() without restyling()",
        )
    if "last" in found and "first" not in found:
        raise PlanError(
            "a last frame needs a first one", where=where, hint="add one with shot.starting_on('first.png')"
        )
    task: CallTask = (
        "v2v" if "restyle" in found else "flf2v" if "last" in found else "i2v" if "first" in found else "t2v"
    )
    if task not in model.tasks:
        raise _task_not_served(task, model, catalogue, where)
    return Sources(task, found.get("first"), found.get("last"), found.get("restyle"))


def check_runnable(model: Model, references: Sequence[Reference], catalogue: Sequence[Model], where: str) -> None:
    """Refuse a model that this version can't run, and name those that can do the same."""
    if model.runnable:
        return
    roles = [reference.role for reference in references]
    able = [
        other.key
        for other in catalogue
        if other.runnable and all(set(models.TASKS_OF_ROLE[role]) & set(other.tasks) for role in roles)
    ]
    raise PlanError(
        f"{model.key} can't be run: {model.why_not}",
        where=where,
        hint=f"these can: {', '.join(able)}" if able else "no model that runs here serves these references",
    )


def role_not_served(role: str, model: Model, catalogue: Sequence[Model], where: str) -> RoleNotServed:
    """Return the refusal of a role, with the models that can serve it."""
    able = models.serving_role(role, among=catalogue)
    here = [other.key for other in able if other.runnable]
    elsewhere = [other.key for other in able if not other.runnable]
    if here:
        hint = f"these can: {', '.join(here)}"
    elif elsewhere:
        hint = f"{', '.join(elsewhere)} can, but {able[0].why_not}"
    else:
        hint = _HINTS.get(role, "no model can")
    return RoleNotServed(f"{model.key} has no use for a reference of the role {role!r}", where=where, hint=hint)


def _task_not_served(task: CallTask, model: Model, catalogue: Sequence[Model], where: str) -> PlanError:
    able = [other.key for other in models.serving(task, among=catalogue) if other.runnable]
    hint = f"these can: {', '.join(able)}"
    if task == "t2v":
        needs = "a first and a last frame" if "i2v" not in model.tasks else "a first frame"
        return PlanError(
            f"{model.key} makes nothing of a prompt alone; it needs {needs}",
            where=where,
            hint=f"add shot.starting_on('first.png'), or take one of {', '.join(able)}",
        )
    if task == "i2v":
        return RoleNotServed(
            f"{model.key} needs a last frame as well",
            where=where,
            hint=f"add shot.ending_on('last.png'); {hint} with a first frame alone",
        )
    return RoleNotServed(f"{model.key} can't do this with a first and a last frame", where=where, hint=hint)
