"""One call on its way through a model: texts, start, the pipeline, and what is told of each step."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from PIL import Image

from wan_sdk.engine.decode import encode_frames
from wan_sdk.engine.pool import Parts, Pool
from wan_sdk.engine.protocol import CancelToken, EngineInputs, Listener, Stage, StageDone, StageStarted, StepDone
from wan_sdk.engine.quiet import quiet
from wan_sdk.engine.schedulers import CleanPrediction, Scheduler, first_sigma, make_scheduler
from wan_sdk.errors import EngineError
from wan_sdk.models.model import Model
from wan_sdk.planning.call import Call

with quiet():  # transformers warns about torchvision, which nothing here needs
    from diffusers import WanImageToVideoPipeline, WanPipeline


class _FromImages(WanImageToVideoPipeline):
    """Remember the given first frame as latents, so that previews can show it."""

    given: torch.Tensor | None = None

    def prepare_latents(self, *args: Any, **options: Any) -> tuple[torch.Tensor, ...]:
        prepared = super().prepare_latents(*args, **options)
        if self.config.expand_timesteps:
            self.given = prepared[1]
        return prepared


# Timesteps a token are only needed where a first frame is given to the TI2V layout: without them
# the same weights give the same clip at half the memory, so its t2v and v2v are plain.
_PIPELINES: dict[str, dict[str, type[WanPipeline | WanImageToVideoPipeline]]] = {
    "t2v": {"t2v": WanPipeline, "v2v": WanPipeline},
    "a14b-t2v": {"t2v": WanPipeline, "v2v": WanPipeline},
    "i2v-clip": {"i2v": _FromImages, "v2v": _FromImages},
    "flf2v-clip": {"flf2v": _FromImages, "v2v": _FromImages},
    "a14b-i2v": {"i2v": _FromImages, "flf2v": _FromImages, "v2v": _FromImages},
    "ti2v": {"t2v": WanPipeline, "i2v": _FromImages, "v2v": WanPipeline},
}
_OF_TEXT_PIPELINE = ("tokenizer", "text_encoder", "vae", "transformer", "transformer_2", "scheduler")


class Run:
    """Run one call, telling of its stages and steps.

    Args:
      call: What to run.
      model: The model it names.
      inputs: Its pictures.
      tell: Told of each stage and step.
      cancel: Checked at each of them.

    Raises:
      EngineError: If the call, the model and the pictures do not go together.
    """

    def __init__(self, call: Call, model: Model, inputs: EngineInputs, tell: Listener, cancel: CancelToken) -> None:
        self.call = call
        self.model = model
        self.seconds: dict[str, float] = {}
        self._tell = tell
        self._cancel = cancel
        self._pipeline_class = _pipeline_class(call, model)
        self._images = _images(call, model, inputs) if self._pipeline_class is _FromImages else {}
        self._clip = _restyled(call, inputs) if call.task == "v2v" else None

    @contextmanager
    def stage(self, name: Stage) -> Iterator[None]:
        """Tell of a stage and take its time."""
        self._cancel.check()
        self._tell(StageStarted(self.call.shot, name))
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start
        self._tell(StageDone(self.call.shot, name, self.seconds[name]))

    def denoise(self, parts: Parts, pool: Pool) -> torch.Tensor:
        """Return the latents [1, channels, latent frames, rows, columns].

        Args:
          parts: The parts of the model; none of them is changed.
          pool: Where they live; remembers embedded texts.
        """
        call = self.call
        scheduler = make_scheduler(call.sampler, call.flow_shift, start_sigma=call.strength)
        pipeline = self._pipeline(parts, scheduler)
        with self.stage("text"):
            embeddings = self._embeddings(pipeline, parts, pool)
        with self.stage("denoise"):
            start = self._start(parts, scheduler).to(pool.device)
            result = pipeline(
                **embeddings,
                **self._images,
                latents=start,
                height=call.height,
                width=call.width,
                num_frames=call.num_frames,
                num_inference_steps=call.num_inference_steps,
                guidance_scale=call.guidance_scale,
                guidance_scale_2=call.guidance_scale_2 if call.boundary_ratio is not None else None,
                max_sequence_length=call.max_sequence_length,
                output_type="latent",
                callback_on_step_end=self._on_step(parts, pool, scheduler, start),
            )
        return result.frames

    def _pipeline(self, parts: Parts, scheduler: Scheduler) -> WanPipeline | WanImageToVideoPipeline:
        """Build the pipeline of this call over the shared parts."""
        components = {**parts.components, "scheduler": scheduler}
        options: dict[str, Any] = {"boundary_ratio": self.call.boundary_ratio}
        if self._pipeline_class is WanPipeline:
            components = {name: components[name] for name in _OF_TEXT_PIPELINE if name in components}
        else:
            options["expand_timesteps"] = self.model.layout == "ti2v"
        pipeline = self._pipeline_class(**components, **options)
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    def _embeddings(self, pipeline: Any, parts: Parts, pool: Pool) -> dict[str, torch.Tensor]:
        """Return the embedded texts; the negative one only where guidance uses it."""
        texts = {"prompt_embeds": self.call.prompt}
        if self.call.guidance_scale > 1:
            texts["negative_prompt_embeds"] = self.call.negative_prompt
        tokens = self.call.max_sequence_length

        def embed(text: str) -> torch.Tensor:
            with torch.no_grad():
                return pipeline.encode_prompt(
                    text, do_classifier_free_guidance=False, max_sequence_length=tokens, device=pool.device
                )[0]

        return {name: pool.prompt(parts, text, tokens, embed) for name, text in texts.items()}

    def _start(self, parts: Parts, scheduler: Scheduler) -> torch.Tensor:
        """Return where denoising starts: noise, or the clip to restyle under noise.

        Noise comes from a generator on the processor, so that a seed means the same everywhere.
        """
        call, vae = self.call, parts.vae
        factor = vae.config.scale_factor_spatial
        shape = (1, vae.config.z_dim, call.latent_frames, call.height // factor, call.width // factor)
        noise = torch.randn(shape, generator=torch.Generator("cpu").manual_seed(call.seed))
        if self._clip is None:
            return noise
        clean = encode_frames(vae, self._clip, cancel=self._cancel)[None].cpu()
        sigma = first_sigma(scheduler, call.num_inference_steps)
        return (1 - sigma) * clean + sigma * noise

    def _on_step(
        self, parts: Parts, pool: Pool, scheduler: Scheduler, start: torch.Tensor
    ) -> Callable[[Any, int, Any, dict[str, torch.Tensor]], dict[str, torch.Tensor]]:
        clean = CleanPrediction(scheduler, start)
        began = time.perf_counter()

        def on_step(pipeline: Any, index: int, _timestep: Any, tensors: dict[str, torch.Tensor]) -> dict:
            prediction = clean.after_step(index, tensors["latents"])[0]
            given = getattr(pipeline, "given", None)

            def preview() -> np.ndarray:
                seen = prediction if given is None else torch.cat([given[0].to(prediction), prediction[:, 1:]], 1)
                return pool.colours(parts).paint(seen)

            self._tell(
                StepDone(
                    shot=self.call.shot,
                    index=index + 1,
                    total=len(scheduler.timesteps),
                    sigma=float(scheduler.sigmas[index + 1]),
                    seconds=time.perf_counter() - began,
                    preview=preview,
                )
            )
            self._cancel.check()
            return tensors

        return on_step


def _pipeline_class(call: Call, model: Model) -> type[WanPipeline | WanImageToVideoPipeline]:
    served = _PIPELINES.get(model.layout, {})
    if call.task not in served:
        raise EngineError(
            f"this engine can't do {call.task!r} with it, but {', '.join(served) or 'nothing'}",
            where=call.model,
            hint="choose another model: wan-sdk models list",
        )
    if call.loras:
        raise EngineError("this engine loads no LoRA files", where=call.model, hint="leave loras away")
    return served[call.task]


def _images(call: Call, model: Model, inputs: EngineInputs) -> dict[str, Image.Image]:
    """Return the pictures that the pipeline is given: those of the call, or the ends of its clip."""
    first, last = inputs.first_frame, inputs.last_frame
    wants_last = call.task == "flf2v" or model.layout == "flf2v-clip"
    if call.task == "v2v":
        clip = _restyled(call, inputs)
        first, last = clip[0] if first is None else first, clip[-1] if last is None else last
    pictures = {"image": _fitted(call, "first_frame", first)}
    if wants_last:
        pictures["last_image"] = _fitted(call, "last_frame", last)
    return pictures


def _fitted(call: Call, name: str, picture: np.ndarray | None) -> Image.Image:
    wanted = (call.height, call.width, 3)
    if picture is None or picture.shape != wanted or picture.dtype != np.uint8:
        got = "none" if picture is None else f"{picture.dtype} {picture.shape}"
        raise EngineError(f"{call.task} needs a picture uint8 {wanted}, and there is {got}", where=name)
    return Image.fromarray(picture)


def _restyled(call: Call, inputs: EngineInputs) -> np.ndarray:
    wanted = (call.num_frames, call.height, call.width, 3)
    pixels = None if inputs.clip is None else inputs.clip.pixels
    if pixels is None or pixels.shape != wanted or pixels.dtype != np.uint8:
        got = "none" if pixels is None else f"{pixels.dtype} {pixels.shape}"
        raise EngineError(f"v2v needs a clip uint8 {wanted}, and there is {got}", where="clip")
    return pixels
