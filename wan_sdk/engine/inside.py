"""Look inside a model while it denoises: what each step sees, what guidance adds, which words are heard where.

Nothing of the model is changed and its numbers stay the same: hooks read what passes by, and are
gone when the call is over.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from wan_sdk.engine.decode import decode_frames, encode_frames
from wan_sdk.engine.local import LocalEngine
from wan_sdk.engine.pool import Parts
from wan_sdk.engine.preview import LatentColours
from wan_sdk.engine.protocol import CancelToken, EngineInputs, Event, Listener, StepDone
from wan_sdk.engine.quiet import quiet
from wan_sdk.engine.schedulers import make_scheduler
from wan_sdk.errors import EngineError
from wan_sdk.models.model import Model
from wan_sdk.planning.call import Call

with quiet():
    from diffusers.pipelines.wan.pipeline_wan import prompt_clean

_QUERIES_AT_ONCE = 4096
# Image conditions stand before the text in what attention reads; the text is as long as diffusers pads it.
_TEXT_TOKENS_AFTER_IMAGE = 512


@dataclass(frozen=True, eq=False)
class Step:
    """What one denoising step was like.

    Args:
      index: From 1.
      sigma: Noise level before the step, 0..1.
      expert: 0, or 1 for the expert of low noise.
      noisy: What the step started from, as colours: uint8 [latent frames, rows, columns, 3].
      clean: What the clip would be if the step's word were final (x0), likewise.
      guidance: Size of what guidance added, over that of the prediction without it; 0 without guidance.
      guidance_map: Where it was added: float32 [latent frames, rows, columns]; None without guidance.
      attention: How much each place listened to each word, averaged over heads and blocks: float32
        [words, latent frames, rows of tokens, columns of tokens], 0..1; no words, no rows.
    """

    index: int
    sigma: float
    expert: int
    noisy: np.ndarray
    clean: np.ndarray
    guidance: float
    guidance_map: np.ndarray | None
    attention: np.ndarray


@dataclass(frozen=True, eq=False)
class Inside:
    """What was seen of one call.

    Args:
      call: The call.
      words: The words that were listened for.
      steps: One for each denoising step.
      latents: What came out, as `Latents.values`.
    """

    call: Call
    words: tuple[str, ...]
    steps: tuple[Step, ...]
    latents: np.ndarray


@dataclass
class _Passing:
    """What passes by during one step."""

    words: list[list[int]]
    latents: torch.Tensor | None = None
    expert: int = 0
    grid: tuple[int, int, int] = (1, 1, 1)
    predictions: list[torch.Tensor] = field(default_factory=list)
    attention: list[torch.Tensor] = field(default_factory=list)


def look_inside(
    engine: LocalEngine,
    call: Call,
    inputs: EngineInputs,
    *,
    words: Sequence[str] = (),
    listen: Listener | None = None,
    cancel: CancelToken | None = None,
) -> Inside:
    """Run a call and keep what its steps were like.

    >>> inside = look_inside(engine, call, EngineInputs(), words=["ball"])     # doctest: +SKIP
    >>> inside.steps[3].attention.shape                                        # doctest: +SKIP
    (1, 7, 6, 10)

    Args:
      engine: Runs it.
      call: What to run.
      inputs: Its pictures.
      words: Words of the prompt whose attention is kept; costs memory and time for each block.
      listen: Told of each stage and step.
      cancel: Checked at each of them.

    Raises:
      EngineError: If a word is not in the prompt, or as `engine.denoise`.
    """
    parts, colours = _parts(engine, call.model, call.transformer)
    passing = _Passing([_tokens_of(word, call, parts.components["tokenizer"]) for word in words])
    steps: list[Step] = []
    thread = threading.get_ident()
    # Not from the time step that the model is told: that one is rounded to a thousandth.
    scheduler = make_scheduler(call.sampler, call.flow_shift, start_sigma=call.strength)
    scheduler.set_timesteps(call.num_inference_steps)

    def heard(event: Event) -> None:
        if isinstance(event, StepDone):
            assert event.preview is not None
            assert passing.latents is not None
            scale = call.guidance_scale_2 if passing.expert and call.guidance_scale_2 else call.guidance_scale
            share, where = _guidance(passing.predictions, scale)
            steps.append(
                Step(
                    index=event.index,
                    sigma=float(scheduler.sigmas[event.index - 1]),
                    expert=passing.expert,
                    noisy=colours.paint(passing.latents),
                    clean=event.preview(),
                    guidance=share,
                    guidance_map=where,
                    attention=_attention_maps(passing),
                )
            )
            passing.predictions.clear()
            passing.attention.clear()
        if listen is not None:
            listen(event)

    with _hooks(parts.experts, passing, parts.vae.config.z_dim, thread):
        latents = engine.denoise(call, inputs, listen=heard, cancel=cancel)
    return Inside(call, tuple(words), tuple(steps), latents.values)


def noise_levels(model: Model, *, steps: int, shift: float, sampler: str | None = None) -> np.ndarray:
    """Return the noise level before each step and after the last: float64 [steps + 1], from 1 to 0.

    Args:
      model: Whose sampler is used unless another is named.
      steps: Denoising steps.
      shift: The flow shift.
      sampler: "unipc", "euler" or "dpm1".
    """
    scheduler = make_scheduler(sampler or model.sampler, shift)
    scheduler.set_timesteps(steps)
    return scheduler.sigmas.double().numpy()


def through_vae(engine: LocalEngine, model: str, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what the VAE makes of a clip, its latents as colours, and its latents.

    Args:
      engine: Holds the model.
      model: Its key.
      frames: uint8 [4k + 1 frames, height, width, 3], sides a multiple of the VAE's factor.
    """
    parts, colours = _parts(engine, model)
    latents = encode_frames(parts.vae, frames)
    back = np.concatenate(list(decode_frames(parts.vae, latents)))
    return back, colours.paint(latents), latents.cpu().numpy()


