"""The resident parts of models: loaded once, shared by every call, changed by none.

Pipelines come and go with each call (building one takes a tenth of a millisecond); the parts stay.
Parts whose files are the same bytes are loaded once, whichever checkpoint they came from: the text
encoder of all Wan models, the VAE of most.
"""

from __future__ import annotations

import gc
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from torch.nn.functional import pad

from wan_sdk.engine import machine
from wan_sdk.engine.checkpoint import Checkpoint
from wan_sdk.engine.preview import LatentColours, fit_colours
from wan_sdk.engine.upscaler import Upscaler, load_upscaler
from wan_sdk.engine.weights import count_parameters
from wan_sdk.errors import DamagedWeights
from wan_sdk.models.model import Model

# Both libraries import a class when it is first asked for, so only what a model has is imported.
_CLASSES = {
    "tokenizer": (transformers, "AutoTokenizer"),
    "text_encoder": (transformers, "UMT5EncoderModel"),
    "transformer": (diffusers, "WanTransformer3DModel"),
    "transformer_2": (diffusers, "WanTransformer3DModel"),
    "vae": (diffusers, "AutoencoderKLWan"),
    "image_encoder": (transformers, "CLIPVisionModel"),
    "image_processor": (transformers, "CLIPImageProcessor"),
}
# The VAE's errors add up from piece to piece, and CLIP is small: both stay exact. nano's VAE decodes two and a half
# times as fast in bfloat16 on a processor that computes in it, and its frames differ from those in float32 by 56 dB.
_IN_FLOAT32 = ("vae", "image_encoder")
_REMEMBERED_PROMPTS = 256


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of one model, ready to run.

    Args:
      components: What a pipeline is made of, without its scheduler; absent parts are missing.
      keys: Content hash of each component: equal keys, same object.
    """

    components: dict[str, Any]
    keys: dict[str, str]

    @property
    def vae(self) -> AutoencoderKLWan:
        """The VAE."""
        return self.components["vae"]

    @property
    def experts(self) -> tuple[WanTransformer3DModel, ...]:
        """The transformers: one, or that for high and that for low noise."""
        found = (self.components.get(name) for name in ("transformer", "transformer_2"))
        return tuple(expert for expert in found if expert is not None)


class Pool:
    """Keep the parts of models on one device.

    Args:
      device: Where they live.
      dtype: What transformers, the text encoder, upscalers and nano's VAE run in.
    """

    def __init__(self, device: torch.device, dtype: torch.dtype) -> None:
        self.device = device
        self.dtype = dtype
        self._lock = threading.RLock()
        self._parts: dict[str, Any] = {}
        self._prompts: OrderedDict[tuple[str, str, int], torch.Tensor] = OrderedDict()
        self._colours: dict[str, LatentColours] = {}

    def parts(self, checkpoint: Checkpoint, *, transformer: str = "transformer") -> Parts:
        """Return the parts of a checkpoint, loading those that are not here yet.

        Args:
          checkpoint: Where they lie.
          transformer: Folder of the transformer: the usual one, or that of a student.

        Raises:
          ModelNotHere: If the checkpoint has no such student.
          DamagedWeights: If a file is not what it says.
        """
        with self._lock:
            folders = {part: part for part in checkpoint.parts if part in _CLASSES} | {"transformer": transformer}
            keys = {
                part: f"{part.removesuffix('_2')}:{checkpoint.part_sha256(folder)}" for part, folder in folders.items()
            }
            missing = [folder for part, folder in folders.items() if keys[part] not in self._parts]
            checkpoint.check(missing)
            self._make_room(checkpoint, missing, keep=set(keys.values()))
            components = {part: self._part(part, keys[part], checkpoint, folder) for part, folder in folders.items()}
            return Parts(components, keys)

    def vae(self, checkpoint: Checkpoint) -> AutoencoderKLWan:
        """Return the VAE of a checkpoint, loading nothing else."""
        with self._lock:
            checkpoint.check(["vae"])
            return self._part("vae", f"vae:{checkpoint.part_sha256('vae')}", checkpoint, "vae")

    def upscaler(self, checkpoint: Checkpoint) -> Upscaler:
        """Return the upscaler of a checkpoint, loading nothing else."""
        with self._lock:
            key = f"upscaler:{checkpoint.part_sha256('upscaler')}"
            checkpoint.check(["upscaler"])
            if key not in self._parts:
                self._parts[key] = load_upscaler(checkpoint.folder / "upscaler", self.device, self.dtype)
            return self._parts[key]

    def prompt(self, parts: Parts, text: str, tokens: int, encode: Callable[[str], torch.Tensor]) -> torch.Tensor:
        """Return the embedding of a text [1, tokens, width], computed once.

        Args:
          parts: Whose text encoder it is.
          text: The text.
          tokens: Its length with padding.
          encode: Computes the embedding of a text, when it is not known.
        """
        key = (parts.keys["text_encoder"] + parts.keys["tokenizer"], text, tokens)
        with self._lock:
            if key not in self._prompts:
                embedding = encode(text)
                words = int(embedding[0].any(-1).sum())  # zeros follow the text up to its full length
                self._prompts[key] = embedding[:, :words].clone()
            self._prompts.move_to_end(key)
            while len(self._prompts) > _REMEMBERED_PROMPTS:
                self._prompts.popitem(last=False)
            short = self._prompts[key]
            return pad(short, (0, 0, 0, tokens - short.shape[1]))

    def colours(self, parts: Parts) -> LatentColours:
        """Return the map from latents to colours of a model's VAE, fitted once."""
        with self._lock:
            key = parts.keys["vae"]
            if key not in self._colours:
                self._colours[key] = fit_colours(parts.vae)
            return self._colours[key]

    def clear(self) -> None:
        """Forget everything and give the memory back."""
        with self._lock:
            self._parts.clear()
            self._prompts.clear()
            self._colours.clear()
            self._give_back()

    def free_memory(self) -> int:
        """Return the free memory of the device, bytes, after giving back what is not needed."""
        self._give_back()
        return torch.cuda.mem_get_info(self.device)[0] if self.device.type == "cuda" else machine.free_memory()

    def _make_room(self, checkpoint: Checkpoint, missing: list[str], *, keep: set[str]) -> None:
        """Forget parts of other models when the missing ones would not fit beside them."""
        others = self._parts.keys() - keep
        if not others:
            return
        needed = 0
        for part in missing:
            parameters = sum(count_parameters(path) for path in checkpoint.files(part))
            needed += parameters * self._dtype_of(part, checkpoint.model).itemsize
        if needed > self.free_memory():
            for key in others:
                del self._parts[key]
            self._give_back()

    def _give_back(self) -> None:
        if self.device.type == "cuda":
            gc.collect()  # pipelines and their parts refer to each other
            torch.cuda.empty_cache()

    def _dtype_of(self, part: str, model: Model) -> torch.dtype:
        exact = part in _IN_FLOAT32 and not (part == "vae" and model.vae == "nano")
        return torch.float32 if exact else self.dtype

    def _part(self, part: str, key: str, checkpoint: Checkpoint, folder: str) -> Any:
        if key not in self._parts:
            dtype = self._dtype_of(part, checkpoint.model)
            self._parts[key] = self._load(part, checkpoint.folder / folder, dtype)
        return self._parts[key]

    def _load(self, part: str, folder: Path, dtype: torch.dtype) -> Any:
        kind = getattr(*_CLASSES[part])
        options: dict[str, Any] = {"local_files_only": True}
        if issubclass(kind, torch.nn.Module):
            # without the information about loading, missing tensors would be made up at random
            options |= {"dtype": dtype, "use_safetensors": True, "output_loading_info": True}
        try:
            loaded = kind.from_pretrained(folder, **options)
        except (MemoryError, torch.OutOfMemoryError):
            raise
        except Exception as problem:
            if "allocate memory" in str(problem):
                raise
            raise _damaged(folder, str(problem).strip().splitlines()[0][:300]) from problem
        if not isinstance(loaded, tuple):
            return loaded
        network, told = loaded
        if missing := sorted(told["missing_keys"]):
            raise _damaged(folder, f"{len(missing)} tensors are missing, {missing[0]} among them")
        return network.to(self.device).eval().requires_grad_(requires_grad=False)


def _damaged(folder: Path, what: str) -> DamagedWeights:
    return DamagedWeights(
        f"this part of the checkpoint can't be loaded: {what}",
        where=str(folder),
        hint="fetch the model again, or look whether the folder is in Diffusers format",
    )
