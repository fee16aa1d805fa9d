"""From planned calls to delivered clips: denoise or find, decode clean, join, mark, keep."""

from __future__ import annotations

import contextlib
import os
import re
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wan_sdk.engine.protocol import CancelToken, EngineInputs, Latents, Listener, Stage, StageDone, StageStarted
from wan_sdk.errors import StorageError, UsageError
from wan_sdk.marking.deliver import Delivered, deliver
from wan_sdk.marking.manifest import Claims, Ingredient
from wan_sdk.materials import clip_of, picture_of
from wan_sdk.media.fit import fit
from wan_sdk.media.frames import Frames
from wan_sdk.media.timeline import join
from wan_sdk.planning import Plan
from wan_sdk.planning.call import Call, Input
from wan_sdk.recipe import MarkRecord, Recipe, cut_key, latents_key, library_versions, take_key
from wan_sdk.spec import Marking, Scene, Shot
from wan_sdk.take import Take, Takes, as_reused, copy_whole

if TYPE_CHECKING:
    from wan_sdk.cut import Cut
    from wan_sdk.studio import Studio


class Production:
    """Render the calls of one plan, each at most once.

    Args:
      studio: Gives engine, gallery, marking and maker.
      plan: What to render.
      fresh: Whether what lies in the gallery is rendered again.
      listen: Hears every event.
      cancel: Checked once a step and between the stages.
    """

    def __init__(self, studio: Studio, plan: Plan, *, fresh: bool, listen: Listener, cancel: CancelToken) -> None:
        self.studio = studio
        self.plan = plan
        self.fresh = fresh
        self.listen = listen
        self.cancel = cancel
        self._latents: dict[int, Latents] = {}
        self._clean: dict[int, Frames] = {}
        self._keys: dict[int, str] = {}
        self._seconds: dict[int, dict[str, float]] = {}

    # -- one shot ---------------------------------------------------------------------------------

    def take(self, index: int, shot: Shot) -> Take:
        """Return the take of shot `index`: from the gallery if it is there, else rendered."""
        call = self.plan.calls[index]
        key = take_key(self._key(index), self.studio.marking, self.studio.maker)
        found = None if self.fresh else self.studio.gallery.find(key)
        if isinstance(found, Take):
            return as_reused(found)
        frames = self._clean_frames(index, shot)
        delivered = self._deliver_clip(
            frames,
            shot=index,
            marking=self.studio.marking,
            kind="take",
            key=key,
            latents=(self._key(index),),
            claims=self._claims(call.task, index, _reference_ingredients(call)),
            spec=shot.to_dict(),
            calls=(call,),
            words=call.prompt,
        )
        assert isinstance(delivered, Take)
        return delivered

    def _key(self, index: int) -> str:
        if index not in self._keys:
            call = self.plan.calls[index]
            before = [self._key(item.after_shot) for item in call.inputs if item.after_shot is not None]
            weights = self.studio.weights_sha256(call.model)
            self._keys[index] = latents_key(call, weights, "".join(before))
        return self._keys[index]

    def _clean_frames(self, index: int, shot: Shot, *, forget: bool = False) -> Frames:
        if index not in self._clean:
            call = self.plan.calls[index]
            values = self._denoised(index, shot)
            with self._stage(index, "decode"):
                self._clean[index] = self._decode(call, values)
        return self._clean.pop(index) if forget else self._clean[index]

    def _denoised(self, index: int, shot: Shot) -> np.ndarray:
        if index in self._latents:
            return self._latents[index].values
        kept = None if self.fresh else self.studio.gallery.latents(self._key(index))
        if kept is not None:
            return kept
        call = self.plan.calls[index]
        latents = self.studio.engine.denoise(call, self._inputs(call, shot), listen=self.listen, cancel=self.cancel)
        self._latents[index] = latents
        self._seconds.setdefault(index, {}).update(latents.seconds)
        self.studio.gallery.put_latents(self._key(index), latents.values)
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
        before = replace(self.plan.calls[item.after_shot], enlarge=1)
        native = self._decode(before, self._denoised_before(item.after_shot))
        return fit(native.pixels[-1], call.width, call.height)

    def _denoised_before(self, index: int) -> np.ndarray:
        if index in self._latents:
            return self._latents[index].values
        kept = self.studio.gallery.latents(self._key(index))
        if kept is None:
            raise UsageError(
                "the latents of the shot before are not kept, so nothing can continue it",
                where=f"shot {index}",
                hint="render the scene with a gallery that keeps latents: Gallery(keep_latents=True)",
            )
        return kept

    def _clip(self, item: Input, call: Call, shot: Shot) -> Frames:
        clip = clip_of(shot.references[item.reference], fps=call.fps, frames=call.num_frames)
        return Frames(fit(clip.pixels, call.width, call.height), call.fps)

    # -- a scene ----------------------------------------------------------------------------------

    def cut(self, scene: Scene) -> Cut:
        """Return the cut of a scene, rendering what is not in the gallery."""
        from wan_sdk.cut import Cut

        marking = scene.marking or self.studio.marking
        shots = list(scene.shots)
        keys = [self._key(index) for index in range(len(shots))]
        key = cut_key(keys, self.plan.timeline, marking, self.studio.maker)
        found = None if self.fresh else self.studio.gallery.find(key)
        if isinstance(found, Cut) and len(found.takes) == len(shots):
            return replace(as_reused(found), takes=tuple(map(as_reused, found.takes)))
        takes = [self.take(index, shot) for index, shot in enumerate(shots)]
        joined = join(
            (self._clean_frames(index, shot, forget=True) for index, shot in enumerate(shots)), self.plan.timeline
        )
        ingredients = tuple(Ingredient(take.path, "video/mp4", "componentOf", take.content_id) for take in takes)
        cut = self._deliver_clip(
            joined,
            shot=len(shots) - 1,
            marking=marking,
            kind="cut",
            key=key,
            latents=tuple(keys),
            claims=self._claims("cut", 0, ingredients, frames=joined),
            spec=scene.to_dict(),
            calls=self.plan.calls,
            words=" ".join([scene.title, *(call.prompt for call in self.plan.calls)]),
            parts=tuple(take.id for take in takes),
        )
        assert isinstance(cut, Cut)
        return replace(cut, takes=tuple(takes))

    # -- marking and keeping ----------------------------------------------------------------------

    def _deliver_clip(self, frames: Frames, *, shot: int, marking: Marking, kind: str, key: str,
                      latents: tuple[str, ...], claims: Claims, spec: dict[str, Any], calls: tuple[Call, ...],
                      words: str, parts: tuple[str, ...] = ()) -> Any:  # fmt: skip
        self.cancel.check()
        gallery = self.studio.gallery

        def stage(name: Stage, phase: str, seconds: float = 0.0) -> None:
            self.listen(StageStarted(shot, name) if phase == "started" else StageDone(shot, name, seconds))

        with gallery.incoming() as path:
            delivered = deliver(frames, path, marking=marking, claims=claims, listen=stage)
            made = self._latents.get(shot)
            recipe = Recipe(
                kind=kind,
                spec=spec,
                calls=calls,
                weights={call.model: self.studio.weights_sha256(call.model) for call in calls},
                frames_sha256=delivered.frames_sha256,
                marks=_mark_record(delivered, marking),
                device=made.device if made else "",
                dtype=made.dtype if made else "",
                libraries=library_versions(),
                seconds={**self._seconds.get(shot, {}), **delivered.seconds},
            )
            return gallery.add(
                path, key=key, latents=latents, content_id=delivered.content_id, recipe=recipe, words=words, parts=parts
            )

    def _claims(
        self, kind: str, index: int, ingredients: tuple[Ingredient, ...], frames: Frames | None = None
    ) -> Claims:
        call = self.plan.calls[index]
        model = self.studio.catalogue[call.model]
        width, height = call.delivered_size
        return Claims(
            kind=kind,
            maker=self.studio.maker,
            model=model.key,
            model_title=model.title,
            model_repo=model.repo,
            weights_sha256=self.studio.weights_sha256(call.model),
            seed=call.seed,
            steps=call.num_inference_steps,
            guidance=call.guidance_scale,
            width=width,
            height=height,
            fps=call.fps,
            frames=len(frames) if frames else call.num_frames,
            loras=tuple(lora.sha256 for lora in call.loras),
            prompt=" / ".join(c.prompt for c in self.plan.calls) if kind == "cut" else call.prompt,
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


def check_servable(plan: Plan) -> None:
    """Refuse what can be planned but not rendered by this version, before anything is loaded.

    Raises:
      UsageError: For LoRA files, which the engine does not load yet.
    """
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


def _mark_record(delivered: Delivered, marking: Marking) -> MarkRecord:
    mark = delivered.watermark
    return MarkRecord(
        signed=marking.c2pa,
        watermark=delivered.payload if delivered.watermark_claimed else None,
        psnr_db=mark.psnr_db if mark else None,
        log10_p=mark.log10_p if mark else None,
        unmarked_on_purpose=marking.unsafe_unmarked,
    )


# -- copies for the user ----------------------------------------------------------------------------


def prepare_folder(folder: Path) -> Path:
    """Make an output folder and check that it can be written, before anything is rendered."""
    probe_file = folder / f".writable-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe_file.write_bytes(b"")
        probe_file.unlink()
    except OSError as problem:
        raise StorageError(
            f"cannot be written ({problem.strerror or problem})",
            where=f"output folder {folder}",
            hint="choose a folder that you may write to",
        ) from None
    return folder


def deliver_copies(x: Any, result: Any, folder: Path) -> list[Path]:
    """Copy the signed files of a result into a folder under readable names; never the prompt."""
    copies = []
    for stem, clip in _named(x, result):
        target = folder / f"{stem}.mp4"
        copy_whole(clip.path, target)
        copies.append(target)
    return copies


def _named(x: Any, result: Any) -> list[tuple[str, Any]]:
    if isinstance(result, Takes):
        return [(f"take-{number:02d}", take) for number, take in enumerate(result, 1)]
    if isinstance(result, Take):
        return [(clean_name(x.name) or "take", result)]
    stem = clean_name(x.title) or "scene"
    return [(stem, result), *((f"{stem}-{number:02d}", take) for number, take in enumerate(result.takes, 1))]


def clean_name(title: str | None) -> str:
    """Return a title as a file name: lower-case ASCII letters, digits and hyphens.

    >>> clean_name("Été à la mer / 2")
    'ete-a-la-mer-2'
    """
    ascii_text = unicodedata.normalize("NFKD", title or "").encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text.lower()).strip("-")[:80]