def _parts(engine: LocalEngine, model: str, transformer: str = "transformer") -> tuple[Parts, LatentColours]:
    with quiet():
        found = engine._checkpoint(engine._model(model))  # noqa: SLF001 - the same room
        parts = engine._pool.parts(found, transformer=transformer)  # noqa: SLF001
        return parts, engine._pool.colours(parts)  # noqa: SLF001


@contextmanager
def _hooks(experts: Sequence[Any], passing: _Passing, channels: int, thread: int) -> Iterator[None]:
    """Read what passes through the experts on one thread, while the context lasts."""
    handles = []
    for number, expert in enumerate(experts):
        handles += _hooks_of_expert(number, expert, passing, channels, thread)
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _hooks_of_expert(number: int, expert: Any, passing: _Passing, channels: int, thread: int) -> list[Any]:
    def before(_module: Any, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        if threading.get_ident() != thread or passing.predictions:
            return
        hidden = options["hidden_states"] if "hidden_states" in options else args[0]
        patch = expert.config.patch_size
        passing.expert = number
        passing.latents = hidden[0, :channels].detach()
        passing.grid = tuple(side // size for side, size in zip(hidden.shape[2:], patch, strict=True))  # type: ignore[assignment]

    def after(_module: Any, _args: tuple[Any, ...], output: Any) -> None:
        if threading.get_ident() == thread:
            passing.predictions.append(output[0][0].detach().float())

    def listened(attention: Any, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        # The first pass of a step has the prompt, the second the negative prompt.
        if threading.get_ident() == thread and passing.words and not passing.predictions:
            hidden = options["hidden_states"] if "hidden_states" in options else args[0]
            text = options["encoder_hidden_states"] if "encoder_hidden_states" in options else args[1]
            passing.attention.append(_listening(attention, hidden, text, passing.words))

    handles = [
        expert.register_forward_pre_hook(before, with_kwargs=True),
        expert.register_forward_hook(after),
    ]
    return handles + [block.attn2.register_forward_pre_hook(listened, with_kwargs=True) for block in expert.blocks]


@torch.no_grad()
def _listening(attention: Any, hidden: torch.Tensor, text: torch.Tensor, words: list[list[int]]) -> torch.Tensor:
    """Return how much of its attention each token gives to each word, the mean over heads: [words, tokens]."""
    if attention.add_k_proj is not None:
        text = text[:, -_TEXT_TOKENS_AFTER_IMAGE:]
    key = attention.norm_k(attention.to_k(text[:1])).unflatten(2, (attention.heads, -1))[0].float()
    heard = []
    for first in range(0, hidden.shape[1], _QUERIES_AT_ONCE):
        part = hidden[:1, first : first + _QUERIES_AT_ONCE]
        query = attention.norm_q(attention.to_q(part)).unflatten(2, (attention.heads, -1))[0].float()
        weights = (torch.einsum("qhd,khd->hqk", query, key) * query.shape[-1] ** -0.5).softmax(-1).mean(0)
        heard.append(torch.stack([weights[:, tokens].sum(-1) for tokens in words]))
    return torch.cat(heard, 1)


def _guidance(predictions: list[torch.Tensor], scale: float) -> tuple[float, np.ndarray | None]:
    """Return how much guidance added, as a share of the prediction, and where."""
    if len(predictions) < 2:
        return 0.0, None
    with_prompt, without = predictions[:2]
    added = (scale - 1) * (with_prompt - without)
    share = float(added.norm() / with_prompt.norm())
    return share, added.norm(dim=0).cpu().numpy()


def _attention_maps(passing: _Passing) -> np.ndarray:
    if not passing.attention:
        return np.zeros((0, *passing.grid), np.float32)
    mean = torch.stack(passing.attention).mean(0)
    return mean.reshape(len(passing.words), *passing.grid).cpu().numpy()


def _tokens_of(word: str, call: Call, tokenizer: Any) -> list[int]:
    """Return which tokens of the prompt belong to a word, wherever it stands."""
    text = prompt_clean(call.prompt)
    wanted = prompt_clean(word).casefold()
    offsets = tokenizer(text, return_offsets_mapping=True, truncation=True, max_length=call.max_sequence_length)[
        "offset_mapping"
    ]
    found: list[int] = []
    start = text.casefold().find(wanted) if wanted else -1
    while start >= 0:
        end = start + len(wanted)
        found += [index for index, (first, last) in enumerate(offsets) if first < end and last > start]
        start = text.casefold().find(wanted, end)
    if not found:
        raise EngineError(
            f"{word!r} is not in the prompt as the model reads it",
            where=call.model,
            hint=f"the prompt reads: {text[:200]}",
        )
    return sorted(set(found))
