"""The engine of this machine: diffusers' own Wan pipelines over one pool of weights."""

from __future__ import annotations

import re
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch

from wan_sdk import settings
from wan_sdk.engine import checkpoint as checkpoints
from wan_sdk.engine.checkpoint import Checkpoint
from wan_sdk.engine.decode import Enlarger, decode_frames, enlarged
from wan_sdk.engine.machine import cpu_dtype
from wan_sdk.engine.pool import Pool
from wan_sdk.engine.protocol import CancelToken, EngineInputs, Event, Latents, Listener
from wan_sdk.engine.quiet import quiet
from wan_sdk.engine.run import Run
from wan_sdk.engine.upscaler import enlarge_twice
from wan_sdk.errors import EngineError, OutOfMemory, WanError
from wan_sdk.models.model import Model
from wan_sdk.planning.call import Call


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
          cancel: Checked at each of them.

        Raises:
          ModelNotHere: If the weights, or the student or upscaler that the call names, are not on this machine.
          DamagedWeights: If a file of theirs is not whole.
          OutOfMemory: If the device ran full.
          EngineError: If call, model and pictures do not go together, or the model failed.
          Cancelled: If a stop was asked for; nothing of the work remains.
        """
        cancel = cancel or CancelToken()
        with self._my_turn(cancel), quiet(), self._typed_errors(call):
            run = Run(call, self._model(call.model), inputs, listen or _tell_nobody, cancel)
            with run.stage("load"):
                found = self._checkpoint(run.model)
                weights = found.sha256(found.used_by(call))
                parts = self._pool.parts(found, transformer=call.transformer)
            try:
                values = run.denoise(parts, self._pool)
            except BaseException:
                for expert in parts.experts:
                    expert._reset_stateful_cache()  # noqa: SLF001 - the library has no public name for it
                raise
        return Latents(
            values=values[0].float().cpu().numpy(),
            model=call.model,
            weights_sha256=weights,
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

        Raises:
          As `denoise`, when the first piece is asked for.
        """
        with self._typed_errors(call):
            with quiet():
                found = self._checkpoint(self._model(call.model))
                vae, enlarge = self._pool.vae(found), self._enlarger(call, found)
            yield from decode_frames(vae, torch.from_numpy(latents), enlarge=enlarge, cancel=cancel)

    def unload(self) -> None:
        """Forget all weights and free their memory."""
        self._pool.clear()

    def _enlarger(self, call: Call, found: Checkpoint) -> Enlarger | None:
        if call.enlarged_by == "upscaler":
            return partial(enlarge_twice, self._pool.upscaler(found))
        return partial(enlarged, factor=call.enlarge) if call.enlarge > 1 else None

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
        except WanError:
            raise
        except Exception as problem:
            lines = str(problem).strip().splitlines() or [type(problem).__name__]
            if not _is_full(problem):
                raise EngineError(f"the model failed: {lines[0][:300]}", where=call.model) from problem
            # the traceback holds every tensor that was alive when memory ran out
            traceback.clear_frames(problem.__traceback__)
            free = self._pool.free_memory()
            asked = re.search(r"allocate ([\d.]+ ?\w+)", str(problem))
            raise OutOfMemory(
                f"{self.device} ran full at {call.width}x{call.height}, {call.num_frames} frames: "
                f"{asked.group(1) if asked else 'more memory'} asked for, {free / 1e9:.1f} GB free now",
                where=call.model,
                hint="a smaller size, fewer frames or a smaller model",
            ) from None


def _is_full(problem: Exception) -> bool:
    return isinstance(problem, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(problem)


def _tell_nobody(_event: Event) -> None:
    return None
