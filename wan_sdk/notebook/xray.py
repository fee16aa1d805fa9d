"""Open a model up for teaching: schedule, steps, guidance, attention, experts, the VAE, and sweeps of one knob.

Every call works on `nano` in seconds and on real weights with the same words.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wan_sdk.errors import UsageError
from wan_sdk.models import Model
from wan_sdk.notebook import html, xray_draw
from wan_sdk.notebook.derived import Derived
from wan_sdk.notebook.picture import Picture, signed_png
from wan_sdk.notebook.sheet_view import sheet

STEPS_SHOWN = 8
FRAMES_SHOWN = 4


@dataclass(frozen=True, eq=False)
class Xray:
    """What was seen of one shot while it was denoised; each method draws one side of it.

    Args:
      inside: The steps, as `wan_sdk.engine.inside.look_inside` returns them.
    """

    inside: Any

    def __repr__(self) -> str:
        call = self.inside.call
        words = f"; listened for {', '.join(self.inside.words)}" if self.inside.words else ""
        return f"Xray of {call.model}, {len(self.inside.steps)} steps, seed {call.seed}{words}"

    def strip(self) -> Picture:
        """Draw what the model thinks the clip is, step by step: a row a step, frames across."""
        return self._strip("clean", "What the model thinks the clip is", "the clean clip that each step predicts")

    def noise(self) -> Picture:
        """Draw what each step starts from: latents that are noise at first and a clip at last."""
        return self._strip("noisy", "What each step starts from", "the latents before each step, noise at first")

    def schedule(self) -> Picture:
        """Draw the noise level of each step of this run."""
        levels = [*(step.sigma for step in self.inside.steps), 0.0]
        return _schedule_picture({f"shift {self.inside.call.flow_shift:g}": levels}, self.inside.call.boundary_ratio)

    def guidance(self) -> Picture:
        """Draw how much guidance adds in each step, and where.

        Guidance pushes the prediction away from the one without the prompt. The number is the size of
        that push over the size of the prediction.
        """
        steps = self._chosen()
        if steps[0].guidance_map is None:
            raise UsageError(
                "this run had no guidance (1 turns it off)", where="Xray.guidance", hint="shot.with_guidance(3)"
            )
        shares = [step.guidance for step in self.inside.steps]
        rows = [xray_draw.heat(step.clean, step.guidance_map) for step in steps]
        labels = [f"step {step.index}: {step.guidance:.0%}" for step in steps]
        words = (
            f"Guidance adds {shares[0]:.0%} of the prediction in the first step and {shares[-1]:.0%} in the last; "
            "bright where it adds most"
        )
        return self._drawn("What guidance adds", words, rows, labels, self._table("guidance", shares))

    def attention(self, word: str) -> Picture:
        """Draw where a word is listened to, step by step: bright where most.

        Args:
          word: One of the words that were given to `look`.
        """
        if word not in self.inside.words:
            heard = ", ".join(self.inside.words) or "no word"
            raise UsageError(
                f"{word!r} was not listened for, but {heard}",
                where="Xray.attention",
                hint=f"xray.look(shot, words=[{word!r}])",
            )
        number = self.inside.words.index(word)
        steps = self._chosen()
        rows = [xray_draw.heat(step.clean, step.attention[number]) for step in steps]
        means = [float(step.attention[number].mean()) for step in self.inside.steps]
        labels = [f"step {step.index}" for step in steps]
        words = f"Where the picture listens to {word!r}: bright where most, {means[0]:.1%} of all attention at first"
        return self._drawn(f"Listening to {word!r}", words, rows, labels, self._table("attention", means))

    def experts(self) -> Picture:
        """Draw which expert made which step; models with one have one."""
        levels = [step.sigma for step in self.inside.steps]
        handover = next((step.index for step in self.inside.steps if step.expert), None)
        names = ["high noise" if handover else "the only one", "low noise"]
        words = (
            f"The expert of low noise takes over at step {handover} of {len(levels)}"
            if handover
            else f"One expert makes all {len(levels)} steps"
        )
        rows = [(str(step.index), f"{step.sigma:.3f}", names[step.expert]) for step in self.inside.steps]
        table = (("step", "noise level", "expert"), *rows)
        png = xray_draw.plot({"noise level": [*levels, 0.0]}, "step", "noise level", handover=handover)
        return Picture("Who makes which step", words, png, table)

    def _strip(self, field: str, title: str, words: str) -> Picture:
        steps = self._chosen()
        rows = [xray_draw.enlarged(getattr(step, field)) for step in steps]
        labels = [f"step {step.index}, noise {step.sigma:.2f}" for step in steps]
        return self._drawn(title, f"From top to bottom: {words}; frames of the clip from left to right", rows, labels)

    def _drawn(
        self, title: str, words: str, rows: Sequence[np.ndarray], labels: Sequence[str], table: Any = ()
    ) -> Picture:
        from wan_sdk.media.sheet import film_strip

        strip = film_strip(rows, labels, frames=FRAMES_SHOWN)
        return Picture(title, words, signed_png(strip, self.inside.call.model), table)

    def _chosen(self) -> list[Any]:
        steps = self.inside.steps
        picked = np.linspace(0, len(steps) - 1, min(STEPS_SHOWN, len(steps))).round().astype(int)
        return [steps[index] for index in dict.fromkeys(picked.tolist())]

    def _table(self, name: str, values: Sequence[float]) -> tuple[tuple[str, ...], ...]:
        rows = zip(self.inside.steps, values, strict=True)
        return (("step", "noise level", name), *((str(s.index), f"{s.sigma:.3f}", f"{v:.3f}") for s, v in rows))


def look(shot: Any, *, words: Iterable[str] = (), studio: Any = None) -> Xray:
    """Render a shot once, only to look inside; nothing goes to the gallery.

    >>> trace = xray.look(Shot("a red ball on grass", seconds=2), words=["ball", "grass"])     # doctest: +SKIP
    >>> trace.strip(), trace.guidance(), trace.attention("ball")                               # doctest: +SKIP

    Args:
      shot: A Shot from text alone.
      words: Words of the prompt whose attention is kept.
      studio: Its engine runs the model; the default studio unless given.

    Raises:
      UsageError: If the shot starts from pictures.
      EngineError: If a word is not in the prompt.
    """
    from wan_sdk.engine.inside import look_inside
    from wan_sdk.engine.protocol import EngineInputs

    studio = _studio(studio)
    call = studio.plan(shot).calls[0]
    if call.task != "t2v":
        raise UsageError(
            "this looks inside shots made from text alone", where="xray.look", hint="leave references away"
        )
    return Xray(look_inside(studio.engine, call, EngineInputs(), words=tuple(words)))


def schedule(
    model: str = "nano", *, steps: int | None = None, shifts: Sequence[float] | None = None, studio: Any = None
) -> Picture:
    """Draw the noise level of each step, for one shift or several; no weights are needed.

    >>> xray.schedule("wan2.2-t2v-a14b", shifts=[1, 5, 12])     # doctest: +SKIP

    Args:
      model: Key in the catalogue; its hand-over between experts is drawn.
      steps: Denoising steps; the authors' unless given.
      shifts: Flow shifts; the authors' unless given.
      studio: Whose catalogue is used.
    """
    from wan_sdk import models
    from wan_sdk.engine.inside import noise_levels

    found = studio.catalogue[model] if studio is not None else models.get(model)
    chosen = list(shifts) if shifts is not None else [found.flow_shift]
    levels = {
        f"shift {shift:g}": noise_levels(found, steps=steps or found.steps, shift=shift).tolist() for shift in chosen
    }
    return _schedule_picture(levels, found.boundary)


def vae(clip: Any, *, model: str = "nano", studio: Any = None) -> Picture:
    """Draw what a model's VAE keeps of a clip and what it loses: before, latents, after, difference.

    Args:
      clip: A Take, a Frames, or uint8 pixels [frames, height, width, 3].
      model: Key in the catalogue.
      studio: Its engine holds the model; the default studio unless given.
    """
    from wan_sdk.engine.inside import through_vae
    from wan_sdk.media.fit import fit
    from wan_sdk.media.sheet import film_strip

    studio = _studio(studio)
    pixels = getattr(clip, "frames", None)
    pixels = pixels if pixels is not None else getattr(clip, "pixels", clip)
    width, height = _native_size(clip, pixels, studio.catalogue[model])
    count = (len(pixels) - 1) // 4 * 4 + 1
    before = fit(pixels[:count], width, height)
    after, painted, latents = through_vae(studio.engine, model, before)
    error = before.astype(np.int16) - after
    decibels = 10 * np.log10(255**2 / max(1e-9, float((error.astype(float) ** 2).mean())))
    lost = np.clip(128 + 4 * error, 0, 255).astype(np.uint8)
    rows = [xray_draw.enlarged(part, height=192) for part in (before, painted, after, lost)]
    strip = film_strip(rows, ["before", "as latents", "after", "lost, 4 times"], frames=FRAMES_SHOWN)
    numbers = before.size / latents.size
    words = f"{decibels:.1f} dB between before and after, at {numbers:.0f} times fewer numbers"
    return Picture("What the VAE keeps and loses", words, signed_png(strip, model))


def _native_size(clip: Any, pixels: np.ndarray, model: Model) -> tuple[int, int]:
    """Return the size that a take was made at, or for any other clip the model's size of the nearest shape."""
    calls = clip.recipe.calls if hasattr(clip, "recipe") else ()
    if calls and (calls[0].width, calls[0].height) in model.sizes:
        return calls[0].width, calls[0].height
    shape = pixels.shape[2] / pixels.shape[1]
    return min(model.sizes, key=lambda size: abs(math.log(size[0] / size[1] / shape)))


