"""What the manifest says of a clip: how it was made, from what, and what can be checked.

The words follow C2PA 2.4. The vocabularies are closed here because the signing library accepts
any string: a misspelt source type would be signed, and trusted.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import math
import re
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from wan_sdk._version import __version__
from wan_sdk.errors import UsageError, nearest

Kind = Literal["t2v", "i2v", "flf2v", "v2v", "continue", "cut", "derived"]
Relation = Literal["inputTo", "parentOf", "componentOf"]

SPEC_VERSION = "2.4.0"
NAMESPACE = "org.wansdk"
GENERATION = f"{NAMESPACE}.generation"
SIGNPOST = f"{NAMESPACE}.signpost"
PROMPT = f"{NAMESPACE}.prompt"
LABEL_ACTION = "c2pa.addedText"
WATERMARK_ALG = f"{NAMESPACE}.ssw.1"

_SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
MADE_BY_MODEL = f"{_SOURCE_TYPES}trainedAlgorithmicMedia"
DRAWN_BY_PROGRAM = f"{_SOURCE_TYPES}algorithmicMedia"
PARTLY_MADE_BY_MODEL = f"{_SOURCE_TYPES}compositeWithTrainedAlgorithmicMedia"

_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_LONGEST_PROMPT = 100_000
_LONGEST_WORD = 300


@dataclass(frozen=True)
class Ingredient:
    """Something that a clip was made from; its own credentials travel along.

    Args:
      source: A file, or the bytes of one.
      mime_type: e.g. "video/mp4"; None to tell it by the content.
      relation: "inputTo" (a reference picture), "parentOf" (what was restyled) or "componentOf" (a
        clip of a cut).
      title: A name without meaning, such as a content id: it stands in the manifest.
      made_by_model: Whether it is known to come from a model; told by its own credentials.
      mark: The id in its pixels, 16 hexadecimal digits, if it carries one but no credentials that would tell of it.
    """

    source: Path | bytes
    mime_type: str | None
    relation: Relation
    title: str = ""
    made_by_model: bool = False
    mark: str = ""

    def __post_init__(self) -> None:
        _check_choice("relation", self.relation, get_args(Relation))
        _check_word("title", self.title)


@dataclass(frozen=True)
class Claims:
    """What is claimed of a clip.

    >>> Claims("t2v", model="nano", seed=7, width=640, height=384, fps=12, frames=25).kind
    't2v'

    Args:
      kind: "t2v", "i2v", "flf2v", "v2v", "continue", "cut" or "derived".
      content_id: UUIDv7 of the clip; drawn when empty.
      created: When (UTC); now when None.
      maker: Who answers for it, as they want to be named; None leaves it out.
      model, model_title, model_repo: Key, name and repository of the model; a folder is not written.
      weights_sha256: Hash of its weights.
      seed, steps, guidance: Settings; guidance is a number or (high noise, low noise).
      width, height, fps, frames: Of the delivered clip.
      loras: SHA-256 of each LoRA file.
      prompt: What was asked. It is committed to, and written only when that was chosen.
      ingredients: What it was made from.
      watermark: The identifier that can be read from the pixels, 16 hexadecimal digits, or None.
      label: What the visible label says, or None when there is none.
      software: Versions of what made it.
    """

    kind: Kind
    content_id: str = ""
    created: dt.datetime | None = None
    maker: str | None = None
    model: str = ""
    model_title: str = ""
    model_repo: str = ""
    weights_sha256: str = ""
    seed: int | None = None
    steps: int | None = None
    guidance: float | tuple[float, ...] | None = None
    width: int = 0
    height: int = 0
    fps: float = 0.0
    frames: int = 0
    loras: tuple[str, ...] = ()
    prompt: str = field(default="", repr=False)
    ingredients: tuple[Ingredient, ...] = ()
    watermark: str | None = None
    label: str | None = None
    software: Mapping[str, str] = field(default_factory=lambda: {"wan_sdk": __version__})

    def __post_init__(self) -> None:
        _check_choice("kind", self.kind, get_args(Kind))
        for name in ("maker", "model", "model_title", "model_repo", "weights_sha256", "content_id"):
            _check_word(name, getattr(self, name) or "")
        guidance = self.guidance if isinstance(self.guidance, tuple) else (self.guidance or 0.0,)
        for name, value in (("fps", self.fps), *(("guidance", value) for value in guidance)):
            if not math.isfinite(value):
                raise UsageError(f"{name} is {value!r}, not a finite number", where="Claims")
        if len(self.prompt) > _LONGEST_PROMPT:
            raise UsageError(
                f"the prompt has {len(self.prompt):,} characters; at most {_LONGEST_PROMPT:,} can be claimed",
                where="Claims",
            )
        parents = [item for item in self.ingredients if item.relation == "parentOf"]
        if len(parents) > 1:
            raise UsageError(f"{len(parents)} ingredients are parentOf; a clip has at most one parent", where="Claims")


def new_content_id(moment: dt.datetime | None = None) -> str:
    """Return a UUIDv7 (RFC 9562 5.7): 48 bits of milliseconds, then random, so that ids sort by time."""
    milliseconds = int((moment or dt.datetime.now(dt.UTC)).timestamp() * 1000)
    bits = milliseconds << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=bits))


def prompt_commitment(prompt: str, salt: bytes) -> str:
    """Return HMAC-SHA256 of a prompt under a salt drawn for this clip.

    It proves later that this prompt made it, to whoever is shown prompt and salt. A bare hash
    would give short prompts away to anyone who guesses.
    """
    return hmac.new(salt, prompt.encode("utf-8"), hashlib.sha256).hexdigest()


def build_manifest(claims: Claims, *, include_prompt: bool = False, salt: bytes | None = None) -> dict[str, Any]:
    """Return the manifest of a clip as the signing library takes it.

    >>> manifest = build_manifest(Claims("t2v", content_id=new_content_id(), model="nano"))
    >>> [assertion["label"] for assertion in manifest["assertions"]]
    ['c2pa.actions.v2', 'c2pa.ai-disclosure', 'org.wansdk.generation', 'org.wansdk.signpost']

    Args:
      claims: What is claimed.
      include_prompt: Whether the prompt itself is written, in an assertion of its own.
      salt: 32 random bytes of this clip for the prompt's commitment; None leaves it out.
    """
    created = (claims.created or dt.datetime.now(dt.UTC)).astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assertions = [
        {"label": "c2pa.actions.v2", "data": {"actions": _actions(claims, created), "allActionsIncluded": True}},
        _json("c2pa.ai-disclosure", _disclosure(claims)),
        _json(GENERATION, _generation(claims, created, salt)),
        _json(SIGNPOST, _signpost(claims)),
    ]
    if claims.watermark:
        # The specification wants bytes here, which the library cannot write from JSON: the value is hexadecimal text.
        binding = {"alg": WATERMARK_ALG, "blocks": [{"scope": {}, "value": claims.watermark}]}
        assertions.insert(1, {"label": "c2pa.soft-binding", "data": binding})
    if include_prompt and claims.prompt:
        # Alone in its assertion, so that it can be redacted without touching the rest.
        assertions.append(_json(PROMPT, {"version": 1, "prompt": claims.prompt}))
    return {
        "claim_generator_info": [{"name": "wan_sdk", "version": __version__, "specVersion": SPEC_VERSION}],
        "title": claims.content_id,
        "format": "video/mp4",
        "assertions": [{**assertion, "created": True} for assertion in assertions],
    }


def ingredient_id(index: int) -> str:
    """Return the name under which the actions speak of ingredient `index`."""
    return f"ingredient-{index + 1}"


def source_type(claims: Claims) -> str:
    """Return the IPTC digital source type of the whole clip."""
    if claims.kind == "v2v":
        return PARTLY_MADE_BY_MODEL
    if claims.kind in ("cut", "derived"):
        parts = [item for item in claims.ingredients if item.relation == "componentOf"]
        return MADE_BY_MODEL if all(item.made_by_model for item in parts) else PARTLY_MADE_BY_MODEL
    return MADE_BY_MODEL


def _actions(claims: Claims, created: str) -> list[dict[str, Any]]:
    ids = {relation: _ids(claims, relation) for relation in get_args(Relation)}
    agent = {"name": "wan_sdk", "version": __version__}
    common = {"when": created, "softwareAgent": agent}
    if claims.kind == "v2v" and ids["parentOf"]:
        actions = [
            {"action": "c2pa.opened", **common, "parameters": {"ingredientIds": ids["parentOf"]}},
            {"action": "c2pa.edited", **common, "digitalSourceType": source_type(claims), **_made_from(ids["inputTo"])},
        ]
    else:
        first = {"action": "c2pa.created", **common, "digitalSourceType": source_type(claims)}
        actions = [{**first, **_made_from(ids["inputTo"])}]
    actions += [
        {"action": "c2pa.placed", **common, "parameters": {"ingredientIds": [part]}} for part in ids["componentOf"]
    ]
    if claims.watermark:
        actions.append({"action": "c2pa.watermarked.bound", **common})
    if claims.label:
        words = {"description": f"visible label: {claims.label}"}
        actions.append({"action": LABEL_ACTION, **common, "digitalSourceType": DRAWN_BY_PROGRAM, "parameters": words})
    return actions


def _ids(claims: Claims, relation: str) -> list[str]:
    return [ingredient_id(index) for index, item in enumerate(claims.ingredients) if item.relation == relation]


def _made_from(ids: list[str]) -> dict[str, Any]:
    return {"parameters": {"ingredientIds": ids}} if ids else {}


def _disclosure(claims: Claims) -> dict[str, Any]:
    return _without_empty(
        {
            "modelType": "c2pa.types.model",
            "modelName": claims.model_title or claims.model or "unnamed model",
            "modelIdentifier": _repository(claims) or claims.model,
            "contentProfile": {"humanOversightLevel": "prompt_guided"},
        }
    )


def _generation(claims: Claims, created: str, salt: bytes | None) -> dict[str, Any]:
    commitment = prompt_commitment(claims.prompt, salt) if salt and claims.prompt else None
    return _without_empty(
        {
            "version": 1,
            "kind": claims.kind,
            "contentId": claims.content_id,
            "created": created,
            "provider": claims.maker,
            "system": dict(claims.software),
            "model": claims.model,
            "repository": _repository(claims),
            "weightsSha256": claims.weights_sha256,
            "loraSha256": list(claims.loras),
            # Text, because JSON numbers of 2^63 and more do not survive the library.
            "seed": None if claims.seed is None else str(claims.seed),
            "steps": claims.steps,
            "guidance": list(claims.guidance) if isinstance(claims.guidance, tuple) else claims.guidance,
            "width": claims.width,
            "height": claims.height,
            "fps": claims.fps,
            "frames": claims.frames,
            "ingredientWatermarks": {
                ingredient_id(index): item.mark for index, item in enumerate(claims.ingredients) if item.mark
            },
            "promptCommitment": commitment and {"alg": "HMAC-SHA256", "value": commitment},
        }
    )


def _repository(claims: Claims) -> str:
    """Return the model's repository; a folder on this machine is nobody's business."""
    return claims.model_repo if _REPOSITORY.fullmatch(claims.model_repo) else ""


def _signpost(claims: Claims) -> dict[str, Any]:
    """Say where and how the marks can be checked, by anyone, with nothing sent anywhere."""
    layers = ["c2pa", *(["watermark"] if claims.watermark else [])]
    detector: dict[str, Any] = {"package": "wan-sdk", "command": "wan-sdk verify FILE"}
    post: dict[str, Any] = {"version": 1, "detector": detector, "layers": layers}
    if claims.watermark:
        post["watermark"] = {"alg": WATERMARK_ALG, "key": "public"}
    return post


def _json(label: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"label": label, "kind": "Json", "data": data}


def _without_empty(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value not in (None, "", [], {})}


def _check_choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        guess = nearest(str(value), allowed)
        raise UsageError(
            f"{name}={value!r} is not one of {', '.join(allowed)}",
            where="Claims",
            hint=f"did you mean {guess!r}?" if guess else None,
        )


def _check_word(name: str, value: str) -> None:
    if len(value) > _LONGEST_WORD or not value.isprintable():
        raise UsageError(
            f"{name} must be one line of at most {_LONGEST_WORD} printable characters, got {value[:40]!r}",
            where="Claims",
        )
