"""The engine of this machine: diffusers' own Wan pipelines over one pool of weights."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from PIL import Image

from wan_sdk import settings
from wan_sdk.engine import checkpoint as checkpoints
from wan_sdk.engine.checkpoint import Checkpoint
from wan_sdk.engine.decode import decode_frames, encode_frames
from wan_sdk.engine.machine import cpu_dtype, free_memory
from wan_sdk.engine.pool import Parts, Pool
from wan_sdk.engine.protocol import (
    CancelToken,
    EngineInputs,
    Latents,
    Listener,
    Stage,
    StageDone,
    StageStarted,
    StepDone,
)
from wan_sdk.engine.quiet import quiet
from wan_sdk.engine.schedulers import CleanPrediction, Scheduler, first_sigma, make_scheduler
from wan_sdk.errors import EngineError, OutOfMemory
from wan_sdk.models.model import Model
from wan_sdk.planning.call import Call

with quiet():  # transformers warns about torchvision, which nothing here needs
    from diffusers import WanImageToVideoPipeline, WanPipeline

_PIPELINES: dict[str, dict[str, type]] = {
    "t2v": {"t2v": WanPipeline, "v2v": WanPipeline},
    "a14b-t2v": {"t2v": WanPipeline, "v2v": WanPipeline},
    "i2v-clip": {"i2v": WanImageToVideoPipeline, "v2v": WanImageToVideoPipeline},
    "flf2v-clip": {"flf2v": WanImageToVideoPipeline, "v2v": WanImageToVideoPipeline},
    "a14b-i2v": dict.fromkeys(("i2v", "flf2v", "v2v"), WanImageToVideoPipeline),
    # Timesteps per token are only needed where the first frame is given: without them the same
    # weights give the same clip at half the memory.
    "ti2v": {"t2v": WanPipeline, "i2v": WanImageToVideoPipeline, "v2v": WanPipeline},
}
_IMAGE_LAST = ("flf2v-clip",)
_OF_TEXT_PIPELINE = ("tokenizer", "text_encoder", "vae", "transformer", "transformer_2")


class LocalEngine:
    """Run calls on this machine: on its first CUDA device, else on its processor.

    >>> from wan_sdk import models
    >>> engine = LocalEngine(models.get)

    Args:
      models: From a model's key to what the catalogue says of it: a mapping or a function.
      download: Whether a model that is not on this machine is fetched.
      offline: Whether sockets are forbidden; as the settings say unless given.
      device: A torch device, e.g. "cuda:1"; chosen unless given.
      dtype: What transformers run in, e.g. "float32"; chosen unless given: bfloat16 where the
        device computes in it.
    """

    def __init__(
        self,
        models: Mapping[str, Model] | Callable[[str], Model],
        *,
        download: bool = False,
        offline: bool | None = None,
        device: str | None = None,
        dtype: str | None = None,
    ) -> None:
        self._model = models if callable(models) else models.__getitem__
        self._download = download
        self._offline = settings.offline(offline)
        self.device = torch.device(device or ("cuda:0" if torch.cuda.is_available() else "cpu"))
        self.dtype = dtype or ("bfloat16" if self.device.type == "cuda" else cpu_dtype())
        self._pool = Pool(self.device, getattr(torch, self.dtype))
        self._turn = threading.Lock()

    def denoise(
        self, call: Call, inputs: EngineInputs, *, listen: Listener | None = None, cancel: CancelToken | None = None
    ) -> Latents:
        """Run one call; calls of several threads take turns.

        Args:
          call: What to run.
          inputs: Its pictures, fitted to its size.
          listen: Told of each stage and step, on this thread.
          cancel: Checked once a step.

        Raises:
          ModelNotHere: If the weights are not on this machine.
          DamagedWeights: If a file of theirs is not whole.
          OutOfMemory: If the device ran full.
          EngineError: If the call and the model do not go together.
          Cancelled: If a stop was asked for; nothing of the work remains.
        """
        tell = listen or _tell_nobody
        cancel = cancel or CancelToken()
        with self._my_turn(cancel), quiet(), self._typed_errors(call):
            run = _Run(call, self._model(call.model), inputs, tell, cancel)
            with run.stage("load"):
                parts = self._pool.parts(self._checkpoint(run.model))
            try:
                values = run.denoise(parts, self._pool)
            except BaseException:
                for expert in parts.experts:
                    expert._reset_stateful_cache()  # noqa: SLF001 - the library has no public name for it
                raise
        return Latents(
            values=values[0].float().cpu().numpy(),
            model=call.model,
            weights_sha256=parts.weights_sha256,
            dtype=self.dtype,
            device=str(self.device),
            seconds=run.seconds,
        )

    def decode(self, call: Call, latents: np.ndarray, *, cancel: CancelToken | None = None) -> Iterator[np.ndarray]:
        """Yield the clip in pieces, uint8 [frames, height, width, 3] of the delivered size.

        Args:
          call: The call that made the latents.
          latents: [channels, latent frames, rows, columns], as `Latents.values`; fewer latent
            frames give the beginning of the same clip.
          cancel: Checked before each piece.
        """
        with quiet(), self._typed_errors(call):
            vae = self._pool.vae(self._checkpoint(self._model(call.model)))
        with self._typed_errors(call):
            yield from decode_frames(vae, torch.from_numpy(latents), enlarge=call.enlarge, cancel=cancel)

    def unload(self) -> None:
        """Forget all weights and free their memory."""
        self._pool.clear()

    def _checkpoint(self, model: Model) -> Checkpoint:
        return checkpoints.fetch(model, offline=self._offline) if self._download else checkpoints.find(model)

    @contextmanager
    def _my_turn(self, cancel: CancelToken) -> Iterator[None]:
        while not self._turn.acquire(timeout=0.1):
            cancel.check()
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def _typed_errors(self, call: Call) -> Iterator[None]:
        try:
            yield
        except (MemoryError, RuntimeError) as problem:
            full = isinstance(problem, MemoryError | torch.OutOfMemoryError) or "allocate memory" in str(problem)
            if not full:
                raise EngineError(f"the model failed: {problem}", where=call.model) from problem
            free = torch.cuda.mem_get_info(self.device)[0] if self.device.type == "cuda" else free_memory()
            raise OutOfMemory(
                f"{self.device} ran full at {call.width}x{call.height}, {call.num_frames} frames, "
                f"with {free / 1e9:.1f} GB free beside what the model holds",
                where=call.model,
                hint="a smaller size, fewer frames, or a smaller model",
            ) from problem


class _Run:
    """One call on its way through the model."""

    def __init__(self, call: Call, model: Model, inputs: EngineInputs, tell: Listener, cancel: CancelToken) -> None:
        self.call = call
        self.model = model
        self.inputs = inputs
        self.seconds: dict[str, float] = {}
        self._tell = tell
        self._cancel = cancel
        self._pipeline_class = _pipeline_class(call, model)

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
        """Return the latents [1, channels, latent frames, rows, columns]."""
        call = self.call
        scheduler = make_scheduler(call.sampler, call.flow_shift, start_sigma=call.strength)
        pipeline = self._pipeline(parts, scheduler)
        with self.stage("text"):
            embeddings = self._embeddings(pipeline, parts, pool)
        with self.stage("denoise"):
            start = self._start(parts, scheduler)
            result = pipeline(
                **embeddings,
                **self._images(),
                latents=start.to(pool.device),
                height=call.height,
                width=call.width,
                num_frames=call.num_frames,
                num_inference_steps=call.num_inference_steps,
                guidance_scale=call.guidance_scale,
                guidance_scale_2=call.guidance_scale_2 if call.boundary_ratio is not None else None,
                max_sequence_length=call.max_sequence_length,
                output_type="latent",
                callback_on_step_end=self._on_step(parts, pool, scheduler, start.to(pool.device)),
            )
        return result.frames

    def _pipeline(self, parts: Parts, scheduler: Scheduler) -> Any:
        """Build the pipeline of this call over the shared parts: a tenth of a millisecond."""
        components = {**parts.components, "scheduler": scheduler}
        options: dict[str, Any] = {"boundary_ratio": self.call.boundary_ratio}
        if self._pipeline_class is WanPipeline:
            components = {name: components[name] for name in (*_OF_TEXT_PIPELINE, "scheduler") if name in components}
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

        return {name: pool.prompt(parts, text, tokens, lambda text=text: embed(text)) for name, text in texts.items()}

    def _start(self, parts: Parts, scheduler: Scheduler) -> torch.Tensor:
        """Return where denoising starts: noise, or the clip to restyle under noise.

        Noise comes from a generator on the processor, so that a seed means the same everywhere.
        """
        call, vae = self.call, parts.vae
        factor = vae.config.scale_factor_spatial
        shape = (1, vae.config.z_dim, call.latent_frames, call.height // factor, call.width // factor)
        noise = torch.randn(shape, generator=torch.Generator("cpu").manual_seed(call.seed))
        if call.task != "v2v":
            return noise
        clean = encode_frames(vae, self.inputs.clip.pixels, cancel=self._cancel)[None].cpu()
        sigma = first_sigma(scheduler, call.num_inference_steps)
        return (1 - sigma) * clean + sigma * noise

    def _images(self) -> dict[str, Image.Image]:
        """Return the pictures that the pipeline is given: those of the call, or the ends of its clip."""
        if self._pipeline_class is WanPipeline:
            return {}
        first, last, clip = self.inputs.first_frame, self.inputs.last_frame, self.inputs.clip
        if self.call.task == "v2v":
            first = clip.pixels[0] if first is None else first
            last = clip.pixels[-1] if last is None and self.model.layout in _IMAGE_LAST else last
        pictures = {"image": first, "last_image": last if self.call.task != "i2v" else None}
        return {name: Image.fromarray(picture) for name, picture in pictures.items() if picture is not None}

    def _on_step(
        self, parts: Parts, pool: Pool, scheduler: Scheduler, start: torch.Tensor
    ) -> Callable[[Any, int, Any, dict[str, torch.Tensor]], dict[str, torch.Tensor]]:
        clean = CleanPrediction(scheduler, start)
        began = time.perf_counter()

        def on_step(_pipeline: Any, index: int, _timestep: Any, tensors: dict[str, torch.Tensor]) -> dict:
            prediction = clean.after_step(index, tensors["latents"])[0]
            self._tell(
                StepDone(
                    shot=self.call.shot,
                    index=index + 1,
                    total=len(scheduler.timesteps),
                    sigma=float(scheduler.sigmas[index + 1]),
                    seconds=time.perf_counter() - began,
                    preview=lambda: pool.colours(parts).paint(prediction),
                )
            )
            self._cancel.check()
            return tensors

        return on_step


def _pipeline_class(call: Call, model: Model) -> type:
    """Return the pipeline that serves a call, or say why none does."""
    served = _PIPELINES.get(model.layout, {})
    if call.task not in served:
        raise EngineError(
            f"this engine can't do {call.task!r} with it, but {', '.join(served) or 'nothing'}",
            where=call.model,
            hint="another model: wan-sdk models list",
        )
    if call.loras:
        raise EngineError("this engine loads no LoRA files", where=call.model, hint="leave loras away")
    return served[call.task]


def _tell_nobody(_event: object) -> None:
    return None
