"""Pictures that stand in memory, kept so that nobody can change them.

The spec knows no array library. Whatever quacks like a numpy array (``dtype``, ``shape``, ``copy``,
``setflags``) is copied through its own methods and compared by its bytes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from wan_sdk.errors import SpecError
from wan_sdk.spec.checks import checked_number

PixelsKind = Literal["image", "video", "mask"]
_SHAPES: dict[PixelsKind, tuple[str, ...]] = {
    "image": ("[height, width, 3]",),
    "video": ("[frames, height, width, 3]",),
    "mask": ("[height, width]", "[frames, height, width]"),
}


@dataclass(frozen=True, repr=False)
class Pixels:
    """Hold a read-only copy of an array; two are equal when kind, shape, bytes and speed are.

    Args:
      kind: What it shows; decides the shape.
      sha256: Hash of type, shape and bytes.
      fps: Frames per second of a clip, where known.
      array: The copy: uint8, or bool for a mask.
    """

    kind: PixelsKind
    sha256: str
    fps: float | None
    array: Any = field(compare=False)

    @classmethod
    def of(cls, array: Any, kind: PixelsKind, *, where: str, fps: float | None = None) -> Self:
        """Copy an array.

        Args:
          array: uint8 [height, width, 3] for an image, [frames, height, width, 3] for a video;
            uint8 or bool [height, width] or [frames, height, width] for a mask.
          kind: ``"image"``, ``"video"`` or ``"mask"``.
          where: Who asks, for messages.
          fps: Frames per second of a clip, where known.

        Raises:
          SpecError: For another type of number or another shape.
        """
        dtype, shape = str(array.dtype), tuple(int(side) for side in array.shape)
        allowed = ("uint8", "bool") if kind == "mask" else ("uint8",)
        if dtype not in allowed:
            raise SpecError(
                f"the array is of {dtype}; it must be {' or '.join(allowed)}",
                where=where,
                hint="values of 0 to 1 turn with mediapy.to_uint8(array)",
            )
        if not _fits(shape, kind):
            raise SpecError(
                f"the array has the shape {list(shape)}; it must be {' or '.join(_SHAPES[kind])}",
                where=where,
                hint="leave out an alpha channel: array[..., :3]" if shape[-1:] == (4,) else None,
            )
        copy = array.copy()
        copy.setflags(write=False)
        digest = hashlib.sha256(f"{dtype} {shape} ".encode())
        digest.update(memoryview(copy).cast("B") if copy.flags.c_contiguous else copy.tobytes())
        speed = None if fps is None else checked_number(fps, "fps", where=where, above=0, most=240)
        return cls(kind, digest.hexdigest(), speed, copy)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return tuple(self.array.shape)

    def __repr__(self) -> str:
        return f"<array {list(self.shape)}>"


def is_array(value: object) -> bool:
    """Return whether a value can be kept as an array."""
    return all(hasattr(value, name) for name in ("dtype", "shape", "copy", "setflags", "tobytes"))


def _fits(shape: tuple[int, ...], kind: PixelsKind) -> bool:
    if 0 in shape:
        return False
    if kind == "mask":
        return len(shape) in (2, 3)
    return len(shape) == (3 if kind == "image" else 4) and shape[-1] == 3
