"""The camera: a path as data, made from moves."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, NoReturn, ParamSpec, Self, overload

from wan_sdk import _doors
from wan_sdk.errors import SchemaError, SpecError, UsageError
from wan_sdk.spec import camera_json, camera_parse, camera_words
from wan_sdk.spec.camera_moves import Ease, InTurn, Move, Node, Together, checked_ease, eased, in_turn, together
from wan_sdk.spec.camera_pose import Pose, pose_at
from wan_sdk.spec.checks import checked_number
from wan_sdk.spec.schema import Written, number_written

P = ParamSpec("P")


class NotOnACamera(UsageError, AttributeError):
    """A maker was called on a camera that exists; `hasattr` says no, as for any absent name."""


class _Maker(Generic[P]):
    """A function of the class `Camera` alone: on a camera that exists it explains ``&``."""

    def __init__(self, make: Callable[P, Camera]) -> None:
        self._make: Callable[P, Camera] = inspect.unwrap(make)  # the function inside the staticmethod
        functools.update_wrapper(self, self._make)  # type: ignore[arg-type]

    @overload
    def __get__(self, instance: None, owner: type) -> Callable[P, Camera]: ...
    @overload
    def __get__(self, instance: Camera, owner: type) -> NoReturn: ...
    def __get__(self, instance: Camera | None, owner: type) -> Callable[P, Camera]:
        if instance is None:
            return self._make
        name = self._make.__name__
        raise NotOnACamera(
            f".{name}(...) starts a path and exists on the class alone",
            where=repr(instance),
            hint=f"at once: {instance!r} & Camera.{name}(...); one after the other: .then(Camera.{name}(...))",
        )


@dataclass(frozen=True, repr=False)
class Camera(Written):
    """Move the camera along a path, written as data.

    >>> push = Camera.zoom(1.3) & Camera.pan(10)
    >>> path = push.eased("in-out").then(Camera.static(), share=0.7)
    >>> path
    (Camera.zoom(1.3) & Camera.pan(10)).eased('in-out').then(Camera.static(), share=0.7)
    >>> path.pose(0.7).yaw
    10.0
    >>> push.words()
    'the camera slowly zooms in by 1.3 times and slowly pans 10 degrees to the right'

    Amounts are the camera's own motion over its whole time; signs follow the film sense of each
    word (`camera_pose` has the mathematics). The nominal view is 60 degrees wide.

    Args:
      path: The tree of moves; the makers, ``&`` and `then` build it.
      unread: What `parse` did not understand; no part of equality.
    """

    path: Node
    unread: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.path, Move | Together | InTurn):
            raise SpecError(
                f"Camera(...) got {self.path!r:.80}",
                where="Camera",
                hint="make one with Camera.pan(20), or read words with Camera.parse('slow push in')",
            )

    @_Maker
    @staticmethod
    def pan(degrees: float) -> Camera:
        """Turn the camera to the right (positive: the picture slides left) or to the left.

        >>> Camera.pan(20).pose(1).yaw
        20.0

        Args:
          degrees: Of yaw, over the whole move.
        """
        return Camera(Move("pan", degrees))

    @_Maker
    @staticmethod
    def tilt(degrees: float) -> Camera:
        """Turn the camera up (positive: the picture slides down) or down.

        >>> Camera.tilt(degrees=-15).words()
        'the camera tilts 15 degrees down'

        Args:
          degrees: Of pitch, over the whole move.
        """
        return Camera(Move("tilt", degrees))

    @_Maker
    @staticmethod
    def roll(degrees: float) -> Camera:
        """Turn the camera clockwise (positive: the picture turns counterclockwise) or back.

        >>> Camera.roll(20).words()
        'the camera rolls 20 degrees clockwise'

        Args:
          degrees: Around the line of sight, over the whole move.
        """
        return Camera(Move("roll", degrees))

    @_Maker
    @staticmethod
    def zoom(ratio: float) -> Camera:
        """Change the focal length: in above 1, out below.

        >>> Camera.zoom(2).pose(0.5).focal == 2**0.5
        True

        Args:
          ratio: Last focal length over the first, 0.01 to 100.
        """
        return Camera(Move("zoom", ratio))

    @_Maker
    @staticmethod
    def dolly(distance: float) -> Camera:
        """Move toward the subject, or away from it.

        >>> Camera.dolly(0.3).words()
        'the camera dollies in by 30 percent'

        Args:
          distance: Share of the distance to the subject, less than 1; negative goes back.
        """
        return Camera(Move("dolly", distance))

    @_Maker
    @staticmethod
    def truck(widths: float) -> Camera:
        """Move sideways: to the right, or with a negative amount to the left.

        >>> Camera.truck(-0.25).pose(1).x
        -0.25

        Args:
          widths: Frame widths at the subject's depth.
        """
        return Camera(Move("truck", widths))

    @_Maker
    @staticmethod
    def pedestal(heights: float) -> Camera:
        """Move up, or with a negative amount down.

        >>> Camera.pedestal(0.2).words()
        'the camera cranes up by 20 percent'

        Args:
          heights: Frame heights at the subject's depth.
        """
        return Camera(Move("pedestal", heights))

    @_Maker
    @staticmethod
    def orbit(degrees: float) -> Camera:
        """Go around the subject and keep looking at it; positive moves the camera to the right.

        >>> pose = Camera.orbit(90).pose(1)
        >>> round(pose.yaw), round(pose.z, 9)
        (-90, 1.0)

        Args:
          degrees: Of the arc around the subject.
        """
        return Camera(Move("orbit", degrees))

    @_Maker
    @staticmethod
    def handheld(degrees: float = 0.6, *, seed: int = 0) -> Camera:
        """Shake as a camera in a hand does.

        >>> Camera.handheld(seed=3)
        Camera.handheld(0.6, seed=3)

        Args:
          degrees: Root mean square of the shake over the move, 0 to 45.
          seed: Another seed is another shake; the same seed the same.
        """
        return Camera(Move("handheld", degrees, seed))

    @_Maker
    @staticmethod
    def static() -> Camera:
        """Stand still.

        >>> Camera.static().words()
        'the camera holds still'
        """
        return Camera(Move("static", 0))

    @_Maker
    @staticmethod
    def parse(text: str) -> Camera:
        """Read what people write about a camera.

        Words without a number mean the usual amounts of slow, medium and fast (`camera_words`).
        Moves with "and", "while" or a comma between them are at once; "then" comes after.

        >>> Camera.parse("slow push in, then pan left")
        Camera.dolly(0.15).then(Camera.pan(-20))
        >>> Camera.parse("orbit 45° clockwise over the rooftops").unread
        ('over the rooftops',)

        Args:
          text: One path in English, at most 2,000 characters.

        Raises:
          SpecError: If nothing in it is a move of the camera.
        """
        path, unread = camera_parse.read_path(text)
        return Camera(path, unread)

    @classmethod
    def of(cls, value: Camera | str | Mapping[str, Any]) -> Camera:
        """Return a camera from what is accepted where one is wanted: a Camera, words, plain data.

        >>> Camera.of("static shot")
        Camera.static()
        """
        if isinstance(value, Camera):
            return value
        if isinstance(value, str):
            return Camera.parse(value)
        if isinstance(value, Mapping):
            return cls.from_plain(value)
        raise SpecError(
            f"camera is {value!r:.80} (a {type(value).__name__}); it must be a Camera or words",
            where="Camera",
            hint="for example Camera.pan(20) or 'slow push in'",
        )

    def __and__(self, other: Camera | str) -> Camera:
        if not isinstance(other, Camera | str):
            return NotImplemented
        second = Camera.of(other)
        return Camera(together(self.path, second.path), self.unread + second.unread)

    def __rand__(self, other: str) -> Camera:
        return Camera.of(other) & self if isinstance(other, str) else NotImplemented

    def then(self, other: Camera | str, *, share: float = 0.5) -> Camera:
        """Return this path followed by another.

        >>> Camera.pan(20).then("zoom in x1.5", share=0.8)
        Camera.pan(20).then(Camera.zoom(1.5), share=0.8)

        Args:
          other: What comes after.
          share: Part of the time that this path gets, between 0 and 1; the other gets the rest.
        """
        second = Camera.of(other)
        first_share = checked_number(share, "share", where="Camera.then", above=0, most=1)
        if first_share == 1:
            raise SpecError("share is 1; that leaves no time for what comes after", where="Camera.then", hint="say 0.5")
        path = in_turn((self.path, second.path), (first_share, round(1 - first_share, 12)))
        return Camera(path, self.unread + second.unread)

    def eased(self, ease: Ease) -> Camera:
        """Return the path with a gentle start, end or both; it replaces an ease given before.

        >>> Camera.pan(20).eased("in").pose(0.5).yaw
        5.0

        Args:
          ease: ``"linear"``, ``"in"`` (starts gently), ``"out"`` (stops gently) or ``"in-out"``.
        """
        return Camera(eased(self.path, checked_ease(ease)), self.unread)

    def pose(self, t: float) -> Pose:
        """Return where the camera is at a moment.

        >>> Camera.tilt(10).pose(0.25).pitch
        2.5

        Args:
          t: Part of the shot that is over, 0 to 1.
        """
        return pose_at(self.path, checked_number(t, "t", where="Camera.pose", least=0, most=1))

    def words(self) -> str:
        """Return the path as the phrase that stands in a prompt; `camera_words` has the grammar.

        A shake's seed is not said, and amounts are rounded; `parse` reads the rest back.

        >>> Camera.zoom(0.5).words()
        'the camera quickly zooms out by 2 times'
        """
        return camera_words.words_of(self.path)

    def fields_written(self) -> dict[str, Any]:
        """Return the tree as plain data: a move, ``{"all": [...]}`` or ``{"then": [...]}``.

        >>> (Camera.pan(20) & Camera.zoom(1.3)).plain()
        {'all': [{'kind': 'pan', 'degrees': 20}, {'kind': 'zoom', 'ratio': 1.3}]}
        """
        return camera_json.node_written(self.path)

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Self:
        """Return the camera that `fields_written` wrote."""
        if "share" in fields:
            raise SchemaError("share stands outside of a 'then'", where="Camera", hint="remove it")
        return cls(camera_json.node_read(fields))

    @classmethod
    def field_names(cls) -> tuple[str, ...]:
        """Return the keys that may stand in the written form."""
        return camera_json.NODE_KEYS

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not isinstance(vars(type(self)).get(name), _Maker)]

    def __repr__(self) -> str:
        return _repr(self.path)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002 - IPython's
        return _doors.mimebundle(self)


def _repr(node: Node) -> str:
    """Return the Python that makes the path."""
    if isinstance(node, Move):
        arguments = [] if node.kind == "static" else [repr(number_written(node.amount))]
        arguments += [f"seed={node.seed}"] if node.seed else []
        text = f"Camera.{node.kind}({', '.join(arguments)})"
    elif isinstance(node, Together):
        text = " & ".join(_repr(part) for part in node.parts)
        text = text if node.ease == "linear" else f"({text})"
    else:
        text, done = _operand(node.parts[0]), node.shares[0]
        for part, share in zip(node.parts[1:], node.shares[1:], strict=True):
            first = done / (done + share)
            text += f".then({_repr(part)}" + (")" if abs(first - 0.5) < 1e-9 else f", share={first:.12g})")
            done += share
    return text if node.ease == "linear" else f"{text}.eased({node.ease!r})"


def _operand(node: Node) -> str:
    return f"({_repr(node)})" if isinstance(node, Together) and node.ease == "linear" else _repr(node)