def step_counts(shot: Any, counts: Sequence[int] = (2, 4, 8, 12), *, studio: Any = None) -> Derived:
    """Render a shot with several numbers of steps and show them in step on one sheet."""
    return _swept(shot, studio, steps=list(counts))


def shifts(shot: Any, values: Sequence[float] = (1, 3, 8), *, studio: Any = None) -> Derived:
    """Render a shot with several shifts of the noise schedule and show them on one sheet."""
    return _swept(shot, studio, shift=list(values))


def guidances(shot: Any, values: Sequence[float] = (1, 3, 6), *, studio: Any = None) -> Derived:
    """Render a shot with several strengths of guidance and show them on one sheet."""
    return _swept(shot, studio, guidance=list(values))


def _swept(shot: Any, studio: Any, **axis: list[Any]) -> Derived:
    return sheet(_studio(studio).render(shot.sweep(**axis)))


def _schedule_picture(levels: dict[str, list[float]], boundary: float | None) -> Picture:
    heads = ("step", *levels)
    count = len(next(iter(levels.values())))
    rows = [(str(index), *(f"{values[index]:.3f}" for values in levels.values())) for index in range(count)]
    halves = [f"{name}: {sum(level > 0.5 for level in values[:-1])} of {count - 1}" for name, values in levels.items()]
    words = "Steps above half noise, " + "; ".join(halves)
    if boundary is not None:
        turns = [f"{name}: {sum(level >= boundary for level in values[:-1])}" for name, values in levels.items()]
        words += f". Steps of the expert of high noise (noise level of {boundary:g} and more), " + "; ".join(turns)
    png = xray_draw.plot(levels, "step", "noise level", boundary=boundary)
    return Picture("The noise schedule", html.readable(words), png, (heads, *rows))


def _studio(studio: Any) -> Any:
    if studio is not None:
        return studio
    from wan_sdk.studio import default_studio

    return default_studio()
