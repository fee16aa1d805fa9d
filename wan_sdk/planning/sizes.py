"""A size that was asked for becomes one that the model makes, and that one becomes the delivered size.

A name ("480p", "16:9") is a wish: the nearest legal size is taken. A width and a height are an
order: the model makes exactly that, or the plan is refused with what is legal.
"""

from __future__ import annotations

import math

from wan_sdk.errors import SizeNotSupported
from wan_sdk.models import Model
from wan_sdk.planning.call import EnlargedBy
from wan_sdk.spec.size import Size, asked_lines, asked_shape

Pixels = tuple[int, int]

WATERMARK_LINES = 256  # frames with a shorter side can't carry the watermark
UPSCALER_FACTOR = 2  # what a checkpoint's own upscaler was trained for
SAME_SHAPE = 0.04  # 832x480 counts as 16:9, as it does for the authors
SMALLEST_AREA = 0.25  # of the smallest listed size
LARGEST_AREA = 1.05  # of the largest listed size
LONGEST_SHAPE = 4.0


def size_for(asked: Size | str | None, model: Model, *, picture: Pixels | None = None, where: str = "Shot") -> Pixels:
    """Return the native width and height of a call.

    >>> from wan_sdk import models
    >>> size_for("720p", models.get("wan2.2-t2v-a14b")), size_for(Size(640, 384), models.get("nano"))
    ((1280, 720), (320, 192))
    >>> size_for(None, models.get("wan2.2-i2v-a14b"), picture=(1000, 1000))
    (624, 624)

    Args:
      asked: A `Size`, "480p", "720p", "1080p", a shape such as "16:9", or None for the model's own.
      model: What makes the clip.
      picture: Size of the first picture or clip that it starts from, if any; gives the shape unless asked.
      where: The shot, for the message.

    Raises:
      SizeNotSupported: If the model does not make that width and height, with the nearest it does.
    """
    if isinstance(asked, Size):
        return _ordered(
            (asked.width, asked.height), model, where, free=picture is not None and model.size_follows_image
        )
    shape = picture[0] / picture[1] if picture else None
    area = _area(model.sizes[0])
    if asked is None:
        return _wished(area, shape, model) if shape else model.sizes[0]
    if lines := asked_lines(asked):
        # "480p" is said of pictures that are wider than high; a square of 480 lines is not what is meant.
        wide = [size for size in model.sizes if size[0] > size[1]] or model.sizes
        nearest = min(wide, key=lambda size: abs(math.log(min(size) / lines)))
        return _wished(_area(nearest), shape or max(nearest) / min(nearest), model)
    width, height = asked_shape(asked) or model.sizes[0]
    return _wished(area, width / height, model, exactly=True)


def is_what_was_asked(asked: Size | str | None, got: Pixels, model: Model) -> bool:
    """Return whether a size is what was meant, or a change to be listed."""
    if asked is None:
        return True
    if isinstance(asked, Size):
        return (asked.width, asked.height) in (got, delivered(got, model))
    if lines := asked_lines(asked):
        return min(got) == lines
    return same_shape(got, asked_shape(asked) or got)


def factor_for(size: Pixels, model: Model) -> int:
    """Return the whole factor by which frames are enlarged before marking; 1 for not at all.

    >>> from wan_sdk import models
    >>> [factor_for(size, models.get("nano")) for size in ((320, 192), (240, 240), (160, 96))]
    [2, 2, 3]

    Args:
      size: Native width and height.
      model: What makes the clip.
    """
    return math.ceil(max(WATERMARK_LINES, model.delivered_lines) / min(size))  # 1 from those lines on


def delivered(size: Pixels, model: Model) -> Pixels:
    """Return the width and height of the delivered clip.

    >>> from wan_sdk import models
    >>> delivered((320, 192), models.get("nano")), delivered((832, 480), models.get("wan2.1-t2v-14b"))
    ((640, 384), (832, 480))

    Args:
      size: Native width and height.
      model: What makes the clip.
    """
    factor = factor_for(size, model)
    return size[0] * factor, size[1] * factor


def enlarged_by(size: Pixels, model: Model) -> EnlargedBy | None:
    """Return what enlarges the frames: the model's own upscaler where its factor is the right one, else Lanczos.

    >>> from wan_sdk import models
    >>> [enlarged_by(size, models.get("nano")) for size in ((320, 192), (160, 96))]
    ['upscaler', 'lanczos']

    Args:
      size: Native width and height.
      model: What makes the clip.
    """
    factor = factor_for(size, model)
    if factor == 1:
        return None
    return "upscaler" if model.upscaler and factor == UPSCALER_FACTOR else "lanczos"


