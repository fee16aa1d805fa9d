"""A scene: shots in order, and what holds for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any, Self, Unpack, overload

from wan_sdk import _doors
from wan_sdk.errors import SpecError, UnknownName, nearest
from wan_sdk.spec import scene_file
from wan_sdk.spec.character import Character, fill_cast
from wan_sdk.spec.checks import MAX_NAME, checked_line
from wan_sdk.spec.look import Look
from wan_sdk.spec.marking import Marking
from wan_sdk.spec.schema import Written, check_extent, inside, number_written, read_list, refuse_unknown
from wan_sdk.spec.shot import Shot, ShotFields
from wan_sdk.spec.shot_fields import checked_fps, checked_name, checked_seed
from wan_sdk.spec.size import Size, checked_size, size_written
from wan_sdk.spec.transition import Transition

MAX_SHOTS = 2000
MAX_CAST = 200


@dataclass(frozen=True, init=False, repr=False)
class Scene(Written):
    """Put shots in order and say what holds for all of them.

    >>> from wan_sdk.spec import Camera, Transition
    >>> scene = (Scene("Harbour", look="watercolour", seed=7)
    ...          .shot("a boat on the sea at dawn", seconds=2, camera=Camera.zoom(1.3))
    ...          .shot("a yellow bird above the sea", seconds=2, name="bird", via=Transition.dissolve(0.5)))
    >>> len(scene), scene["bird"].prompt
    (2, 'a yellow bird above the sea')
    >>> Scene.from_yaml(scene.to_yaml()) == scene
    True

    Args:
      title: Name of the scene; files are named after it.
      shots: The shots, in order.
      look: The style of all shots that have none of their own, or words for it.
      cast: Characters; ``"{Mara}"`` in a prompt is one of them.
      seed: Where the seeds of shots without one come from.
      size: Of all shots that say none.
      fps: Frames per second of all shots that say none.
      model: Of all shots that name none.
      marking: How what is made is marked; None is the studio's way.
      transitions: How each shot is reached, one a shot; the first is a cut. Left out: cuts.

    Raises:
      SpecError: For a value that cannot be, with what is allowed.
    """

    title: str
    shots: tuple[Shot, ...]
    look: Look | None
    cast: tuple[Character, ...]
    seed: int | None
    size: Size | str | None
    fps: float | None
    model: str | None
    marking: Marking | None
    transitions: tuple[Transition, ...]

    def __init__(
        self,
        title: str,
        shots: Iterable[Shot] = (),
        *,
        look: Look | str | None = None,
        cast: Iterable[Character] = (),
        seed: int | None = None,
        size: Size | str | None = None,
        fps: float | None = None,
        model: str | None = None,
        marking: Marking | None = None,
        transitions: Iterable[Transition | str] | None = None,
    ) -> None:
        title = checked_line(title, "title", where="Scene", most=MAX_NAME)
        where = f"Scene {title!r:.60}"
        if marking is not None and not isinstance(marking, Marking):
            raise SpecError(
                f"marking is {marking!r:.80}; it must be a Marking", where=where, hint="Marking(label='always')"
            )
        kept: dict[str, Any] = {
            "title": title,
            "shots": _checked_shots(shots, where),
            "look": None if look is None else Look.of(look),
            "cast": _checked_cast(cast, where),
            "seed": None if seed is None else checked_seed(seed, where),
            "size": None if size is None else checked_size(size),
            "fps": None if fps is None else checked_fps(fps, where),
            "model": None if model is None else checked_name("model")(model, where),
            "marking": marking,
        }
        kept["transitions"] = _checked_transitions(transitions, len(kept["shots"]), where)
        for name, value in kept.items():
            object.__setattr__(self, name, value)

    def shot(self, prompt: str, *, via: Transition | str | None = None, **fields: Unpack[ShotFields]) -> Self:
        """Return the scene with one shot more.

        >>> Scene("Harbour").shot("a boat", seconds=2)[0].seconds
        2.0

        Args:
          prompt: What is seen.
          via: How the shot is reached; a cut if nothing is said.
          fields: Other fields of the shot.
        """
        refuse_unknown(fields, Shot.field_names(), "Scene.shot")
        return self.then(Shot(prompt, **fields), via=via)

    def then(self, shot: Shot, *, via: Transition | str | None = None) -> Self:
        """Return the scene with a shot that exists at its end.

        >>> Scene("Harbour").then(Shot("a boat")).then(Shot("a bird"), via="dissolve").transitions[1].kind
        'dissolve'

        Args:
          shot: The shot.
          via: How it is reached; a cut if nothing is said.
        """
        transition = Transition.cut() if via is None else Transition.of(via)
        return replace(self, shots=(*self.shots, shot), transitions=(*self.transitions, transition))

    def replacing(self, key: int | str, shot: Shot, *, via: Transition | str | None = None) -> Self:
        """Return the scene with another shot in the place of one; it is reached as before unless `via` says how.

        Args:
          key: Number (negative from the end) or name of the shot.
          shot: What takes its place.
          via: How it is reached, or None for as before.
        """
        index = self.index_of(key)
        shots, transitions = list(self.shots), list(self.transitions)
        shots[index] = shot
        if via is not None:
            transitions[index] = Transition.of(via)
        return replace(self, shots=tuple(shots), transitions=tuple(transitions))

    def without(self, key: int | str) -> Self:
        """Return the scene without one shot; what then comes first is no longer led into.

        >>> len(Scene("Harbour").shot("a boat").shot("a bird").without(0))
        1

        Args:
          key: Number (negative from the end) or name of the shot.
        """
        index = self.index_of(key)
        shots, transitions = list(self.shots), list(self.transitions)
        del shots[index], transitions[index]
        if transitions:
            transitions[0] = Transition.cut()
        return replace(self, shots=tuple(shots), transitions=tuple(transitions))

    def with_title(self, title: str) -> Self:
        """Return the scene under another title."""
        return replace(self, title=title)

    def with_shots(self, *shots: Shot) -> Self:
        """Return the scene with these shots instead of its own, joined by cuts."""
        return replace(self, shots=shots, transitions=tuple(Transition.cut() for _ in shots))

    def with_look(self, look: Look | str | None) -> Self:
        """Return the scene with another look."""
        return replace(self, look=None if look is None else Look.of(look))

    def with_cast(self, *characters: Character) -> Self:
        """Return the scene with more characters; one of the same name is replaced.

        >>> scene = Scene("Harbour").with_cast(Character("Mara", looks="red raincoat"))
        >>> scene.with_cast(Character("Mara", looks="blue coat")).cast[0].looks
        'blue coat'
        """
        kept = {character.name: character for character in (*self.cast, *_checked_cast(characters, "Scene"))}
        return replace(self, cast=tuple(kept.values()))

    def with_seed(self, seed: int | None) -> Self:
        """Return the scene with another seed."""
        return replace(self, seed=seed)

    def with_size(self, size: Size | str | None) -> Self:
        """Return the scene with another size."""
        return replace(self, size=size)

    def with_fps(self, fps: float | None) -> Self:
        """Return the scene with another number of frames per second."""
        return replace(self, fps=fps)

    def with_model(self, model: str | None) -> Self:
        """Return the scene for another model."""
        return replace(self, model=model)

    def with_marking(self, marking: Marking | None) -> Self:
        """Return the scene with other marks."""
        return replace(self, marking=marking)

    def prompt_of(self, key: int | str) -> str:
        """Return the prompt of a shot with its characters written out, before look and camera.

        >>> scene = Scene("Harbour", cast=[Character("Mara", looks="red raincoat")]).shot("{Mara} waves")
        >>> scene.prompt_of(0)
        'Mara (red raincoat) waves'

        Args:
          key: Number (negative from the end) or name of the shot.

        Raises:
          UnknownName: If the prompt names somebody who is not in the cast.
        """
        index = self.index_of(key)
        return fill_cast(self.shots[index].prompt, self.cast, where=self.place_of(index))

    def place_of(self, key: int | str) -> str:
        """Return what messages call a shot.

        >>> Scene("Harbour").shot("a boat", name="pier").place_of(0)
        "Shot 'pier' of Scene 'Harbour'"
        """
        index = self.index_of(key)
        name = self.shots[index].name
        return f"Shot {index if name is None else repr(name)} of Scene {self.title!r:.60}"

    def index_of(self, key: int | str) -> int:
        """Return the number of a shot, from 0.

        Args:
          key: Number (negative from the end) or name of the shot.

        Raises:
          UnknownName: If there is no such shot.
        """
        where = f"Scene {self.title!r:.60}"
        if isinstance(key, str):
            names = [shot.name for shot in self.shots if shot.name is not None]
            for index, shot in enumerate(self.shots):
                if shot.name == key:
                    return index
            guess = nearest(key, names)
            there_are = f"there are {', '.join(names)}" if names else "no shot has a name"
            hint = f"did you mean {guess!r}?" if guess else "name it: scene.shot(..., name='pier')"
            raise UnknownName(f"there is no shot {key[:80]!r}; {there_are}", where=where, hint=hint)
        if isinstance(key, bool) or not isinstance(key, int):
            raise SpecError(f"{key!r:.80} is no shot; say its number or its name", where=where, hint="scene[0]")
        if not -len(self.shots) <= key < len(self.shots):
            raise UnknownName(
                f"there is no shot {key}; there are {len(self.shots)}, counted from 0",
                where=where,
                hint="scene[-1] is the last",
            )
        return key % len(self.shots)

    def plan(self) -> Any:
        """Return the plan of the scene, made by the default studio: every model call, before anything runs."""
        return _doors.plan(self)

    def render(self, **options: Any) -> Any:
        """Render the scene on the default studio and return the Cut; options as for `Studio.render`."""
        return _doors.render(self, **options)

    def submit(self, **options: Any) -> Any:
        """Start rendering the scene on the default studio and return the Job."""
        return _doors.submit(self, **options)

    def storyboard(self) -> Any:
        """Return the scene as a storyboard: a card a shot."""
        return _doors.storyboard(self)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the scene to a file, whole or not at all.

        Relative paths of references are written relative to the file's folder.

        Args:
          path: A file ending in .yaml, .yml or .json.

        Raises:
          SpecError: For another ending, a reference that is an array, or a scene too large to be read again.
          StorageError: If the file cannot be written.
        """
        data = self.to_dict()
        check_extent(data, "Scene")  # what could not be read again is not written
        scene_file.write(path, data)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read a scene that `save` or a person wrote.

        Relative paths of references are those from the file's folder.

        Args:
          path: A file ending in .yaml, .yml or .json.

        Raises:
          SpecError: If there is no such file, or what it says cannot be, with the place.
        """
        data = scene_file.read(path)
        with inside(scene_file.name_of(path)):
            return cls.from_dict(data)

    def fields_written(self) -> dict[str, Any]:
        """Return the fields that differ from their default; each shot holds how it is reached."""
        written: dict[str, Any] = {"title": self.title}
        if self.seed is not None:
            written["seed"] = self.seed
        if self.look is not None:
            written["look"] = self.look.plain()
        if self.size is not None:
            written["size"] = size_written(self.size)
        if self.fps is not None:
            written["fps"] = number_written(self.fps)
        if self.model is not None:
            written["model"] = self.model
        if self.marking is not None:
            written["marking"] = self.marking.plain()
        if self.cast:
            written["cast"] = [character.plain() for character in self.cast]
        written["shots"] = [
            shot.plain() if via.kind == "cut" else {**shot.plain(), "via": via.plain()}
            for shot, via in zip(self.shots, self.transitions, strict=True)
        ]
        return written

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Self:
        """Return the scene of written fields."""
        rest = dict(fields)
        shots, transitions = [], []
        for index, data in enumerate(read_list(rest.pop("shots", ()), "shots", "Scene")):
            with inside(f"shots[{index}]"):
                shot_fields = dict(data) if isinstance(data, Mapping) else data
                via = shot_fields.pop("via", "cut") if isinstance(shot_fields, dict) else "cut"
                shots.append(Shot.from_plain(shot_fields))
                transitions.append(Transition.of(via))
        cast = []
        for index, data in enumerate(read_list(rest.pop("cast", ()), "cast", "Scene")):
            with inside(f"cast[{index}]"):
                cast.append(Character.from_plain(data))
        marking = rest.pop("marking", None)
        return cls(
            rest.pop("title", None),
            shots,
            cast=cast,
            marking=None if marking is None else Marking.from_plain(marking),
            transitions=transitions,
            **rest,
        )

    @classmethod
    def field_names(cls) -> tuple[str, ...]:
        """Return the keys of the written form."""
        return ("title", "seed", "look", "size", "fps", "model", "marking", "cast", "shots")

    def __len__(self) -> int:
        return len(self.shots)

    def __iter__(self) -> Iterator[Shot]:
        return iter(self.shots)

    @overload
    def __getitem__(self, key: int | str) -> Shot: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[Shot, ...]: ...
    def __getitem__(self, key: int | str | slice) -> Shot | tuple[Shot, ...]:
        return self.shots[key] if isinstance(key, slice) else self.shots[self.index_of(key)]

    def __repr__(self) -> str:
        said = [repr(self.title)]
        for name in ("look", "cast", "seed", "size", "fps", "model", "marking"):
            value = getattr(self, name)
            if value not in (None, ()):
                said.append(f"{name}={value!r}")
        lines = [f"Scene({', '.join(said)})"]
        for shot, via in zip(self.shots, self.transitions, strict=True):
            lines.append(f"  .then({shot!r}" + (")" if via.kind == "cut" else f", via={via!r})"))
        return "\n".join(lines)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002 - IPython's
        return _doors.mimebundle(self)


def _checked_shots(shots: Any, where: str) -> tuple[Shot, ...]:
    if isinstance(shots, Shot | str | Mapping) or not isinstance(shots, Iterable):
        raise SpecError(
            f"shots is {shots!r:.80}; it must be a list of Shots", where=where, hint="shots=[Shot('a boat')]"
        )
    kept: list[Shot] = []
    names: set[str] = set()
    for shot in shots:
        if not isinstance(shot, Shot):
            raise SpecError(
                f"{shot!r:.80} is not a Shot", where=where, hint="scene.shot('a boat', seconds=2) makes one"
            )
        if shot.name in names:
            raise SpecError(f"two shots have the name {shot.name!r}", where=where, hint="give one of them another name")
        if shot.name is not None:
            names.add(shot.name)
        kept.append(shot)
        if len(kept) > MAX_SHOTS:
            raise SpecError(f"more than {MAX_SHOTS:,} shots", where=where, hint="split the scene")
    return tuple(kept)


def _checked_cast(cast: Any, where: str) -> tuple[Character, ...]:
    if isinstance(cast, Character | str | Mapping) or not isinstance(cast, Iterable):
        raise SpecError(
            f"cast is {cast!r:.80}; it must be a list", where=where, hint="cast=[Character('Mara', looks='…')]"
        )
    kept: dict[str, Character] = {}
    for character in cast:
        if not isinstance(character, Character):
            raise SpecError(f"{character!r:.80} is not a Character", where=where, hint="Character('Mara', looks='…')")
        if character.name in kept:
            raise SpecError(f"{character.name!r} is in the cast twice", where=where, hint="keep one of them")
        kept[character.name] = character
        if len(kept) > MAX_CAST:
            raise SpecError(f"more than {MAX_CAST} characters", where=where, hint="split the scene")
    return tuple(kept.values())


def _checked_transitions(transitions: Any, shots: int, where: str) -> tuple[Transition, ...]:
    if transitions is None:
        return tuple(Transition.cut() for _ in range(shots))
    kept = tuple(Transition.of(transition) for transition in transitions)
    if len(kept) != shots:
        raise SpecError(f"{len(kept)} transitions for {shots} shots", where=where, hint="one a shot, the first a cut")
    if kept and kept[0].kind != "cut":
        raise SpecError(
            f"a {kept[0].kind} leads into the first shot, but nothing comes before it", where=where, hint="remove it"
        )
    return kept
