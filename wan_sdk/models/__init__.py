"""The checkpoints there are, as data: what each can do, its sizes and lengths, its authors' recipe.

>>> from wan_sdk import models
>>> models.get("wan2.2-t2v-a14b").guidance
(4.0, 3.0)
"""

from wan_sdk.models.lookup import TASKS_OF_ROLE, at, catalogue, get, names, serving, serving_role
from wan_sdk.models.model import Distilled, Layout, Model, Network, Task

__all__ = [
    "TASKS_OF_ROLE",
    "Distilled",
    "Layout",
    "Model",
    "Network",
    "Task",
    "at",
    "catalogue",
    "get",
    "names",
    "serving",
    "serving_role",
]
