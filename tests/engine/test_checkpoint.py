"""Finding weights, fetching them, and noticing that they are not whole."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.engine import tiny
from wan_sdk import models, settings
from wan_sdk.engine import checkpoint, weights
from wan_sdk.engine.local import LocalEngine
from wan_sdk.engine.protocol import EngineInputs
from wan_sdk.engine.upscaler import Upscaler, enlarge_twice, load_upscaler
from wan_sdk.errors import DamagedWeights, EngineError, ModelNotHere, StorageError
from wan_sdk.models import Distilled
from wan_sdk.nano.training.upscaler import save_upscaler
from wan_sdk.planning.call import Input

BIG = models.get("wan2.2-ti2v-5b")
WITH_WEIGHTS = ("text_encoder", "transformer", "vae")


def sha256(model):
    return checkpoint.find(model).sha256(WITH_WEIGHTS)


@pytest.fixture
def copied(tiny_models, tmp_path):
    """A checkpoint of the test's own, to be damaged."""
    folder = tmp_path / "own"
    shutil.copytree(tiny_models["tiny-t2v"].repo, folder)
    return tiny.describe("t2v", folder)


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def in_cache(cache: Path, model) -> Path:
    """Put an empty snapshot of a model where Hugging Face's library looks for it."""
    home = cache / f"models--{model.repo.replace('/', '--')}"
    snapshot = home / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    (home / "refs").mkdir()
    (home / "refs" / "main").write_text("a" * 40)
    return snapshot


def test_nano_lies_in_the_package():
    found = checkpoint.find(models.get("nano"))
    assert found.parts == ("tokenizer", "text_encoder", "transformer", "vae", "scheduler")
    assert set(found.weights) == set(WITH_WEIGHTS)
    assert [len(found.files(part)) for part in ("transformer", "transformer_4step", "upscaler", "tokenizer")] == [
        2,
        2,
        1,
        0,
    ]
    found.check((*found.weights, "transformer_4step", "upscaler"))


def test_a_missing_model_says_its_size_licence_and_how_to_get_it(empty_cache):
    assert not checkpoint.is_here(BIG)
    with pytest.raises(ModelNotHere) as caught:
        checkpoint.find(BIG)
    error = caught.value
    assert error.where == "wan2.2-ti2v-5b"
    assert "34.2 GB under Apache-2.0" in error.message
    assert "wan-sdk models fetch wan2.2-ti2v-5b" in error.hint
    assert "download=True" in error.hint


