"""Seconds become a legal number of frames: 4k + 1, within what one call can make."""

from __future__ import annotations

from wan_sdk.errors import LengthNotSupported
from wan_sdk.models import Model

# A length is a wish: the nearest legal one is taken up to here, and the change is listed.
LEEWAY_SECONDS = 0.5


def at_size(size: tuple[int, int], model: Model) -> Model:
    """Return the model with the lengths that it was trained at in a size.

    >>> from wan_sdk import models
    >>> at_size((320, 192), models.get("nano")).frames_listed, at_size((240, 240), models.get("nano")).frames_listed
    ((13, 25, 49), (25,))

    Args:
      size: Native width and height.
      model: What makes the clip.
    """
    if size not in model.sizes_of_one_length:
        return model
    return model.changed(frames_listed=(model.frames,), frames_allowed=(model.frames, model.frames))


def frames_for(seconds: float | None, model: Model, *, where: str = "Shot") -> int:
    """Return the legal number of frames nearest to a length; of two as near, the longer.

    >>> from wan_sdk import models
    >>> frames_for(5, models.get("wan2.2-t2v-a14b")), frames_for(2, models.get("nano"))
    (81, 25)

    Args:
      seconds: What was asked; None for the model's own length.
      model: What makes the clip.
      where: The shot, for the message.

    Raises:
      LengthNotSupported: If the nearest legal length is more than half a second away.
    """
    if seconds is None:
        return model.frames
    asked = seconds * model.fps
    frames = _nearest(asked, model)
    if abs(frames - asked) > LEEWAY_SECONDS * model.fps:
        raise LengthNotSupported(
            f"seconds is {seconds:g}; {model.key} makes {_lengths(model)} in one call",
            where=where,
            hint=f"the nearest is {frames / model.fps:.2f} s ({frames} frames)"
            + ("; for more, add a shot that goes on: shot.continuing()" if asked > model.frames_allowed[1] else ""),
        )
    return frames


def frames_within(available: int, model: Model, *, where: str = "Shot") -> int:
    """Return the largest legal number of frames that a clip can fill.

    >>> from wan_sdk import models
    >>> frames_within(32, models.get("wan2.1-t2v-14b"))
    29

    Args:
      available: Frames of the clip at the model's speed.
      model: What makes the clip.
      where: The shot, for the message.

    Raises:
      LengthNotSupported: If the clip is too short for any call.
    """
    smallest, largest = model.frames_allowed
    listed = [frames for frames in model.frames_listed if frames <= available]
    if model.frames_listed and listed:
        return max(listed)
    if available < smallest or model.frames_listed:
        raise LengthNotSupported(
            f"the clip has {available} frames at {model.fps:g} a second; {model.key} needs at least {smallest}",
            where=where,
            hint=f"give a clip of {smallest / model.fps:.2f} s or more",
        )
    return (min(available, largest) - 1) // 4 * 4 + 1


def _nearest(asked: float, model: Model) -> int:
    if model.frames_listed:
        return min(model.frames_listed, key=lambda frames: (abs(frames - asked), -frames))
    smallest, largest = model.frames_allowed
    bounded = min(max(asked, smallest), largest)
    below = int((bounded - 1) // 4 * 4 + 1)
    above = min(below + 4, largest)
    return below if bounded - below < above - bounded else above


def _lengths(model: Model) -> str:
    if model.frames_listed:
        *some, last = (f"{frames / model.fps:.2f}" for frames in model.frames_listed)
        at = " at this size" if model.sizes_of_one_length and not some else ""
        return f"{', '.join(some)} or {last} s" if some else f"{last} s{at}"
    smallest, largest = model.frames_allowed
    return f"{smallest / model.fps:.2f} to {largest / model.fps:.2f} s"
