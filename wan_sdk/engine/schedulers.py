"""The noise schedule of a call, always a fresh one, always with its shift said.

Three samplers walk the same straight line from noise to picture, `x_t = (1 - sigma) x_0 + sigma
noise`: UniPC (the authors' choice), Euler, and the first order of DPM++ (for distilled students).
Any of them can start late, at a noise level below 1: that is what video to video is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from diffusers import DPMSolverMultistepScheduler, FlowMatchEulerDiscreteScheduler, UniPCMultistepScheduler

from wan_sdk.errors import EngineError, nearest

SAMPLERS = ("unipc", "euler", "dpm1")
Scheduler = UniPCMultistepScheduler | FlowMatchEulerDiscreteScheduler | DPMSolverMultistepScheduler


class _LateStart:
    """Begin on the step whose noise level is nearest to `start_sigma`, when one is set."""

    start_sigma: float | None = None

    def set_timesteps(self, *args: Any, **options: Any) -> None:
        super().set_timesteps(*args, **options)  # type: ignore[misc]
        if self.start_sigma is None:
            return
        first = int((self.sigmas[:-1] - self.start_sigma).abs().argmin())
        self.timesteps, self.sigmas = self.timesteps[first:], self.sigmas[first:]
        self.num_inference_steps = len(self.timesteps)


class UniPC(_LateStart, UniPCMultistepScheduler):
    """UniPC of second order on flow sigmas."""


class DPM1(_LateStart, DPMSolverMultistepScheduler):
    """DPM++ of first order on flow sigmas."""


class _ShiftedOnce(FlowMatchEulerDiscreteScheduler):
    def set_timesteps(
        self, num_inference_steps: int | None = None, device: str | torch.device | None = None, **options: Any
    ) -> None:
        # Left alone, this class starts from sigmas that are shifted already and shifts them again.
        even = np.linspace(1, 0, (num_inference_steps or 0) + 1)[:-1]
        super().set_timesteps(device=device, sigmas=even.tolist(), **options)


class Euler(_LateStart, _ShiftedOnce):
    """Euler on flow sigmas that are shifted once."""


def make_scheduler(sampler: str, flow_shift: float, *, start_sigma: float | None = None) -> Scheduler:
    """Return a fresh scheduler.

    >>> scheduler = make_scheduler("euler", 5.0)
    >>> scheduler.set_timesteps(4)
    >>> scheduler.timesteps.tolist()
    [1000.0, 937.5, 833.3333129882812, 625.0]

    Args:
      sampler: "unipc", "euler" or "dpm1".
      flow_shift: Shift of the noise schedule; more than 1 spends more steps on high noise.
      start_sigma: Noise level where to start, 0 < s <= 1, or None for pure noise.

    Raises:
      EngineError: For another sampler.
    """
    if sampler == "unipc":
        scheduler = UniPC(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=flow_shift)
    elif sampler == "dpm1":
        scheduler = DPM1(solver_order=1, prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=flow_shift)
    elif sampler == "euler":
        scheduler = Euler(shift=flow_shift)
    else:
        guess = nearest(sampler, SAMPLERS)
        raise EngineError(
            f"there is no sampler {sampler!r}; there are {', '.join(SAMPLERS)}",
            where="sampler",
            hint=f"did you mean {guess!r}?" if guess else None,
        )
    scheduler.start_sigma = start_sigma
    return scheduler


def first_sigma(scheduler: Scheduler, steps: int) -> float:
    """Return the noise level where a schedule of so many steps begins."""
    scheduler.set_timesteps(steps)
    return float(scheduler.sigmas[0])


class CleanPrediction:
    """Tell, after each step, what the clip would be if the model's last word were final (x_0).

    UniPC and DPM++ keep that prediction themselves; for Euler it follows from two latents in a row.

    Args:
      scheduler: The scheduler of the call.
      start: The latents before the first step.
    """

    def __init__(self, scheduler: Scheduler, start: torch.Tensor) -> None:
        self._scheduler = scheduler
        self._before = start

    def after_step(self, index: int, latents: torch.Tensor) -> torch.Tensor:
        """Return x_0 after step `index` (from 0) has led to `latents`; keeps them for the next step."""
        before, self._before = self._before, latents
        if not isinstance(self._scheduler, Euler):
            return self._scheduler.model_outputs[-1]
        from_sigma, to_sigma = (float(sigma) for sigma in self._scheduler.sigmas[index : index + 2])
        return latents - to_sigma * (latents - before) / (to_sigma - from_sigma)
