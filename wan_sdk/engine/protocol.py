"""What the studio asks of an engine, and what an engine tells while it works.

An engine is a plug-in of two methods: `denoise` turns a call into latents, `decode` turns
latents into frames. Everything between them is told as events to one listener.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np

from wan_sdk.errors import Cancelled
from wan_sdk.media.frames import Frames
from wan_sdk.planning.call import Call

Stage = Literal["plan", "load", "text", "denoise", "decode", "mark", "encode", "sign"]


@dataclass(frozen=True)
class Planned:
    """It is known what will run: the first event of a render, from the studio.

    Args:
      calls: All calls of the plan, in the order of the shots.
    """

    calls: tuple[Call, ...]


@dataclass(frozen=True)
class StageStarted:
    """A stage of shot `shot` began."""

    shot: int
    stage: Stage


@dataclass(frozen=True)
class StageDone:
    """A stage of shot `shot` ended after `seconds`."""

    shot: int
    stage: Stage
    seconds: float


@dataclass(frozen=True)
class StepDone:
    """One denoising step ended.

    Args:
      shot: Index of the shot.
      index: Steps done so far, from 1.
      total: Steps of this call.
      sigma: Noise level after the step, 0..1.
      seconds: Since denoising began.
      preview: Call it for what the clip would be by now: uint8 [latent frames, h, w, 3]; costs
        about a millisecond, so call it as often as you look. None when the engine has none.
    """

    shot: int
    index: int
    total: int
    sigma: float
    seconds: float
    preview: Callable[[], np.ndarray] | None = None


Event = Planned | StageStarted | StageDone | StepDone
Listener = Callable[[Event], None]


class CancelToken:
    """Let one thread ask another to stop; checked once a denoising step and once a decoded chunk."""

    def __init__(self) -> None:
        self._flag = threading.Event()

    def cancel(self) -> None:
        """Ask the work to stop."""
        self._flag.set()

    def check(self) -> None:
        """Raise `Cancelled` if a stop was asked for."""
        if self._flag.is_set():
            raise Cancelled("stopped", hint="render again to start over; what was finished is in the gallery")


@dataclass(frozen=True, eq=False)
class EngineInputs:
    """The pictures of a call, already fitted to its size.

    Args:
      first_frame, last_frame: uint8 [height, width, 3] at the call's native size, or None.
      clip: uint8 frames at the call's native size and length (v2v), or None.
    """

    first_frame: np.ndarray | None = None
    last_frame: np.ndarray | None = None
    clip: Frames | None = None


@dataclass(frozen=True, eq=False)
class Latents:
    """The result of denoising, as the decoder wants it.

    Args:
      values: float32 array [channels, latent frames, rows, columns], normalised (mean 0, std 1).
      model: Key of the model that made it.
      weights_sha256: Hash over the hashes of exactly the weight files that the call uses.
      dtype: What the transformer ran in, e.g. "bfloat16".
      device: "cpu", "cuda:0", ...
      seconds: By stage: load, text, denoise.
    """

    values: np.ndarray
    model: str
    weights_sha256: str
    dtype: str
    device: str
    seconds: dict[str, float] = field(default_factory=dict)


class Engine(Protocol):
    """Turn calls into latents and latents into frames."""

    def denoise(
        self, call: Call, inputs: EngineInputs, *, listen: Listener | None = None, cancel: CancelToken | None = None
    ) -> Latents:
        """Run one call. Raises EngineError, OutOfMemory, ModelNotHere, DamagedWeights or Cancelled."""
        ...

    def decode(self, call: Call, latents: np.ndarray, *, cancel: CancelToken | None = None) -> Iterator[np.ndarray]:
        """Yield the clip in pieces, uint8 [frames, height, width, 3] of the delivered size.

        The pieces are the same whatever is decoded with them: a prefix of the latents gives a prefix of the clip.
        """
        ...

    def unload(self) -> None:
        """Forget all weights and free their memory."""
        ...
