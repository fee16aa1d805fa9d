"""Find a model's files on this machine, and fetch them when told to.

A checkpoint is a folder in Diffusers format: `model_index.json` and a folder a part. Two parts may lie
beside those that the index names, unseen by stock pipelines: a student, and an upscaler. A checkpoint lies
in the package itself (nano), in a folder of the user's, or in the cache of Hugging Face. Nothing is
downloaded unasked, and nothing here needs torch.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from wan_sdk import settings
from wan_sdk.engine.weights import check_whole, sha256_of_files, sha256_together
from wan_sdk.errors import DamagedWeights, EngineError, ModelNotHere, StorageError
from wan_sdk.models.model import Model
from wan_sdk.planning.call import Call

PARTS = (
    "tokenizer",
    "text_encoder",
    "transformer",
    "transformer_2",
    "vae",
    "scheduler",
    "image_encoder",
    "image_processor",
)
UPSCALER = "upscaler"
_WITHOUT_WEIGHTS = ("tokenizer", "scheduler", "image_processor")
_INDEX = "model_index.json"

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that lies on this machine, complete as far as names go.

    Args:
      folder: Where its model_index.json lies.
      index: What is in that file.
      weights: The safetensors files of each part that has any; `files` knows the student's and the upscaler's, too.
      model: What the catalogue says of it.
    """

    folder: Path
    index: dict[str, Any]
    weights: dict[str, tuple[Path, ...]]
    model: Model

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts it has, in the order of `PARTS`."""
        return tuple(part for part in PARTS if _has(self.index, part))

    def used_by(self, call: Call) -> tuple[str, ...]:
        """Return the parts with weights that a call uses, in the order of `PARTS`; an upscaler comes last.

        >>> from wan_sdk import models
        >>> from wan_sdk.planning import Machine, resolve
        >>> from wan_sdk.spec import Shot
        >>> laptop = Machine("cpu", "laptop", memory_gb=16, tflops=0.13)
        >>> draft = resolve(Shot("a boat", tier="draft"), catalogue=models.catalogue(), machine=laptop, probes={})
        >>> find(models.get("nano")).used_by(draft.calls[0])
        ('text_encoder', 'transformer_4step', 'vae', 'upscaler')
        """
        indexed = (call.transformer if part == "transformer" else part for part in self.parts)
        weighty = [part for part in indexed if part not in _WITHOUT_WEIGHTS]
        return (*weighty, UPSCALER) if call.enlarged_by == "upscaler" else tuple(weighty)

    def denoised_by(self, call: Call) -> tuple[str, ...]:
        """Return those of the parts in `used_by` that shape the latents of a call.

        The VAE is one of them only where it encodes a picture or clip that the call starts from; an upscaler never is.

        >>> from wan_sdk import models
        >>> from wan_sdk.planning import Machine, resolve
        >>> from wan_sdk.spec import Shot
        >>> laptop = Machine("cpu", "laptop", memory_gb=16, tflops=0.13)
        >>> plan = resolve(Shot("a boat"), catalogue=models.catalogue(), machine=laptop, probes={})
        >>> find(models.get("nano")).denoised_by(plan.calls[0])
        ('text_encoder', 'transformer')
        """
        only_decoding = {UPSCALER} if call.inputs else {UPSCALER, "vae"}
        return tuple(part for part in self.used_by(call) if part not in only_decoding)

    def sha256(self, parts: Iterable[str]) -> str:
        """Return the hash over the sorted names and hashes of the weight files of some parts.

        Args:
          parts: As `used_by` or `denoised_by` gives them.

        Raises:
          ModelNotHere: If the checkpoint lacks one of them.
        """
        files = [path for part in parts for path in self.files(part)]
        hashes = sha256_of_files(files)
        return sha256_together({path.relative_to(self.folder).as_posix(): digest for path, digest in hashes.items()})

    def part_sha256(self, part: str) -> str:
        """Return the hash of one part: its weights and its settings, wherever it lies."""
        folder = self.folder / part
        files = [*self.files(part), *sorted(folder.glob("*.json")), *sorted(folder.glob("*.model"))]
        hashes = sha256_of_files(files)
        return sha256_together({path.name: digest for path, digest in hashes.items()})

    def check(self, parts: Iterable[str] | None = None) -> None:
        """Make sure that weight files are whole.

        Args:
          parts: Whose files; those of all parts unless given.

        Raises:
          DamagedWeights: Naming the file that is not.
        """
        for part in self.weights if parts is None else parts:
            for path in self.files(part):
                check_whole(path)

    def files(self, part: str) -> tuple[Path, ...]:
        """Return the weight files of a part; a part like the tokenizer has none.

        Those of a student or an upscaler are looked for only now: whatever is wrong with them stops nothing else.

        Raises:
          ModelNotHere: If the part is missing, or one of its files.
        """
        if part in _WITHOUT_WEIGHTS:
            return ()
        if part in self.weights:
            return self.weights[part]
        if part in _beside(self.model) and (self.folder / part).is_dir():
            return _weight_files(self.folder / part, self.model)
        missing = f"its folder {part} is missing in {self.folder}"
        if self.model.repo == "nano":
            raise _not_here(self.model, missing)
        raise ModelNotHere(
            missing,
            where=self.model.key,
            hint="where a checkpoint has none, say so: wan.models.at(folder, like=..., draft=None, upscaler=False)",
        )


def find(model: Model) -> Checkpoint:
    """Return the files of a model that is on this machine; no socket is opened.

    >>> from wan_sdk import models
    >>> find(models.get("nano")).parts
    ('tokenizer', 'text_encoder', 'transformer', 'vae', 'scheduler')

    Args:
      model: From the catalogue, or of your own (`wan.models.at`).

    Raises:
      ModelNotHere: If it is not on this machine, with its size, licence and how to get it.
      DamagedWeights: If its description can't be read.
    """
    if model.repo == "nano":
        return _read(Path(str(resources.files("wan_sdk.nano") / "weights")), model)
    if _is_folder(model.repo):
        return _read(Path(model.repo).expanduser(), model)
    from huggingface_hub import snapshot_download

    try:
        folder = snapshot_download(model.repo, local_files_only=True, allow_patterns=_wanted(model))
    except OSError:  # every "not in the cache" of the library is one
        raise _not_here(model, "it is not on this machine") from None
    return _read(Path(folder), model)


def is_here(model: Model) -> bool:
    """Return whether a model's files are on this machine, as far as their descriptions can be read."""
    try:
        find(model)
    except (ModelNotHere, DamagedWeights):
        return False
    return True


