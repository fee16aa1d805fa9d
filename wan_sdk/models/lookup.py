"""Find a checkpoint: by name, by task, by the role of a reference, or in a folder of one's own."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from wan_sdk.errors import SpecError, UnknownModel, UnknownName, nearest
from wan_sdk.models.model import Model, Task
from wan_sdk.models.nano import NANO
from wan_sdk.models.wan21 import WAN21
from wan_sdk.models.wan22 import WAN22

_ALL = (NANO, *WAN21, *WAN22)

# Which tasks can use a reference of each role; the last picture of a clip and the end of the shot
# before it serve as a first frame.
TASKS_OF_ROLE: dict[str, tuple[Task, ...]] = {
    "first_frame": ("i2v", "flf2v"),
    "last_frame": ("flf2v",),
    "continue": ("i2v",),
    "restyle": ("v2v",),
    "subject": ("vace",),
    "control": ("vace",),
    "mask": ("vace",),
    "motion": ("animate", "vace"),
    "style": (),
    "voice": (),
    "music": (),
}


def catalogue() -> tuple[Model, ...]:
    """Return every model there is, the smallest first.

    >>> catalogue()[0].key
    'nano'
    """
    return _ALL


def names() -> tuple[str, ...]:
    """Return the names of all models.

    >>> "wan2.2-t2v-a14b" in names()
    True
    """
    return tuple(model.key for model in _ALL)


def get(key: str, *, among: Sequence[Model] | None = None) -> Model:
    """Return the model of that name.

    >>> get("wan2.2-ti2v-5b").fps
    24.0

    Args:
      key: Its name in the catalogue, upper or lower case, or its repository id.
      among: The models to look in; all of the catalogue unless given.

    Raises:
      UnknownModel: With the nearest name.
    """
    models = _ALL if among is None else among
    wanted = key.lower() if isinstance(key, str) else key
    for model in models:
        if wanted in (model.key, model.repo.lower()):
            return model
    known = [model.key for model in models]
    guess = nearest(str(wanted), known)
    raise UnknownModel(
        f"there is no model {str(key)[:80]!r}; there are {', '.join(known)}",
        where="model",
        hint=f"did you mean {guess!r}?" if guess else "a checkpoint of your own: wan.models.at(folder, like='...')",
    )


def serving(task: Task, *, among: Sequence[Model] | None = None) -> tuple[Model, ...]:
    """Return the models that can do a task.

    >>> [model.key for model in serving("flf2v")]
    ['wan2.1-flf2v-14b', 'wan2.2-i2v-a14b']

    Args:
      task: "t2v", "i2v", "flf2v", "v2v", "vace", "animate" or "s2v".
      among: The models to look in; all of the catalogue unless given.
    """
    return tuple(model for model in (_ALL if among is None else among) if task in model.tasks)


def serving_role(role: str, *, among: Sequence[Model] | None = None) -> tuple[Model, ...]:
    """Return the models that can use a reference of a role.

    >>> [model.key for model in serving_role("subject")]
    ['wan2.1-vace-1.3b', 'wan2.1-vace-14b']

    Args:
      role: Of a reference, e.g. "first_frame".
      among: The models to look in; all of the catalogue unless given.

    Raises:
      UnknownName: If there is no such role.
    """
    if role not in TASKS_OF_ROLE:
        guess = nearest(role, TASKS_OF_ROLE)
        raise UnknownName(
            f"there is no role {role!r}; there are {', '.join(TASKS_OF_ROLE)}",
            where="Reference",
            hint=f"did you mean {guess!r}?" if guess else None,
        )
    tasks = TASKS_OF_ROLE[role]
    return tuple(model for model in (_ALL if among is None else among) if any(task in model.tasks for task in tasks))


def at(folder: str | os.PathLike[str], *, like: str | Model, **changes: object) -> Model:
    """Describe a checkpoint of your own: a folder in Diffusers format, for `Studio(model=...)`.

    >>> tuned = at("weights/Harbour 5B", like="wan2.2-ti2v-5b", steps=30)
    >>> tuned.key, tuned.steps, tuned.fps
    ('harbour-5b', 30, 24.0)

    Args:
      folder: Where its model_index.json lies; read when it is first used, not now.
      like: The model whose recipe it follows.
      changes: Fields of `Model` that differ.

    Raises:
      UnknownModel: If `like` is not in the catalogue.
      UnknownName: For a field that a model does not have, with the nearest one.
    """
    base = like if isinstance(like, Model) else get(like)
    fields = list(Model.__dataclass_fields__)
    for name in changes:
        if name not in fields:
            guess = nearest(name, fields)
            raise UnknownName(
                f"a model has no field {name!r}",
                where="models.at",
                hint=f"did you mean {guess!r}?" if guess else f"there are {', '.join(fields)}",
            )
    path = Path(folder)
    key = re.sub(r"[^a-z0-9.]+", "-", path.name.lower()).strip("-.")
    if not key:
        raise SpecError(f"{str(folder)!r} has no name to call the model by", where="models.at", hint="name the folder")
    if key in names():
        key += "-own"
    own = {"key": key, "repo": str(path), "title": path.name, "source": f"{path.name}, after {base.key}"}
    return base.changed(**{**own, **changes})
