"""From planned calls to delivered clips: denoise or find, decode clean, join, mark, keep."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wan_sdk.engine.protocol import CancelToken, EngineInputs, Latents, Listener, Stage, StageDone, StageStarted
from wan_sdk.errors import UsageError
from wan_sdk.marking.manifest import Claims, Ingredient
from wan_sdk.materials import clip_of, picture_of
from wan_sdk.media.fit import fit
from wan_sdk.media.frames import Frames
from wan_sdk.media.on_disk import kept_on_disk
from wan_sdk.media.timeline import joined_pieces
from wan_sdk.planning import Plan
from wan_sdk.planning.call import Call, Input
from wan_sdk.recipe import MarkRecord, Recipe, cut_key, frames_key, latents_key, library_versions, take_key
from wan_sdk.spec import Marking, Scene, Shot, Sweep
from wan_sdk.take import Take, as_reused

if TYPE_CHECKING:
    from wan_sdk.cut import Cut
    from wan_sdk.marking.deliver import Delivered
    from wan_sdk.studio import Studio

LONGEST_CLAIMED_PROMPT = 100_000  # what a manifest may hold; the prompts of a long scene together may have more


class Production:
    """Render the calls of one plan, each at most once.

    Args:
      studio: Gives engine, gallery, marking and maker.
      x: What to render: a Shot, a Scene (whose own marking, if any, holds for its takes too) or a Sweep.
      plan: Its plan.
      fresh: Whether what lies in the gallery is rendered again.
      listen: Hears every event.
      cancel: Checked once a step and between the stages.
    """

    def __init__(
        self,
        studio: Studio,
        x: Shot | Scene | Sweep,
        plan: Plan,
        *,
        fresh: bool,
        listen: Listener,
        cancel: CancelToken,
    ) -> None:
        self.studio = studio
        self.plan = plan
        self.shots = (x,) if isinstance(x, Shot) else x.shots
        self.specs = [shot.to_dict() for shot in (standing_alone(x, plan) if isinstance(x, Scene) else self.shots)]
        self.marking = marking_of(x, studio.marking)
        self.fresh = fresh
        self.listen = listen
        self.cancel = cancel
        self._weights: dict[tuple[str, str, str | None, bool, bool], str] = {}
        self._latents: dict[int, Latents] = {}
        self._clean: dict[int, Frames] = {}
        self._latents_keys: dict[int, str] = {}
        self._frames_keys: dict[Call, str] = {}
        self._seconds: dict[int, dict[str, float]] = {}
        self._takes: dict[int, Take] = {}

    # -- one shot ---------------------------------------------------------------------------------

    def take(self, index: int) -> Take:
        """Return the take of shot `index`: from the gallery if it is there, else rendered."""
        if index not in self._takes:
            self._takes[index] = self._take(index)
        return self._takes[index]

    def _take(self, index: int) -> Take:
        call = self.plan.calls[index]
        key = take_key(self._frames_key(call), self.marking, self.studio.maker)
        found = None if self.fresh else self.studio.gallery.find(key)
        if isinstance(found, Take):
            return as_reused(found, self.specs[index])
        wanted_again = self.plan.timeline is not None
        delivered = self._deliver_clip(
            self._clean_frames(index, forget=not wanted_again),
            shot=index,
            kind="take",
            key=key,
            latents=(self._latents_key(index),),
            claims=self._claims(call.task, (call,), self._made_from(call), call.num_frames),
            spec=self.specs[index],
            calls=(call,),
            words=call.prompt,
        )
        if not wanted_again:
            self._latents.pop(index, None)
        assert isinstance(delivered, Take)
        return delivered

    def _made_from(self, call: Call) -> tuple[Ingredient, ...]:
        """Name what a clip was made from: its references, and the take before it where it goes on from there."""
        before = [self.take(item.after_shot) for item in call.inputs if item.after_shot is not None]
        continued = (Ingredient(take.path, "video/mp4", "inputTo", take.content_id) for take in before)
        return (*_reference_ingredients(call), *continued)

    def _latents_key(self, index: int) -> str:
        if index not in self._latents_keys:
            call = self.plan.calls[index]
            weights = self._weights_sha256(call, latents=True)
            self._latents_keys[index] = latents_key(call, weights, self._started_from(call))
        return self._latents_keys[index]

    def _frames_key(self, call: Call) -> str:
        if call not in self._frames_keys:
            self._frames_keys[call] = frames_key(call, self._weights_sha256(call), self._started_from(call))
        return self._frames_keys[call]

    def _started_from(self, call: Call) -> str:
        """Return the key of the frames of which a call is given the last: native ones, whatever enlarges them later."""
        before = [self.plan.calls[item.after_shot] for item in call.inputs if item.after_shot is not None]
        return "".join(self._frames_key(shot.native) for shot in before)

    def _weights_sha256(self, call: Call, *, latents: bool = False) -> str:
        files = (call.model, call.transformer, call.enlarged_by, bool(call.inputs), latents)  # which ones are used
        if files not in self._weights:
            self._weights[files] = self.studio.weights_sha256(call, latents=latents)
        return self._weights[files]

    def _clean_frames(self, index: int, *, forget: bool) -> Frames:
        if index not in self._clean:
            call = self.plan.calls[index]
            values = self._denoised(index)
            with self._stage(index, "decode"):
                self._clean[index] = self._decode(call, values)
        return self._clean.pop(index) if forget else self._clean[index]

    def _denoised(self, index: int) -> np.ndarray:
        if index in self._latents:
            return self._latents[index].values
        kept = None if self.fresh else self.studio.gallery.latents(self._latents_key(index))
        if kept is not None:
            return kept
        call = self.plan.calls[index]
        inputs = self._inputs(call, self.shots[index])
        latents = self.studio.engine.denoise(call, inputs, listen=self.listen, cancel=self.cancel)
        self._latents[index] = latents
        self._seconds.setdefault(index, {}).update(latents.seconds)
        self.studio.gallery.put_latents(self._latents_key(index), latents.values)
        return latents.values

    def _decode(self, call: Call, values: np.ndarray) -> Frames:
        pieces = list(self.studio.engine.decode(call, values, cancel=self.cancel))
        return Frames(np.concatenate(pieces), call.fps)

    def _inputs(self, call: Call, shot: Shot) -> EngineInputs:
        pictures = {item.role: self._picture(item, call, shot) for item in call.inputs if item.role != "restyle"}
        clips = [self._clip(item, call, shot) for item in call.inputs if item.role == "restyle"]
        return EngineInputs(pictures.get("first_frame"), pictures.get("last_frame"), clips[0] if clips else None)

    def _picture(self, item: Input, call: Call, shot: Shot) -> np.ndarray:
        if item.after_shot is None:
            return fit(picture_of(shot.references[item.reference]), call.width, call.height)
        native = self._decode(self.plan.calls[item.after_shot].native, self._denoised(item.after_shot))
        return fit(native.pixels[-1], call.width, call.height)

    def _clip(self, item: Input, call: Call, shot: Shot) -> Frames:
        clip = clip_of(shot.references[item.reference], fps=call.fps, frames=call.num_frames)
        return Frames(fit(clip.pixels, call.width, call.height), call.fps)

    # -- a scene ----------------------------------------------------------------------------------

    def cut(self, scene: Scene) -> Cut:
        """Return the cut of a scene, rendering what is not in the gallery."""
        from wan_sdk.cut import Cut

        shots = range(len(self.shots))
        frames = [self._frames_key(call) for call in self.plan.calls]
        key = cut_key(frames, self.plan.timeline, self.marking, self.studio.maker)
        found = None if self.fresh else self.studio.gallery.find(key)
        if isinstance(found, Cut) and len(found.takes) == len(shots):
            takes = tuple(as_reused(take, spec) for take, spec in zip(found.takes, self.specs, strict=True))
            return replace(as_reused(found, scene.to_dict()), takes=takes)
        assert self.plan.timeline is not None
        pieces = joined_pieces(self._clean_shots(), self.plan.timeline)
        joined = Frames(kept_on_disk(pieces, self.studio.gallery.folder), self.plan.timeline.fps)
        takes = tuple(self.take(index) for index in shots)
        ingredients = tuple(Ingredient(take.path, "video/mp4", "componentOf", take.content_id) for take in takes)
        cut = self._deliver_clip(
            joined,
            shot=shots[-1],
            kind="cut",
            key=key,
            latents=tuple(self._latents_key(index) for index in shots),
            claims=self._claims("cut", self.plan.calls, ingredients, len(joined)),
            spec=scene.to_dict(),
            calls=self.plan.calls,
            words=" ".join([scene.title, *(call.prompt for call in self.plan.calls)]),
            parts=tuple(take.id for take in takes),
        )
        assert isinstance(cut, Cut)
        return replace(cut, takes=takes)

    def _clean_shots(self) -> Iterator[Frames]:
        """Yield the clean frames of each shot, rendering it if need be; of those before, only takes are held."""
        for index in range(len(self.shots)):
            self.take(index)
            yield self._clean_frames(index, forget=True)
            self._latents.pop(index - 1, None)  # a shot goes on from the one before it at the most

    # -- marking and keeping ----------------------------------------------------------------------

    def _deliver_clip(self, frames: Frames, *, shot: int, kind: str, key: str, latents: tuple[str, ...],
                      claims: Claims, spec: dict[str, Any], calls: tuple[Call, ...], words: str,
                      parts: tuple[str, ...] = ()) -> Any:  # fmt: skip
        # Imported here: the mathematics of the marks costs half a second that a take from the gallery need not pay.
        from wan_sdk.marking.deliver import deliver

        self.cancel.check()
        gallery = self.studio.gallery
        # The marks ask the machine's settings whether sockets are forbidden; a studio may forbid them on its own.
        unstamped = self.studio.offline and self.marking.tsa != "off"
        marking = replace(self.marking, tsa="off") if unstamped else self.marking

        def stage(name: Stage, phase: str, seconds: float = 0.0) -> None:
            self.listen(StageStarted(shot, name) if phase == "started" else StageDone(shot, name, seconds))

        with gallery.incoming() as path:
            delivered = deliver(frames, path, marking=marking, claims=claims, listen=stage)
            made = self._latents.get(shot)
            spent = self._seconds.values() if kind == "cut" else [self._seconds.get(shot, {})]
            recipe = Recipe(
                kind=kind,
                spec=spec,
                calls=calls,
                weights={_weights_name(call): self._weights_sha256(call) for call in calls},
                frames_sha256=delivered.frames_sha256,
                marks=_mark_record(delivered, ("signed without a time stamp: the studio is offline",) * unstamped),
                device=made.device if made else "",
                dtype=made.dtype if made else "",
                libraries=library_versions(),
                seconds=_added_up([*spent, delivered.seconds]),
            )
            return gallery.add(
                path, key=key, latents=latents, content_id=delivered.content_id, recipe=recipe, words=words, parts=parts
            )

    def _claims(self, kind: str, calls: tuple[Call, ...], ingredients: tuple[Ingredient, ...], frames: int) -> Claims:
        """Say of a cut what holds for all its shots; what differs stands in the manifests of its takes."""
        keys = dict.fromkeys(call.model for call in calls)
        models = [self.studio.catalogue[key] for key in keys]
        width, height = calls[0].delivered_size
        return Claims(
            kind=kind,
            maker=self.studio.maker,
            model=", ".join(model.key for model in models),
            model_title=", ".join(model.title for model in models),
            model_repo=_shared([model.repo for model in models]) or "",
            weights_sha256=_shared([self._weights_sha256(call) for call in calls]) or "",
            seed=_shared([call.seed for call in calls]),
            steps=_shared([call.num_inference_steps for call in calls]),
            guidance=_shared([call.guidance_scale for call in calls]),
            width=width,
            height=height,
            fps=calls[0].fps,
            frames=frames,
            loras=tuple(dict.fromkeys(lora.sha256 for call in calls for lora in call.loras)),
            prompt=" / ".join(call.prompt for call in calls)[:LONGEST_CLAIMED_PROMPT],
            ingredients=ingredients,
        )

    @contextlib.contextmanager
    def _stage(self, shot: int, stage: Stage) -> Iterator[None]:
        self.listen(StageStarted(shot, stage))
        started = time.perf_counter()
        yield
        seconds = time.perf_counter() - started
        told = self._seconds.setdefault(shot, {})
        told[stage] = told.get(stage, 0.0) + seconds
        self.listen(StageDone(shot, stage, seconds))


def marking_of(x: Shot | Scene | Sweep, usual: Marking) -> Marking:
    """Return how what is made of `x` is marked: a scene's own way, else the studio's usual one."""
    return (x.marking if isinstance(x, Scene) else None) or usual


def standing_alone(scene: Scene, plan: Plan) -> list[Shot]:
    """Return the shots of a scene with what they had from it, so that each renders to the same take on its own."""
    alone = []
    for index, (shot, call) in enumerate(zip(scene.shots, plan.calls, strict=True)):
        prompt = scene.prompt_of(index).replace("{", "{{").replace("}", "}}")
        shot = shot.with_prompt(prompt).with_look(shot.look or scene.look).with_seed(call.seed).with_model(call.model)
        alone.append(shot.with_size(shot.size or scene.size).with_fps(shot.fps or scene.fps))
    return alone


def check_servable(plan: Plan, marking: Marking, *, offline: bool) -> None:
    """Refuse what can be planned but not rendered by this version, before anything is loaded.

    Raises:
      UsageError: For LoRA files, which the engine does not load yet, and for a time stamp that is required of a
        studio that is offline.
    """
    if offline and marking.tsa == "required":
        raise UsageError(
            "tsa='required': a time stamp cannot be had offline",
            where="Marking",
            hint="tsa='best_effort', or a studio that is not offline",
        )
    for name, call in zip(plan.names, plan.calls, strict=True):
        if call.loras:
            raise UsageError(
                f"{len(call.loras)} LoRA files are asked for; this version renders without any",
                where=name,
                hint="leave loras out; the plan shows how they would be used",
            )


def _reference_ingredients(call: Call) -> tuple[Ingredient, ...]:
    return tuple(
        Ingredient(Path(item.path), None, "parentOf" if item.role == "restyle" else "inputTo", item.sha256[:16])
        for item in call.inputs
        if item.path is not None
    )


def _weights_name(call: Call) -> str:
    return call.model if call.transformer == "transformer" else f"{call.model}/{call.transformer}"


def _mark_record(delivered: Delivered, warnings: tuple[str, ...]) -> MarkRecord:
    mark = delivered.watermark
    return MarkRecord(
        signed=delivered.signed,
        watermark=delivered.payload,
        psnr_db=mark.psnr_db if mark else None,
        log10_p=mark.log10_p if mark else None,
        unmarked_on_purpose=delivered.unsafe_unmarked,
        warnings=(*delivered.warnings, *warnings),
    )


def _shared(values: Sequence[Any]) -> Any:
    """Return the value that all have, or None where they differ."""
    return values[0] if all(value == values[0] for value in values) else None


def _added_up(stages: Iterable[dict[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for seconds in stages:
        for stage, took in seconds.items():
            total[stage] = total.get(stage, 0.0) + took
    return total