def fetch(model: Model, *, offline: bool | None = None, progress: Progress | None = None) -> Checkpoint:
    """Download a model into the cache of Hugging Face, unless it is there.

    Args:
      model: From the catalogue.
      offline: Whether sockets are forbidden; as the settings say unless given.
      progress: Called with bytes done and bytes in all (as far as they are known).

    Raises:
      ModelNotHere: If sockets are forbidden, or there is nothing to download.
      StorageError: If the disk has too little room for it.
      EngineError: If the download failed; what has arrived is kept, and fetching again goes on from it.
    """
    try:
        return find(model)
    except ModelNotHere:
        if model.repo == "nano" or _is_folder(model.repo):
            raise
        if settings.offline(offline):
            raise _not_here(model, "it is not on this machine, and sockets are forbidden (offline)") from None
    from huggingface_hub import constants, snapshot_download

    _check_room(model, Path(constants.HF_HUB_CACHE))
    bars = _bars(progress) if progress else None
    try:
        folder = snapshot_download(model.repo, allow_patterns=_wanted(model), tqdm_class=bars)
    except Exception as problem:
        raise EngineError(
            f"the download of {model.repo} failed: {str(problem).splitlines()[0]}",
            where=model.key,
            hint=f"what has arrived is kept; try again: wan-sdk models fetch {model.key}",
        ) from problem
    found = _read(Path(folder), model)
    found.check()
    return found


