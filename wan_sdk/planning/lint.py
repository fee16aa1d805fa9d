"""Remarks on a call: what departs from the authors' recipe, and what will not do what was meant."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence

from wan_sdk.models import Model, negative
from wan_sdk.planning.call import Call, Machine, Note
from wan_sdk.planning.estimate import steps_run
from wan_sdk.planning.plan import Estimate
from wan_sdk.spec import Look, Shot

LONGEST_CHAIN = 4
UMT5_TOKENS_A_WORD = 1.4


def lint_call(
    call: Call,
    model: Model,
    shot: Shot,
    *,
    look: Look | None,
    estimate: Estimate,
    machine: Machine,
    vocabulary: Collection[str] | None,
    where: str,
) -> list[Note]:
    """Return the remarks on one call; none of them stops a render.

    Args:
      call: What runs.
      model: Its model.
      shot: What was asked.
      look: The shot's or the scene's.
      estimate: Of the call.
      machine: Where it runs.
      vocabulary: Every word that nano knows, or None when nobody knows.
      where: The shot, for people.
    """
    texts = [
        *_departures(call, model),
        *_fights(call, look),
        *_unheard(call, shot, look),
        *_unread(call, model, shot, vocabulary),
        *_short_of(call, estimate, machine),
    ]
    return [Note(where, text) for text in texts]


def lint_chain(calls: Sequence[Call], wheres: Sequence[str]) -> list[Note]:
    """Return a remark for each shot that goes on from too many before it."""
    notes = []
    length: dict[int, int] = {}
    for index, call in enumerate(calls):
        before = next((item.after_shot for item in call.inputs if item.after_shot is not None), None)
        length[index] = 0 if before is None else length[before] + 1
        if length[index] == LONGEST_CHAIN + 1:
            text = (
                f"continues {length[index]} shots in a row; colour and contrast drift after about {LONGEST_CHAIN}: "
                "start a shot on a picture of its own"
            )
            notes.append(Note(wheres[index], text))
    return notes


def unknown_words(prompt: str, vocabulary: Collection[str]) -> tuple[str, ...]:
    """Return the words of a prompt that are not in a vocabulary, each once, in order.

    >>> unknown_words("A red elephant, dancing", {"a", "red", "dancing"})
    ('elephant',)

    Args:
      prompt: Any text; accents and capitals do not count, numbers are always known.
      vocabulary: Lower-case words.
    """
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", prompt) if not unicodedata.combining(sign)).lower()
    words = re.findall(r"[^\W\d_]+", plain)
    return tuple(dict.fromkeys(word for word in words if word not in vocabulary))


def _departures(call: Call, model: Model) -> Iterator[str]:
    recipe = "the authors' recipe has"
    by_student = call.transformer != "transformer"  # whose own recipe the plan has taken over whole
    if call.flow_shift != model.flow_shift:
        yield f"flow shift {call.flow_shift:g}; {recipe} {model.flow_shift:g}"
    guidance = (call.guidance_scale, call.guidance_scale_2)[: len(model.guidance)]
    usual = model.usual_guidance(restyles=call.task == "v2v")
    if guidance != usual and not by_student:
        yield f"guidance {_joined(guidance)}; {recipe} {_joined(usual)}"
    if call.num_inference_steps != model.steps and call.tier != "draft":
        yield f"{call.num_inference_steps} steps; {recipe} {model.steps}"
    if call.num_frames != model.frames and not model.frames_listed:
        longer = ": clips longer than that repeat themselves or drift" if call.num_frames > model.frames else ""
        yield f"{call.num_frames} frames; {recipe} {model.frames}{longer}"
    if (call.width, call.height) not in model.sizes and not (model.size_follows_image and call.inputs):
        listed = ", ".join("{}x{}".format(*size) for size in model.sizes)
        yield f"{call.width}x{call.height} is no size that {model.key} was trained for ({listed})"


def _fights(call: Call, look: Look | None) -> Iterator[str]:
    held = set(re.split(r"[，,]\s*", call.negative_prompt))

    def found(terms: dict[str, str]) -> str:
        return ", ".join(f"{term} ({meaning})" for term, meaning in terms.items() if term in held)

    if look is not None and (terms := found(negative.STYLE_TERMS)):
        yield f"the negative prompt holds {terms}, which works against a look; negative='...' on the shot replaces it"
    if "handheld" in call.prompt and (terms := found(negative.SHAKE_TERMS)):
        yield f"the negative prompt holds {terms}, which works against a handheld camera"
    if "the camera holds still" in call.prompt and (terms := found(negative.STILL_TERMS)):
        yield f"the negative prompt holds {terms}, which works against a camera that holds still"


def _unheard(call: Call, shot: Shot, look: Look | None) -> Iterator[str]:
    scales = [scale for scale in (call.guidance_scale, call.guidance_scale_2) if scale is not None]
    own_negative = shot.negative or (look.negative if look else None)
    if max(scales) <= 1 and own_negative:
        yield f"guidance {_joined(scales)} leaves the negative prompt unread"
    if call.strength is not None and (run := steps_run(call)) <= min(2, call.num_inference_steps / 4):
        yield f"strength {call.strength:g} runs only {run} of {call.num_inference_steps} steps: next to nothing changes"
    for item in call.inputs:
        if item.width and (item.width < call.width / 2 or item.height < call.height / 2):
            yield (
                f"the {item.role.replace('_', ' ')} of {item.width}x{item.height} is enlarged more than twice "
                f"for {call.width}x{call.height}"
            )


def _unread(call: Call, model: Model, shot: Shot, vocabulary: Collection[str] | None) -> Iterator[str]:
    if shot.camera is not None and shot.camera.unread:
        yield f"not understood in the camera: {', '.join(repr(words) for words in shot.camera.unread)}"
    if model.vae == "nano":
        if vocabulary and (unknown := unknown_words(call.prompt, vocabulary)):
            yield f"{model.key} does not know {', '.join(unknown)}"
        tokens = len(re.findall(r"[^\W\d_]+|\d+|[,.]", call.prompt)) + 1
    else:
        tokens = round(len(call.prompt.split()) * UMT5_TOKENS_A_WORD)
    if tokens > call.max_sequence_length:
        yield f"the prompt has about {tokens} tokens; {model.key} reads the first {call.max_sequence_length}"


def _short_of(call: Call, estimate: Estimate, machine: Machine) -> Iterator[str]:
    if estimate.memory_gb > machine.memory_gb:
        yield (
            f"{call.model} needs about {estimate.memory_gb:.0f} GB with everything resident; "
            f"{machine.name} has {machine.memory_gb:.0f}"
        )


def _joined(values: Sequence[float | None]) -> str:
    return " and ".join(f"{value:g}" for value in values if value is not None)
