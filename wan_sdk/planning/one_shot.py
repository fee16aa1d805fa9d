"""One shot becomes one call, with every change from what was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wan_sdk import models
from wan_sdk.errors import PlanError, SizeNotSupported, SpecError
from wan_sdk.models import Model
from wan_sdk.planning import sizes
from wan_sdk.planning.call import Call, Change, Input, LoraUse, Probe, Role
from wan_sdk.planning.lengths import at_size, frames_for, frames_within
from wan_sdk.planning.prompting import loras_of, negative_text, prompt_text
from wan_sdk.planning.tasks import DEFAULT_STRENGTH, Sources, role_not_served, sources_of
from wan_sdk.planning.tiers import Changed, sampling_of
from wan_sdk.spec import Character, Look, Lora, Reference, Shot, Size
from wan_sdk.spec.character import mentioned

KINDS = {"image": "a picture", "video": "a clip", "audio": "a sound", "weights": "a file of weights"}
Measured = Mapping[Reference | Lora, Probe]


@dataclass(frozen=True)
class Setting:
    """What a shot takes from the scene around it, and from its place there.

    Args:
      look, size, fps: The scene's, or None.
      cast: The characters there are.
      seed: For the shot if it names none.
      tier: For the shot if it names none.
      one_size: The size that every shot of the scene has, once the first has one.
      before: The call of the shot before, or None.
    """

    look: Look | None
    cast: tuple[Character, ...]
    size: Size | str | None
    fps: float | None
    seed: int
    tier: str
    one_size: Size | None = None
    before: Call | None = None


def call_of(
    shot: Shot, index: int, model: Model, setting: Setting, measured: Measured, catalogue: Sequence[Model], where: str
) -> tuple[Call, list[Change]]:
    """Return the call of a shot and what it changes.

    Args:
      shot: What was asked.
      index: Of the shot in its scene or sweep.
      model: What makes it.
      setting: What the scene gives.
      measured: Probes of all references and LoRA files.
      catalogue: The models to name when this one can't.
      where: The shot, for messages.

    Raises:
      PlanError: If no call can serve the shot; says what is allowed and the nearest choice.
      UnknownName: For a name in the prompt that is not in the cast.
    """
    changes: list[Change] = []

    def changed(field: str, asked: object, got: object, why: str) -> None:
        changes.append(Change(index, field, asked, got, why))

    sources = sources_of(shot.references, model, catalogue=catalogue, where=where)
    _refuse_cast_references(shot, setting.cast, model, catalogue, where)
    inputs = _inputs(shot, sources, index, setting.before, measured, where)
    _check_fps(shot.fps or setting.fps, model, catalogue, where)
    look = shot.look or setting.look

    width, height = _size(shot, model, setting, inputs, where, changed)
    frames = _frames(shot, at_size((width, height), model), sources, measured, where, changed)
    tier = shot.tier or setting.tier
    sampling = sampling_of(shot, model, tier, where, changed, restyles=sources.restyle is not None)
    return (
        Call(
            shot=index,
            model=model.key,
            task=sources.task,
            prompt=prompt_text(shot.prompt, cast=setting.cast, look=look, camera=shot.camera, where=where),
            negative_prompt=negative_text(shot.negative, look, model),
            width=width,
            height=height,
            num_frames=frames,
            fps=model.fps,
            num_inference_steps=sampling.num_inference_steps,
            guidance_scale=sampling.guidance_scale,
            guidance_scale_2=sampling.guidance_scale_2,
            flow_shift=sampling.flow_shift,
            boundary_ratio=model.boundary,
            sampler=sampling.sampler,
            max_sequence_length=model.text_tokens,
            seed=shot.seed if shot.seed is not None else setting.seed,
            strength=_strength(shot, sources),
            inputs=inputs,
            loras=_loras(loras_of(look, shot.loras), model, measured, where),
            enlarge=sizes.factor_for((width, height), model),
            enlarged_by=sizes.enlarged_by((width, height), model),
            transformer=sampling.transformer,
            tier=tier,
        ),
        changes,
    )


def checked_probe(reference: Reference | Lora, measured: Measured, where: str) -> Probe:
    """Return what was measured of a file, if it is the file that was meant."""
    probe = measured.get(reference)
    if probe is None:
        raise PlanError(
            f"{_called(reference)} was not measured", where=where, hint="plan it with a Studio, which measures files"
        )
    pin = reference.sha256 if isinstance(reference, Reference) else None
    if pin and pin != probe.sha256:
        raise PlanError(
            f"{_called(reference)} is not the file that was pinned: sha256 {probe.sha256[:16]}…, not {pin[:16]}…",
            where=where,
            hint="bring the old file back, or pin the new one with reference.with_sha256(...)",
        )
    return probe


def _inputs(
    shot: Shot, sources: Sources, index: int, before: Call | None, measured: Measured, where: str
) -> tuple[Input, ...]:
    roles: dict[Role, int | None] = {
        "first_frame": sources.first,
        "last_frame": sources.last,
        "restyle": sources.restyle,
    }
    inputs = []
    for role, number in roles.items():
        if number is None:
            continue
        reference = shot.references[number]
        if reference.kind == "previous":
            if before is None:
                raise PlanError(
                    "there is no shot before it to continue",
                    where=where,
                    hint="continue a file: shot.continuing('clip.mp4'), or put a shot before it in a Scene",
                )
            item = Input(role, after_shot=index - 1, reference=number, width=before.width, height=before.height)
        else:
            probe = checked_probe(reference, measured, where)
            wanted = "video" if reference.kind == "video" else "image"
            if probe.kind != wanted:
                raise PlanError(
                    f"{_called(reference)} is {KINDS[probe.kind]}; the role {reference.role!r} takes {KINDS[wanted]}",
                    where=where,
                    hint="shot.starting_on() takes a picture, shot.continuing() and shot.restyling() a clip",
                )
            item = Input(
                role,
                path=reference.path,
                sha256=probe.sha256,
                reference=number,
                width=probe.width,
                height=probe.height,
            )
        inputs.append(item)
    return tuple(inputs)


def _size(
    shot: Shot, model: Model, setting: Setting, inputs: tuple[Input, ...], where: str, changed: Changed
) -> sizes.Pixels:
    asked = shot.size or setting.one_size or setting.size
    picture = (inputs[0].width, inputs[0].height) if inputs else None
    try:
        size = sizes.size_for(asked, model, picture=picture, where=where)
    except SizeNotSupported as refusal:
        if not isinstance(asked, Size) or asked is not setting.one_size:
            raise
        raise SizeNotSupported(
            f"{refusal.message}; the scene began with {asked.plain()}",
            where=where,
            hint="shots of one scene have one size: set one on the scene that all of its models make",
        ) from None
    delivered = sizes.delivered(size, model)
    why = []
    if not sizes.is_what_was_asked(asked, size, model):
        why.append(
            f"the area of {asked} in the shape of the picture"
            if picture and model.size_follows_image
            else f"{sizes.said(size, model)} is the nearest that {model.key} makes"
        )
    if delivered != size and not (isinstance(asked, Size) and (asked.width, asked.height) == delivered):
        why.append(_why_enlarged(size, delivered, model))
    if why:
        said = asked.plain() if isinstance(asked, Size) else asked
        changed("size", said or "{}x{}".format(*size), "{}x{}".format(*delivered), "; ".join(why))
    for item in inputs:
        if item.width and not sizes.same_shape((item.width, item.height), size):
            changed(
                "references",
                f"{item.role} {item.width}x{item.height}",
                "{}x{}".format(*size),
                "cropped to the shape of the clip",
            )
    return size


def _why_enlarged(size: sizes.Pixels, delivered: sizes.Pixels, model: Model) -> str:
    by = f"{model.key}'s upscaler" if sizes.enlarged_by(size, model) == "upscaler" else "Lanczos' filter"
    if min(size) < sizes.WATERMARK_LINES:
        reason = f"frames under {sizes.WATERMARK_LINES} lines can't carry the watermark"
    else:
        reason = f"{model.key} delivers {model.delivered_lines} lines or more"
    return "delivered at {}x{}, enlarged by {}: {}".format(*delivered, by, reason)


def _frames(shot: Shot, model: Model, sources: Sources, measured: Measured, where: str, changed: Changed) -> int:
    asked, frames = shot.seconds, frames_for(shot.seconds, model, where=where)
    why = f"clips have 4k + 1 frames; {frames} at {model.fps:g} a second is the nearest that {model.key} makes"
    if sources.restyle is not None:
        reference = shot.references[sources.restyle]
        probe = checked_probe(reference, measured, where)
        available = int(probe.frames / probe.fps * model.fps + 1e-6) if probe.fps else probe.frames
        fitting = frames_within(available, model, where=where)
        if shot.seconds is None or fitting < frames:
            frames = fitting
            asked = shot.seconds if shot.seconds is not None else probe.seconds or available / model.fps
            why = f"the clip gives {available} frames at {model.fps:g} a second; {frames} is the most that is 4k + 1"
        if probe.fps and abs(probe.fps - model.fps) > 0.01:
            changed("fps", round(probe.fps, 3), model.fps, f"the clip is played at the speed of {model.key}")
    seconds = frames / model.fps
    if asked is not None and abs(seconds - asked) > 1e-6:
        changed("seconds", asked, seconds, why)
    return frames


def _check_fps(asked: float | None, model: Model, catalogue: Sequence[Model], where: str) -> None:
    if asked is None or asked == model.fps:
        return
    able = [other.key for other in catalogue if other.runnable and other.fps == asked]
    raise PlanError(
        f"fps is {asked:g}; {model.key} makes {model.fps:g} frames a second",
        where=where,
        hint=f"leave fps out for {model.fps:g}" + (f", or take one of {', '.join(able)}" if able else ""),
    )


def _strength(shot: Shot, sources: Sources) -> float | None:
    if sources.restyle is None:
        return None
    strength = shot.references[sources.restyle].strength
    return DEFAULT_STRENGTH if strength is None else strength


def _loras(loras: tuple[Lora, ...], model: Model, measured: Measured, where: str) -> tuple[LoraUse, ...]:
    uses = []
    for lora in loras:
        if lora.expert is not None and model.network.experts == 1:
            raise PlanError(
                f"the LoRA {lora.path!r} is for the {lora.expert}-noise expert; {model.key} has one expert",
                where=where,
                hint="leave expert out",
            )
        probe = checked_probe(lora, measured, where)
        uses.append(LoraUse(lora.path, probe.sha256, lora.weight, lora.expert))
    return tuple(uses)


def _refuse_cast_references(
    shot: Shot, cast: Sequence[Character], model: Model, catalogue: Sequence[Model], where: str
) -> None:
    names = mentioned(shot.prompt)
    for character in cast:
        reference = character.reference
        if character.name not in names or reference is None:
            continue
        if reference.role != "subject":
            raise SpecError(
                f"the reference of {character.name} has the role {reference.role!r}; it must be 'subject'",
                where=where,
                hint="give first and last frames to the shot: shot.starting_on(...)",
            )
        if not any(task in model.tasks for task in models.TASKS_OF_ROLE["subject"]):
            raise role_not_served("subject", model, catalogue, f"{where}, {character.name}")


def _called(reference: Reference | Lora) -> str:
    if isinstance(reference, Lora):
        return f"the LoRA {reference.path!r}"
    return f"{reference.path!r}" if reference.path is not None else f"the {reference.kind} in memory"