def _check_room(model: Model, folder: Path) -> None:
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < model.download_gb * 1e9:
        raise StorageError(
            f"{model.key} is a download of {model.download_gb:g} GB, and {free / 1e9:.1f} GB are free",
            where=str(folder),
            hint="make room, or set HF_HUB_CACHE to a folder on another disk",
        )


def _bars(progress: Progress) -> type:
    """Return a progress bar that tells a function instead of a terminal; the library makes its own of it."""
    from tqdm.auto import tqdm

    class Bar(tqdm):
        def __init__(self, *args: Any, **options: Any) -> None:
            self._told = options.get("unit") == "B" and "Reconstructing" in str(options.get("desc"))
            self._done = 0
            super().__init__(*args, **{**options, "disable": True})

        def update(self, n: float | None = 1) -> None:
            if self._told:
                self._done += int(n or 0)
                progress(self._done, int(self.total or 0))

    return Bar


def _wanted(model: Model) -> list[str]:
    return [_INDEX, *(f"{part}/*" for part in (*PARTS, *_beside(model)))]


def _beside(model: Model) -> tuple[str, ...]:
    """Return the folders of a model that no index names."""
    student = () if model.draft is None else (model.draft.folder,)
    return (*student, UPSCALER) if model.upscaler else student


def _is_folder(repo: str) -> bool:
    return Path(repo).expanduser().exists() or repo.startswith((".", "/", "~")) or "\\" in repo or repo.count("/") != 1


def _has(index: dict[str, Any], part: str) -> bool:
    entry = index.get(part)
    return isinstance(entry, list) and len(entry) == 2 and entry[1] is not None


def _read(folder: Path, model: Model) -> Checkpoint:
    description = folder / _INDEX
    if not description.is_file():
        what = f"there is no {_INDEX} in {folder}" if folder.is_dir() else f"there is no folder {folder}"
        raise _not_here(model, what)
    index = _json(description)
    weights = {}
    for part in PARTS:
        if not _has(index, part):
            continue
        if not (folder / part).is_dir():
            raise _not_here(model, f"its folder {part} is missing in {folder}")
        if part not in _WITHOUT_WEIGHTS:
            weights[part] = _weight_files(folder / part, model)
    return Checkpoint(folder, index, weights, model)


def _weight_files(folder: Path, model: Model) -> tuple[Path, ...]:
    """Return the files of one part: those that its list of shards names, or the only one."""
    for name in ("diffusion_pytorch_model", "model"):
        shards = folder / f"{name}.safetensors.index.json"
        if shards.is_file():
            names = set(_json(shards).get("weight_map", {}).values())
            files = tuple(folder / shard for shard in sorted(names))
        elif (folder / f"{name}.safetensors").is_file():
            files = (folder / f"{name}.safetensors",)
        else:
            continue
        missing = [path.name for path in files if not path.is_file()]
        if missing or not files:
            raise _not_here(model, f"its download is not complete: {folder.name}/{missing[0] if missing else name}")
        return files
    raise _not_here(model, f"there are no safetensors files in {folder}")


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise DamagedWeights("this file of the checkpoint is not readable JSON", where=str(path), hint="fetch it again")
    return content


def _not_here(model: Model, what: str) -> ModelNotHere:
    if model.repo == "nano":
        return ModelNotHere(f"{what}; nano is part of the package", where="nano", hint="install wan-sdk again")
    if _is_folder(model.repo):
        return ModelNotHere(what, where=model.key, hint="give the folder where the checkpoint's model_index.json lies")
    return ModelNotHere(
        f"{what}: {model.repo}, a download of {model.download_gb:g} GB under {model.licence}",
        where=model.key,
        hint=f"wan-sdk models fetch {model.key}, or Studio(download=True)",
    )
