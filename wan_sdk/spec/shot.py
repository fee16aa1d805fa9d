"""One shot: what is seen, how the camera moves, and how it is made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, Self, TypedDict

from wan_sdk import _doors
from wan_sdk.spec.camera import Camera
from wan_sdk.spec.look import Look, Lora
from wan_sdk.spec.reference import Reference
from wan_sdk.spec.schema import Written, number_written
from wan_sdk.spec.shot_fields import FIELDS, SLOTS
from wan_sdk.spec.size import Size

if TYPE_CHECKING:
    from wan_sdk.spec.sweep import Sweep  # a sweep is made of shots, so it comes after them

Tier = Literal["draft", "fast", "exact"]


class ShotFields(TypedDict, total=False):
    """The fields of a shot beside its prompt."""

    seconds: float | None
    camera: Camera | str | None
    references: Iterable[Reference]
    look: Look | str | None
    size: Size | str | None
    fps: float | None
    seed: int | None
    model: str | None
    negative: str | None
    steps: int | None
    guidance: float | tuple[float, float] | None
    shift: float | None
    loras: Iterable[Lora]
    tier: Tier | None
    name: str | None


@dataclass(frozen=True, init=False, repr=False)
class Shot(Written):
    """Say what one shot shows and how it is made.

    >>> shot = Shot("a red ball rolls over green grass", seconds=2).with_camera(Camera.pan(degrees=20))
    >>> shot.camera.words()
    'the camera pans 20 degrees to the right'
    >>> Shot.from_json(shot.to_json()) == shot
    True

    What is None follows the scene, and behind it the recipe of the model's authors.

    Args:
      prompt: What is seen, at most 20,000 characters; ``{Mara}`` stands for a character of the scene.
      seconds: Length, greater than 0 and at most 3600; the plan says what the model makes of it.
      camera: The camera's path, or words for one.
      references: Pictures, clips and sounds.
      look: The style, or words for it; None takes the scene's.
      size: A `Size`, ``"480p"``, ``"720p"``, ``"1080p"`` or a shape such as ``"16:9"``; kept as asked.
      fps: Frames per second, greater than 0 and at most 240.
      seed: 0 to 2**63 - 1; None derives one from the scene's seed and the prompt.
      model: Name in the catalogue.
      negative: What must not be seen; None follows the authors, empty text says nothing.
      steps: Denoising steps, 1 to 1000.
      guidance: How closely the prompt is followed, 0 to 100; (high, low) for models with two experts.
      shift: The flow shift, greater than 0 and at most 100.
      loras: LoRA files.
      tier: ``"draft"``, ``"fast"`` or ``"exact"``.
      name: A name to find the shot by in its scene.

    Raises:
      SpecError: For a value that cannot be, with what is allowed.
      UnknownName: For a word that does not exist, with the nearest that does.
    """

    prompt: str
    seconds: float | None
    camera: Camera | None
    references: tuple[Reference, ...]
    look: Look | None
    size: Size | str | None
    fps: float | None
    seed: int | None
    model: str | None
    negative: str | None
    steps: int | None
    guidance: float | tuple[float, float] | None
    shift: float | None
    loras: tuple[Lora, ...]
    tier: Tier | None
    name: str | None

    def __init__(
        self,
        prompt: str,
        *,
        seconds: float | None = None,
        camera: Camera | str | None = None,
        references: Iterable[Reference] = (),
        look: Look | str | None = None,
        size: Size | str | None = None,
        fps: float | None = None,
        seed: int | None = None,
        model: str | None = None,
        negative: str | None = None,
        steps: int | None = None,
        guidance: float | tuple[float, float] | None = None,
        shift: float | None = None,
        loras: Iterable[Lora] = (),
        tier: Tier | None = None,
        name: str | None = None,
    ) -> None:
        given: dict[str, Any] = {**locals()}
        where = "Shot" if name is None else f"Shot {name!r:.60}"
        for field in FIELDS:
            object.__setattr__(self, field.name, field.checked(given[field.name], where))

    def with_prompt(self, prompt: str) -> Self:
        """Return the shot with another prompt."""
        return replace(self, prompt=prompt)

    def with_seconds(self, seconds: float | None) -> Self:
        """Return the shot with another length, in seconds."""
        return replace(self, seconds=seconds)

    def with_camera(self, camera: Camera | str | None) -> Self:
        """Return the shot with another camera path.

        >>> Shot("a boat").with_camera("slow push in")
        Shot('a boat', camera=Camera.dolly(0.15))
        """
        return replace(self, camera=None if camera is None else Camera.of(camera))

    def with_reference(self, reference: Reference) -> Self:
        """Return the shot with one reference more; first and last frame, restyle and start replace their like.

        >>> Shot("a boat").with_reference(Reference.image("boat.png", role="style")).references[0].role
        'style'
        """
        taken = SLOTS.get(reference.role, ()) if isinstance(reference, Reference) else ()
        return replace(self, references=(*(r for r in self.references if r.role not in taken), reference))

    def with_references(self, *references: Reference) -> Self:
        """Return the shot with these references instead of its own."""
        return replace(self, references=references)

    def with_look(self, look: Look | str | None) -> Self:
        """Return the shot with another look."""
        return replace(self, look=None if look is None else Look.of(look))

    def with_size(self, size: Size | str | None) -> Self:
        """Return the shot with another size."""
        return replace(self, size=size)

    def with_fps(self, fps: float | None) -> Self:
        """Return the shot with another number of frames per second."""
        return replace(self, fps=fps)

    def with_seed(self, seed: int | None) -> Self:
        """Return the shot with another seed; None derives it again."""
        return replace(self, seed=seed)

    def with_model(self, model: str | None) -> Self:
        """Return the shot for another model."""
        return replace(self, model=model)

    def with_negative(self, negative: str | None) -> Self:
        """Return the shot with another negative prompt; None follows the authors."""
        return replace(self, negative=negative)

    def with_steps(self, steps: int | None) -> Self:
        """Return the shot with another number of denoising steps."""
        return replace(self, steps=steps)

    def with_guidance(self, guidance: float | tuple[float, float] | None) -> Self:
        """Return the shot with other guidance: a number, or (high, low) for two experts."""
        return replace(self, guidance=guidance)

    def with_shift(self, shift: float | None) -> Self:
        """Return the shot with another flow shift."""
        return replace(self, shift=shift)

    def with_loras(self, *loras: Lora) -> Self:
        """Return the shot with these LoRA files instead of its own."""
        return replace(self, loras=loras)

    def with_tier(self, tier: Tier | None) -> Self:
        """Return the shot in another tier of speed."""
        return replace(self, tier=tier)

    def with_name(self, name: str | None) -> Self:
        """Return the shot under another name."""
        return replace(self, name=name)

    def starting_on(self, image: str | PathLike[str] | Reference | Any) -> Self:
        """Return the shot with a first frame; it replaces any other start.

        >>> Shot("she turns").starting_on("mara.png").references[0].role
        'first_frame'

        Args:
          image: A file, a uint8 array [height, width, 3], or a Reference.
        """
        return self.with_reference(_as_image(image, "first_frame"))

    def ending_on(self, image: str | PathLike[str] | Reference | Any) -> Self:
        """Return the shot with a last frame.

        Args:
          image: A file, a uint8 array [height, width, 3], or a Reference.
        """
        return self.with_reference(_as_image(image, "last_frame"))

    def restyling(self, clip: str | PathLike[str] | Reference | Any, *, strength: float = 0.6) -> Self:
        """Return the shot as a new version of a clip.

        >>> Shot("watercolour on rough paper").restyling("walk.mp4", strength=0.6).references[0].strength
        0.6

        Args:
          clip: A file, frames, a uint8 array [frames, height, width, 3], or a Reference.
          strength: Noise level where denoising starts, 0 < strength <= 1: more changes more.
        """
        if isinstance(clip, Reference):
            return self.with_reference(clip.with_role("restyle").with_strength(strength))
        return self.with_reference(Reference.video(clip, role="restyle", strength=strength))

    def continuing(self, clip: str | PathLike[str] | Reference | Any = None) -> Self:
        """Return the shot starting on the end of the shot before it, or on that of a clip.

        >>> Shot("waves break").continuing().references
        (Reference.previous(),)

        Args:
          clip: A file, frames, a uint8 array [frames, height, width, 3], or a Reference; None is the shot before.
        """
        if clip is None:
            return self.with_reference(Reference.previous())
        if isinstance(clip, Reference):
            return self.with_reference(
                clip if clip.kind == "previous" else clip.with_role("continue").with_strength(None)
            )
        return self.with_reference(Reference.video(clip, role="continue"))

    def sweep(self, **axes: Iterable[Any]) -> Sweep:
        """Return every combination of some values: a Sweep.

        >>> from wan_sdk.spec import Shot
        >>> sweep = Shot("a boat").sweep(seed=range(4), guidance=[4, 6])
        >>> len(sweep), list(sweep.axes)
        (8, ['seed', 'guidance'])

        Args:
          axes: Fields of the shot, each with the values to try; the last one changes fastest.
        """
        from wan_sdk.spec.sweep import Sweep

        return Sweep(self, axes)

    def plan(self) -> Any:
        """Return the plan of this shot, made by the default studio: every model call, before anything runs."""
        return _doors.plan(self)

    def render(self, **options: Any) -> Any:
        """Render this shot on the default studio and return the Take; options as for `Studio.render`."""
        return _doors.render(self, **options)

    def submit(self, **options: Any) -> Any:
        """Start rendering this shot on the default studio and return the Job."""
        return _doors.submit(self, **options)

    def fields_written(self) -> dict[str, Any]:
        """Return the fields that differ from their default."""
        return {
            field.name: field.written_value(getattr(self, field.name))
            for field in FIELDS
            if getattr(self, field.name) != field.default
        }

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Self:
        """Return the shot of written fields."""
        rest = dict(fields)
        return cls(rest.pop("prompt", ""), **rest)

    @classmethod
    def field_names(cls) -> tuple[str, ...]:
        """Return the keys of the written form."""
        return tuple(field.name for field in FIELDS)

    def __repr__(self) -> str:
        said = [repr(self.prompt)]
        for field in FIELDS[1:]:
            value = getattr(self, field.name)
            if value != field.default:
                said.append(f"{field.name}={number_written(value) if isinstance(value, float) else value!r}")
        return f"Shot({', '.join(said)})"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002 - IPython's
        return _doors.mimebundle(self)


def _as_image(image: Any, role: Literal["first_frame", "last_frame"]) -> Reference:
    return image.with_role(role) if isinstance(image, Reference) else Reference.image(image, role=role)