def same_shape(a: Pixels, b: Pixels) -> bool:
    """Return whether two sizes have the same shape, but for the rounding to whole blocks.

    >>> same_shape((1920, 1080), (832, 480)), same_shape((1000, 1000), (832, 480))
    (True, False)
    """
    return _apart(a[0] / a[1], b[0] / b[1]) <= SAME_SHAPE


def shaped(area: int, shape: float, align: int) -> Pixels:
    """Return the size of a shape at an area, each side rounded down to whole blocks.

    >>> shaped(832 * 480, 3 / 2, 16)
    (768, 512)

    Args:
      area: Pixels, e.g. 832 * 480.
      shape: Width / height.
      align: Block side in pixels.

    Source: ``wan/image2video.py`` of the authors' code.
    """
    bounded = min(max(shape, 1 / LONGEST_SHAPE), LONGEST_SHAPE)
    width, height = math.sqrt(area * bounded), math.sqrt(area / bounded)
    return max(align, int(width / align + 1e-9) * align), max(align, int(height / align + 1e-9) * align)


def listed(model: Model) -> str:
    """Return the sizes that a model was trained for, in words; in brackets those that it delivers, where they differ.

    >>> from wan_sdk import models
    >>> listed(models.get("nano"))
    '320x192 (640x384), 192x320 (384x640), 240x240 (480x480), 160x96 (480x288)'
    """
    both = [("{}x{}".format(*size), "{}x{}".format(*delivered(size, model))) for size in model.sizes]
    return ", ".join(own if own == large else f"{own} ({large})" for own, large in both)


def said(size: Pixels, model: Model) -> str:
    """Return a size in words, with the delivered one where they differ."""
    text = "{}x{}".format(*size)
    large = delivered(size, model)
    return text if large == size else text + " (delivered at {}x{})".format(*large)


def _wished(area: int, shape: float, model: Model, *, exactly: bool = False) -> Pixels:
    """Return the listed size of a class and shape, or that shape itself where the model can make it."""
    same_class = [size for size in model.sizes if abs(_area(size) / area - 1) < 0.1] or list(model.sizes)
    nearest = min(same_class, key=lambda size: _apart(size[0] / size[1], shape))
    if model.size_follows_image and not (exactly and model.sizes_only):
        return shaped(area, shape, model.align)
    if model.sizes_only or not exactly or _apart(nearest[0] / nearest[1], shape) <= SAME_SHAPE:
        return nearest
    return shaped(area, shape, model.align)


def _ordered(asked: Pixels, model: Model, where: str, *, free: bool) -> Pixels:
    for size in model.sizes:
        if asked in (size, delivered(size, model)):
            return size
    width, height = asked
    nearest = min(model.sizes, key=lambda size: min(_far(size, asked), _far(delivered(size, model), asked)))
    refusal = f"size is {width}x{height}; {model.key} makes"
    if model.sizes_only and not free:
        raise SizeNotSupported(f"{refusal} {listed(model)}", where=where, hint=f"the nearest is {said(nearest, model)}")
    if width % model.align or height % model.align:
        near = tuple(max(model.align, round(side / model.align) * model.align) for side in asked)
        raise SizeNotSupported(
            f"{refusal} sizes in whole blocks of {model.align} pixels",
            where=where,
            hint="the nearest is {}x{}; it was trained for {}".format(*near, listed(model)),
        )
    areas = [_area(size) for size in model.sizes]
    if not SMALLEST_AREA * min(areas) <= width * height <= LARGEST_AREA * max(areas):
        raise SizeNotSupported(
            f"{refusal} {listed(model)}, and sizes between", where=where, hint=f"the nearest is {said(nearest, model)}"
        )
    if not 1 / LONGEST_SHAPE <= width / height <= LONGEST_SHAPE:
        raise SizeNotSupported(
            f"{refusal} no shape longer than {LONGEST_SHAPE:g} to 1",
            where=where,
            hint=f"the nearest is {said(nearest, model)}",
        )
    return asked


def _area(size: Pixels) -> int:
    return size[0] * size[1]


def _apart(shape: float, other: float) -> float:
    return abs(math.log(shape / other))


def _far(size: Pixels, other: Pixels) -> float:
    """Return how unlike two sizes are in area and shape together."""
    return _apart(_area(size), _area(other)) + _apart(size[0] / size[1], other[0] / other[1])
