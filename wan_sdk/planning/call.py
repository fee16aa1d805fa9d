"""One model call, written out in diffusers' own words before anything runs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import Any, Literal

CallTask = Literal["t2v", "i2v", "flf2v", "v2v"]
Role = Literal["first_frame", "last_frame", "restyle"]
EnlargedBy = Literal["lanczos", "upscaler"]


@dataclass(frozen=True)
class Input:
    """A picture or clip that a call starts from.

    Args:
      role: What it is for.
      path: The file, or None when it is an array or the end of an earlier shot.
      sha256: Hash of the file's bytes (of the array's bytes for an array); empty for an earlier shot.
      after_shot: Index of the shot whose last frame is meant, or None.
      reference: Index of the shot's reference that it comes from (arrays are fetched by it), or None.
      width, height: Size of what is given, pixels, before it is fitted to the call.
    """

    role: Role
    path: str | None = None
    sha256: str = ""
    after_shot: int | None = None
    reference: int | None = None
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class LoraUse:
    """A LoRA file as a call uses it; `expert` is None for both."""

    path: str
    sha256: str
    weight: float = 1.0
    expert: Literal["high", "low"] | None = None


@dataclass(frozen=True)
class Call:
    """Say everything that one run of the model needs; the recipe of a take is made of it.

    Field names are those of diffusers' Wan pipelines where one exists.

    Args:
      shot: Index of the shot in the scene.
      model: Key in the catalogue.
      task: Which pipeline: t2v, i2v, flf2v or v2v (a late start on a noised clip).
      prompt, negative_prompt: The text as the model reads it.
      width, height: Native size in pixels.
      num_frames: 4k + 1.
      fps: Frames per second of the result.
      num_inference_steps: Denoising steps of the whole schedule (v2v starts later on it).
      guidance_scale: Guidance; for two experts that of high noise.
      guidance_scale_2: Guidance of the low-noise expert, or None.
      flow_shift: Shift of the noise schedule.
      boundary_ratio: Where the low-noise expert takes over, or None.
      sampler: "unipc", "euler" or "dpm1".
      max_sequence_length: Tokens of the prompt.
      seed: Of the CPU generator, 0 to 2^63 - 1.
      strength: v2v: noise level where denoising starts, 0 < s <= 1; else None.
      inputs: Pictures and clips it starts from.
      loras: LoRA files.
      enlarge: Whole factor by which decoded frames are enlarged before marking.
      enlarged_by: "lanczos", "upscaler" (the checkpoint's own), or None where frames are not enlarged. None also in
        recipes older than this field: their frames, where `enlarge` is above 1, were enlarged by Lanczos' filter.
      transformer: Folder of the transformer in the checkpoint: "transformer", or that of a student.
      tier: "draft", "fast" or "exact".
    """

    shot: int
    model: str
    task: CallTask
    prompt: str
    negative_prompt: str
    width: int
    height: int
    num_frames: int
    fps: float
    num_inference_steps: int
    guidance_scale: float
    guidance_scale_2: float | None
    flow_shift: float
    boundary_ratio: float | None
    sampler: str
    max_sequence_length: int
    seed: int
    strength: float | None = None
    inputs: tuple[Input, ...] = ()
    loras: tuple[LoraUse, ...] = ()
    enlarge: int = 1
    enlarged_by: EnlargedBy | None = None
    transformer: str = "transformer"
    tier: str = "exact"

    @property
    def delivered_size(self) -> tuple[int, int]:
        """Width and height of the delivered clip, pixels."""
        return self.width * self.enlarge, self.height * self.enlarge

    @property
    def native(self) -> Call:
        """The same call without enlarging: its frames are those of the VAE, pixel for pixel."""
        return replace(self, enlarge=1, enlarged_by=None)

    @property
    def latent_frames(self) -> int:
        """Latent frames: the first frame alone, then four frames each."""
        return (self.num_frames - 1) // 4 + 1

    def to_dict(self) -> dict[str, Any]:
        """Return plain data; `from_dict` turns it back."""
        data = {name: getattr(self, name) for name in self.__dataclass_fields__}
        data["inputs"] = [vars(item).copy() for item in self.inputs]
        data["loras"] = [vars(item).copy() for item in self.loras]
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Call:
        """Return the call that `to_dict` wrote."""
        inputs = tuple(Input(**item) for item in data["inputs"])
        loras = tuple(LoraUse(**item) for item in data["loras"])
        return cls(**{**data, "inputs": inputs, "loras": loras})

    def sha256(self) -> str:
        """Return the hash of everything that shapes the pictures, whatever files are called.

        Which shot stands before is not part of it: what that one shows is not known here, and its
        number changes when a shot is inserted.
        """
        data = self.to_dict()
        del data["shot"]
        if self.transformer == "transformer":  # as every call before there were students: their hashes still hold
            del data["transformer"]
        if self.enlarged_by != "upscaler":
            del data["enlarged_by"]
        for item in data["inputs"]:
            item.pop("path"), item.pop("reference")
            item["after_shot"] = item["after_shot"] is not None
        for item in data["loras"]:
            item.pop("path")
        return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Change:
    """A difference between what was asked and what will be made."""

    shot: int
    field: str
    asked: Any
    got: Any
    why: str


@dataclass(frozen=True)
class Note:
    """A remark of the linter; `where` names the shot or the scene."""

    where: str
    text: str


@dataclass(frozen=True)
class Probe:
    """What was measured of a reference, or of a LoRA file, before planning.

    Args:
      kind: "image", "video", "audio", or "weights" for a LoRA file.
      sha256: Of the file's bytes, or of the array's.
      width, height: Pixels (0 for audio).
      frames: Number of frames (1 for an image).
      fps: Frames per second (0 for an image).
      seconds: Length.
    """

    kind: Literal["image", "video", "audio", "weights"]
    sha256: str
    width: int = 0
    height: int = 0
    frames: int = 1
    fps: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True)
class Machine:
    """The figures of a machine that the estimate needs.

    Args:
      device: "cpu", "cuda" or "mps".
      name: For people.
      memory_gb: Memory of the device, GB.
      tflops: What the device reaches in a denoising step, TFLOP/s.
      seconds_per_step: Measured on this machine before, by model key, at the model's first size, its own
        number of frames and its own guidance; other calls are scaled from it. Empty when nothing was.
      dtype: "float32" or "bfloat16": what the model runs in here.
    """

    device: str
    name: str
    memory_gb: float
    tflops: float
    seconds_per_step: dict[str, float] = field(default_factory=dict)
    dtype: str = "float32"
