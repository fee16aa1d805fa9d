"""The text that the model reads, put together from what the maker wrote.

The order is: the prompt with its characters written out, the words of the look, the words of the
camera; joined by commas. Nothing else is added and nothing is rewritten.
"""

from __future__ import annotations

from collections.abc import Sequence

from wan_sdk.models import Model
from wan_sdk.spec import Camera, Character, Look, Lora
from wan_sdk.spec.character import fill_cast

_ENDS = " \n\t.,;，。；"


def prompt_text(
    prompt: str,
    *,
    cast: Sequence[Character] = (),
    look: Look | None = None,
    camera: Camera | None = None,
    where: str = "Shot",
) -> str:
    """Return the prompt as the model reads it.

    >>> prompt_text("a boat at dawn.", look=Look("watercolour"), camera=Camera.pan(20))
    'a boat at dawn, watercolour, the camera pans 20 degrees to the right'

    Args:
      prompt: As the maker wrote it; ``{Name}`` is a character.
      cast: The characters there are.
      look: The style, or None.
      camera: The path of the camera, or None.
      where: The shot, for the message.

    Raises:
      UnknownName: If a name in curly brackets is not in the cast.
    """
    parts = [fill_cast(prompt, cast, where=where)]
    if look is not None:
        parts.append(look.words)
    if camera is not None:
        parts.append(camera.words())
    if len(parts) == 1:
        return parts[0]
    return ", ".join(part.strip(_ENDS) if index else part.rstrip(_ENDS) for index, part in enumerate(parts))


def negative_text(negative: str | None, look: Look | None, model: Model) -> str:
    """Return the negative prompt: the shot's own, else the authors' with that of the look added.

    >>> from wan_sdk import models
    >>> negative_text(None, Look("pencil", negative="photo"), models.get("nano"))
    'photo'

    Args:
      negative: The shot's; empty text means none at all; None follows the recipe.
      look: The style, or None.
      model: Whose recipe.
    """
    if negative is not None:
        return negative
    parts = [model.negative, look.negative if look and look.negative else ""]
    return ", ".join(part for part in parts if part)


def loras_of(look: Look | None, loras: Sequence[Lora]) -> tuple[Lora, ...]:
    """Return the LoRA files of a call: those of the look, then the shot's own, each once."""
    return tuple(dict.fromkeys((*(look.loras if look else ()), *loras)))