def test_a_missing_model_is_told_without_loading_torch(tmp_path):
    program = (
        "import sys\n"
        "from wan_sdk import models\n"
        "from wan_sdk.engine import checkpoint, protocol\n"
        "found = checkpoint.find(models.get('nano'))\n"
        "print(checkpoint.is_here(models.get('wan2.2-ti2v-5b')), len(found.sha256(found.weights)))\n"
        "print('torch' in sys.modules, 'diffusers' in sys.modules)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "HF_HUB_CACHE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.split() == ["False", "64", "False", "False"]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(ModelNotHere, match="no folder"):
        checkpoint.find(models.at(tmp_path / "nothing", like="wan2.2-ti2v-5b"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelNotHere, match=r"no model_index\.json") as caught:
        checkpoint.find(models.at(tmp_path / "empty", like="wan2.2-ti2v-5b"))
    assert "model_index.json lies" in caught.value.hint


def test_a_snapshot_in_the_cache_is_found_and_an_incomplete_one_is_not(empty_cache, copied):
    snapshot = in_cache(empty_cache, BIG)
    shutil.copytree(copied.repo, snapshot, dirs_exist_ok=True)
    found = checkpoint.find(BIG)
    assert found.folder == snapshot
    assert found.sha256(WITH_WEIGHTS) == sha256(copied)
    (snapshot / "transformer" / "diffusion_pytorch_model.safetensors").unlink()
    assert not checkpoint.is_here(BIG)


def test_every_shard_must_be_there(copied):
    folder = Path(copied.repo) / "transformer"
    (folder / "diffusion_pytorch_model.safetensors").rename(folder / "part-1.safetensors")
    names = {"a": "part-1.safetensors", "b": "part-2.safetensors"}
    (folder / "diffusion_pytorch_model.safetensors.index.json").write_text(json.dumps({"weight_map": names}))
    with pytest.raises(ModelNotHere, match=r"not complete: transformer/part-2\.safetensors"):
        checkpoint.find(copied)
    shutil.copy(folder / "part-1.safetensors", folder / "part-2.safetensors")
    assert [path.name for path in checkpoint.find(copied).weights["transformer"]] == sorted(names.values())


def test_offline_never_fetches(empty_cache, monkeypatch):
    monkeypatch.setattr(huggingface_hub, "snapshot_download", _only_local(huggingface_hub.snapshot_download))
    with pytest.raises(ModelNotHere, match="offline"):
        checkpoint.fetch(BIG, offline=True)
    with pytest.raises(ModelNotHere, match="offline"):
        checkpoint.fetch(BIG)  # WAN_SDK_OFFLINE=1 in all tests


def _only_local(original):
    def download(repo, **options):
        assert options["local_files_only"]
        return original(repo, **options)

    return download


@pytest.fixture
def room(monkeypatch):
    monkeypatch.setattr(checkpoint.shutil, "disk_usage", lambda _folder: shutil._ntuple_diskusage(10**12, 0, 10**12))


def test_a_download_that_would_not_fit_is_not_begun(empty_cache, monkeypatch):
    monkeypatch.setattr(huggingface_hub, "snapshot_download", _only_local(huggingface_hub.snapshot_download))
    monkeypatch.setattr(checkpoint.shutil, "disk_usage", lambda _folder: shutil._ntuple_diskusage(10**12, 0, 10**10))
    with pytest.raises(StorageError, match=r"a download of 34\.2 GB, and 10\.0 GB are free"):
        checkpoint.fetch(BIG, offline=False)


def test_fetching_tells_its_progress(empty_cache, room, copied, monkeypatch):
    def download(repo, *, local_files_only=False, allow_patterns, tqdm_class=None):
        assert "model_index.json" in allow_patterns
        if local_files_only:
            raise huggingface_hub.errors.LocalEntryNotFoundError("not there")
        bar = tqdm_class(desc="Reconstructing (incomplete total...)", total=0, unit="B", unit_scale=True)
        other = tqdm_class(desc="Downloading bytes", total=0, unit="B")
        bar.total = 300
        for _ in range(3):
            other.update(1000)
            bar.update(100)
        return copied.repo

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    told = []
    found = checkpoint.fetch(BIG, offline=False, progress=lambda done, total: told.append((done, total)))
    assert found.folder == Path(copied.repo)
    assert told == [(100, 300), (200, 300), (300, 300)]


def test_a_failed_download_is_told_in_one_line(empty_cache, room, monkeypatch):
    def download(repo, *, local_files_only=False, **_options):
        raise OSError("the line went dead\nand much more")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    with pytest.raises(EngineError, match=r"Wan2\.2-TI2V-5B-Diffusers failed: the line went dead\n") as caught:
        checkpoint.fetch(BIG, offline=False)
    assert "try again" in caught.value.hint


@pytest.mark.parametrize("part", ["transformer", "vae", "text_encoder"])
@pytest.mark.parametrize("damage", ["truncated", "empty", "longer", "garbled", "text"])
def test_a_damaged_file_is_named_before_anything_is_loaded(fresh_engine, copied, part, damage):
    path = next((Path(copied.repo) / part).glob("*.safetensors"))
    whole = path.read_bytes()
    broken = {
        "truncated": whole[: len(whole) // 2],
        "empty": b"",
        "longer": whole + b"more",
        "garbled": whole[:8] + b"\xff" * 64 + whole[72:],
        "text": b"<html>404</html>",
    }[damage]
    path.write_bytes(broken)
    with pytest.raises(DamagedWeights) as caught:
        checkpoint.find(copied).check()
    assert caught.value.where == str(path)
    fresh_engine._model = {copied.key: copied}.__getitem__
    with pytest.raises(DamagedWeights) as caught:
        fresh_engine.denoise(tiny.call("t2v", "t2v"), EngineInputs())
    assert caught.value.where == str(path)
    assert not fresh_engine._pool._parts


def test_a_tensor_that_is_missing_is_not_made_up(fresh_engine, copied):
    path = Path(copied.repo) / "transformer" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(path)
    tensors.pop("proj_out.weight")
    save_file(tensors, path)
    fresh_engine._model = {copied.key: copied}.__getitem__
    with pytest.raises(DamagedWeights, match=r"proj_out\.weight"):
        fresh_engine.denoise(tiny.call("t2v", "t2v"), EngineInputs())


@pytest.fixture
def with_extras(copied):
    """That checkpoint with a student and an upscaler beside its parts."""
    folder = Path(copied.repo)
    shutil.copytree(folder / "transformer", folder / "transformer_2step")
    tensors = load_file(folder / "transformer_2step" / "diffusion_pytorch_model.safetensors")
    tensors["proj_out.bias"] += 1
    save_file(tensors, folder / "transformer_2step" / "diffusion_pytorch_model.safetensors")
    torch.manual_seed(3)
    upscaler = Upscaler(width=4)
    torch.nn.init.normal_(upscaler.last.weight, std=0.05)
    save_upscaler(upscaler, folder / "upscaler")
    return copied.changed(draft=Distilled("transformer_2step", 2, 1.0, 3.0, "dpm1"), upscaler=True)


EXTRAS = {
    "transformer_2step": {"transformer": "transformer_2step"},
    "upscaler": {"enlarge": 2, "enlarged_by": "upscaler"},
}


def engine_of(model):
    return LocalEngine({model.key: model}, dtype="float32", device="cpu")


def render(model, **changes):
    engine, call = engine_of(model), tiny.call("t2v", "t2v", **changes)
    latents = engine.denoise(call, EngineInputs())
    return latents, np.concatenate(list(engine.decode(call, latents.values)))


def test_the_hash_covers_exactly_the_files_that_a_call_uses(with_extras):
    def hashes():
        found = checkpoint.find(with_extras)
        calls = [tiny.call("t2v", "t2v", **changes) for changes in ({}, *EXTRAS.values())]
        return [found.sha256(found.used_by(call)) for call in calls]

    assert checkpoint.find(with_extras).used_by(tiny.call("t2v", "t2v", **EXTRAS["upscaler"])) == (
        *WITH_WEIGHTS,
        "upscaler",
    )
    before = hashes()
    assert len(set(before)) == 3
    # after a change of each: the plain call, the student's, the one that is enlarged
    changed = {
        "transformer": (True, False, True),
        "transformer_2step": (False, True, False),
        "upscaler": (False, False, True),
        "vae": (True, True, True),
    }
    for part, expected in changed.items():
        (path,) = (Path(with_extras.repo) / part).glob("*.safetensors")
        tensors = load_file(path)
        name = sorted(tensors)[0]
        save_file({**tensors, name: tensors[name] + 1}, path)
        now = hashes()
        assert tuple(a != b for a, b in zip(before, now, strict=True)) == expected, part
        before = now


def test_the_latents_depend_on_the_vae_only_where_it_encodes_a_picture_that_is_given(with_extras):
    found = checkpoint.find(with_extras)
    words = tiny.call("t2v", "t2v", **EXTRAS["upscaler"])
    picture = tiny.call("t2v", "i2v", inputs=(Input("first_frame", sha256="1" * 64),), **EXTRAS["upscaler"])
    assert found.denoised_by(words) == ("text_encoder", "transformer")
    assert found.denoised_by(picture) == WITH_WEIGHTS
    assert {*found.used_by(words)} - {*found.denoised_by(words)} == {"vae", "upscaler"}


def test_the_student_and_the_upscaler_are_used_where_a_call_names_them(with_extras):
    plain, frames = render(with_extras)
    by_student, _ = render(with_extras, **EXTRAS["transformer_2step"])
    enlarged, larger = render(with_extras, **EXTRAS["upscaler"])
    assert np.abs(plain.values - by_student.values).max() > 0.1
    np.testing.assert_array_equal(plain.values, enlarged.values)
    trained = load_upscaler(Path(with_extras.repo) / "upscaler")
    np.testing.assert_array_equal(larger, enlarge_twice(trained, frames))
    assert len({made.weights_sha256 for made in (plain, by_student, enlarged)}) == 3


@pytest.mark.parametrize("part", EXTRAS)
@pytest.mark.parametrize("damage", ["truncated", "text"])
def test_damage_of_the_student_or_the_upscaler_is_named_and_stops_only_what_needs_it(with_extras, part, damage):
    (path,) = (Path(with_extras.repo) / part).glob("*.safetensors")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if damage == "truncated" else b"<html>404</html>")
    with pytest.raises(DamagedWeights) as caught:
        render(with_extras, **EXTRAS[part])
    assert caught.value.where == str(path)
    (other,) = EXTRAS.keys() - {part}
    render(with_extras)
    render(with_extras, **EXTRAS[other])


@pytest.mark.parametrize("part", EXTRAS)
@pytest.mark.parametrize("damage", ["a shard is missing", "nothing in it", "a garbled list of shards"])
def test_a_student_or_an_upscaler_that_is_not_whole_stops_only_what_needs_it(with_extras, part, damage):
    folder = Path(with_extras.repo) / part
    name = "diffusion_pytorch_model" if part.startswith("transformer") else "model"
    shards = folder / f"{name}.safetensors.index.json"
    if damage == "a shard is missing":
        shards.write_text(json.dumps({"weight_map": {"a": f"{name}.safetensors", "b": "lost.safetensors"}}))
    elif damage == "nothing in it":
        shutil.rmtree(folder)
        folder.mkdir()
    else:
        shards.write_text("{")
    with pytest.raises((DamagedWeights, ModelNotHere)) as caught:
        render(with_extras, **EXTRAS[part])
    assert part in str(caught.value)
    assert checkpoint.is_here(with_extras)
    render(with_extras)


@pytest.mark.parametrize("part", EXTRAS)
def test_a_checkpoint_without_a_student_or_an_upscaler_makes_the_rest_and_says_how_to_describe_it(with_extras, part):
    shutil.rmtree(Path(with_extras.repo) / part)
    assert checkpoint.is_here(with_extras)
    render(with_extras)
    with pytest.raises(ModelNotHere, match=f"its folder {part} is missing") as caught:
        engine_of(with_extras).denoise(tiny.call("t2v", "t2v", **EXTRAS[part]), EngineInputs())
    assert "draft=None, upscaler=False" in caught.value.hint


def test_an_index_that_is_not_json(copied):
    (Path(copied.repo) / "model_index.json").write_text("{")
    assert not checkpoint.is_here(copied)
    with pytest.raises(DamagedWeights) as caught:
        checkpoint.find(copied)
    assert caught.value.where.endswith("model_index.json")


def test_the_hash_is_of_the_weights_and_remembered(copied, monkeypatch):
    found = sha256(copied)
    calls = []
    monkeypatch.setattr(weights, "_sha256", lambda path: calls.append(path) or "0" * 64)
    assert sha256(copied) == found
    assert not calls
    assert json.loads((settings.home() / "cache" / "weights.json").read_text())
    path = Path(copied.repo) / "vae" / "diffusion_pytorch_model.safetensors"
    os.utime(path, ns=(1, 1))
    assert sha256(copied) != found
    assert calls == [path]


def test_the_hash_does_not_depend_on_where_the_files_lie(copied, tiny_models):
    assert sha256(copied) == sha256(tiny_models["tiny-t2v"])
    assert sha256(copied) != sha256(tiny_models["tiny-ti2v"])


def test_a_garbled_memory_of_hashes_is_no_harm(copied):
    found = sha256(copied)
    memory = settings.home() / "cache" / "weights.json"
    for text in ("", "[]", '{"a": 1}', "\x00\x01"):
        memory.write_text(text)
        assert sha256(copied) == found


def test_hashes_that_cannot_be_remembered_are_no_error(copied, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WAN_SDK_HOME", str(tmp_path / "file"))
    assert len(sha256(copied)) == 64
