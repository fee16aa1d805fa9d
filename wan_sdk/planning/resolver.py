"""From a shot, a scene or a sweep to its plan."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from wan_sdk import models
from wan_sdk.errors import PlanError, UnknownModel
from wan_sdk.models import Model
from wan_sdk.planning.call import Call, Change, Machine, Note
from wan_sdk.planning.estimate import estimate, finish_seconds
from wan_sdk.planning.lint import lint_call, lint_chain
from wan_sdk.planning.one_shot import Measured, Setting, call_of
from wan_sdk.planning.plan import Estimate, Plan, PlanKind
from wan_sdk.planning.seeds import derived_seed, which_of_equal
from wan_sdk.planning.timeline import Placement, Timeline
from wan_sdk.spec import Scene, Shot, Size, Sweep, Transition

TEXTS = ("prompt", "negative", "look")


@dataclass(frozen=True)
class _Studio:
    """What the studio knows: which models there are, the machine, what files hold."""

    catalogue: Sequence[Model]
    machine: Machine
    measured: Measured
    model: str | None
    default_model: str
    tier: str
    vocabulary: Collection[str] | None


@dataclass
class _Draft:
    """A plan in the making."""

    calls: list[Call]
    changes: list[Change]
    notes: list[Note]
    estimates: list[Estimate]


def resolve(
    x: Shot | Scene | Sweep,
    *,
    catalogue: Sequence[Model],
    machine: Machine,
    probes: Measured,
    model: str | Model | None = None,
    default_model: str = "nano",
    tier: str = "exact",
    maker: str | None = None,
    vocabulary: Collection[str] | None = None,
) -> Plan:
    """Write out every model call of a shot, scene or sweep; the same input always gives the same plan.

    >>> laptop = Machine("cpu", "laptop", memory_gb=16, tflops=0.13)
    >>> plan = resolve(Shot("a boat", seconds=2), catalogue=models.catalogue(), machine=laptop, probes={})
    >>> plan.calls[0].task, plan.calls[0].num_frames, plan.calls[0].delivered_size
    ('t2v', 25, (640, 384))

    Args:
      x: What to plan.
      catalogue: The models there are.
      machine: Its figures, for the estimate and for nothing else.
      probes: What was measured of every reference and LoRA file, by the Reference or Lora.
      model: Wins over what the shots and the scene name.
      default_model: Where neither names one.
      tier: "draft", "fast" or "exact", for shots that say none.
      maker: The name that stands in the manifest and the report.
      vocabulary: Every word that nano knows; None leaves that remark out.

    Raises:
      UnknownModel: For a model that is not in the catalogue.
      PlanError: If no call can serve a shot: a size, length, role, speed or transition that cannot be.
      UnknownName: For a character who is not in the cast.
    """
    if isinstance(model, Model):
        catalogue = (*(other for other in catalogue if other.key != model.key), model)
        model = model.key
    studio = _Studio(catalogue, machine, probes, model, default_model, tier, vocabulary)
    if isinstance(x, Scene):
        return _scene_plan(x, studio, maker)
    if isinstance(x, Sweep):
        return _sweep_plan(x, studio, maker)
    draft = _Draft([], [], [], [])
    where = f"Shot {x.name!r}" if x.name else "Shot"
    _add(draft, x, studio, Setting(None, (), None, None, derived_seed(None, x.prompt), tier), where, x.name or "shot")
    return _plan(draft, x.name or "shot", "shot", (x.name or "shot",), studio, maker)


def _scene_plan(scene: Scene, studio: _Studio, maker: str | None) -> Plan:
    if not scene.shots:
        raise PlanError("the scene has no shots", where=f"Scene {scene.title!r}", hint="scene.shot('…') adds one")
    draft = _Draft([], [], [], [])
    names = tuple(shot.name or f"shot {index}" for index, shot in enumerate(scene.shots))
    which = which_of_equal([shot.prompt for shot in scene.shots])
    for index, shot in enumerate(scene.shots):
        first = draft.calls[0] if index else None
        setting = Setting(
            look=scene.look,
            cast=scene.cast,
            size=scene.size,
            fps=scene.fps,
            seed=derived_seed(scene.seed, shot.prompt, which[index]),
            tier=studio.tier,
            one_size=Size(*first.delivered_size) if first else None,
            before=draft.calls[-1] if index else None,
        )
        where = scene.place_of(index)
        _add(draft, shot, studio, setting, where, names[index], scene_model=scene.model)
        if first:
            _check_fits(first, draft.calls[-1], where)
    draft.notes.extend(lint_chain(draft.calls, names))
    timeline = timeline_of(draft.calls, scene.transitions, [scene.place_of(index) for index in range(len(names))])
    return _plan(draft, scene.title, "scene", names, studio, maker, timeline)


def _sweep_plan(sweep: Sweep, studio: _Studio, maker: str | None) -> Plan:
    draft = _Draft([], [], [], [])
    # One noise for all cells, whatever they change, so that what differs is what was swept.
    setting = Setting(None, (), None, None, derived_seed(None, sweep.shot.prompt), studio.tier)
    names = []
    for index, shot in enumerate(sweep.shots):
        cell = ", ".join(_cell(axis, tried, getattr(shot, axis)) for axis, tried in sweep.axes.items())
        _add(draft, shot, studio, setting, f"Sweep, {cell}", cell, index=index)
        names.append(cell)
    return _plan(draft, sweep.shot.name or "sweep", "sweep", tuple(names), studio, maker)


def _add(
    draft: _Draft,
    shot: Shot,
    studio: _Studio,
    setting: Setting,
    where: str,
    name: str,
    *,
    scene_model: str | None = None,
    index: int | None = None,
) -> None:
    key = studio.model or shot.model or scene_model or studio.default_model
    try:
        model = models.get(key, among=studio.catalogue)
    except UnknownModel as unknown:
        raise UnknownModel(unknown.message, where=where, hint=unknown.hint) from None
    number = len(draft.calls) if index is None else index
    call, changes = call_of(shot, number, model, setting, studio.measured, studio.catalogue, where)
    expected = estimate(call, model, studio.machine)
    draft.calls.append(call)
    draft.changes.extend(changes)
    draft.estimates.append(expected)
    draft.notes.extend(
        lint_call(
            call,
            model,
            shot,
            look=shot.look or setting.look,
            estimate=expected,
            machine=studio.machine,
            vocabulary=studio.vocabulary,
            where=name,
        )
    )


def timeline_of(calls: Sequence[Call], transitions: Sequence[Transition], wheres: Sequence[str]) -> Timeline:
    """Return where each shot stands in the cut.

    Args:
      calls: One a shot, all of one speed.
      transitions: How each shot is reached; the first counts for nothing.
      wheres: The shots, for messages.

    Raises:
      PlanError: If a transition is longer than a shot beside it, or two meet within one shot.
    """
    fps = calls[0].fps
    placements: list[Placement] = []
    start, taken = 0, 0  # taken: frames of the shot before that its own way in has used up
    for index, (call, via) in enumerate(zip(calls, transitions, strict=True)):
        length = max(1, round(via.seconds * fps)) if index and via.kind != "cut" else 0
        before_part, own_part = (length // 2, length - length // 2) if via.kind == "fade" else (length, length)
        continues = any(item.after_shot is not None for item in call.inputs)
        skip = 1 if continues and not length else 0
        frames = call.num_frames - skip
        if length:
            free = placements[-1].frames - taken
            if before_part > free or own_part > frames:
                longest = min(free, frames) * (2 if via.kind == "fade" else 1)
                raise PlanError(
                    f"the {via.kind} of {via.seconds:g} s into it is longer than the shots it joins",
                    where=wheres[index],
                    hint=f"at most {longest / fps:.2f} s fit here",
                )
        overlap = length if via.kind in ("dissolve", "wipe") else 0
        start -= overlap
        placements.append(Placement(index, start, frames, skip, via.kind, length, via.colour, via.towards))
        start, taken = start + frames, own_part if length else 0
    return Timeline(fps, tuple(placements))


def _check_fits(first: Call, call: Call, where: str) -> None:
    if call.fps != first.fps:
        raise PlanError(
            f"{call.model} makes {call.fps:g} frames a second, but the scene began with {first.fps:g} ({first.model})",
            where=where,
            hint="shots of one scene have one speed: give them models of the same speed",
        )
    if call.delivered_size != first.delivered_size:
        raise PlanError(
            "it is {}x{}, but the scene began with {}x{}".format(*call.delivered_size, *first.delivered_size),
            where=where,
            hint="shots of one scene have one size: leave size out, or set it on the scene",
        )


def _plan(
    draft: _Draft,
    title: str,
    kind: PlanKind,
    names: tuple[str, ...],
    studio: _Studio,
    maker: str | None,
    timeline: Timeline | None = None,
) -> Plan:
    return Plan(
        title=title,
        kind=kind,
        names=names,
        calls=tuple(draft.calls),
        changes=tuple(draft.changes),
        notes=tuple(draft.notes),
        timeline=timeline,
        estimates=tuple(draft.estimates),
        cut_seconds=finish_seconds(draft.calls[0], timeline.frames) if timeline else 0.0,
        maker=maker,
        machine=studio.machine.name,
    )


def _cell(axis: str, tried: Sequence[object], value: object) -> str:
    """Return a cell of a sweep in words; texts and lists, which may be long and are private, by their number."""
    if isinstance(value, float):
        return f"{axis}={value:g}"
    if isinstance(value, Size):
        return f"{axis}={value.plain()}"
    if axis in TEXTS or (isinstance(value, tuple) and axis != "guidance"):
        return f"{axis} {tried.index(value)}"
    return f"{axis}={value}"
