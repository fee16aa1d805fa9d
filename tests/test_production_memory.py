"""A film is joined, marked and encoded in memory that does not grow with the number of its shots."""

import tracemalloc
from types import SimpleNamespace

import numpy as np

from tests.studio_fixtures import SMALL
from wan_sdk import Marking, Scene
from wan_sdk.engine.protocol import Latents
from wan_sdk.marking import deliver, watermark
from wan_sdk.studio import Studio


class Drawn:
    """An engine that draws a moving texture, so that what is measured is not the model."""

    def denoise(self, call, inputs, **options):
        return Latents(
            np.full((16, call.latent_frames, 12, 20), call.shot, np.float32), call.model, "", "float32", "cpu"
        )

    def decode(self, call, latents, **options):
        width, height = call.delivered_size
        coarse = np.random.default_rng(int(latents[0, 0, 0, 0])).integers(60, 190, (height // 16, width // 8, 3))
        world = np.kron(coarse.astype(np.uint8), np.ones((16, 16, 1), np.uint8))
        yield np.stack([world[:, 2 * frame : 2 * frame + width] for frame in range(call.num_frames)])

    def unload(self):
        pass


def peak_of(shots, folder, monkeypatch):
    """Return the cut and the peak of a render, without that of reading marks back."""
    scene = Scene("Long", size=SMALL, seed=1)
    for number in range(shots):
        scene = scene.shot(f"a boat {number}", steps=2)
    studio = Studio("nano", gallery=folder, engine=Drawn(), marking=Marking(c2pa=False))
    peaks = []

    def detect(*given, **options):
        peaks.append(tracemalloc.get_traced_memory()[1])
        found = watermark.detect(*given, **options)
        tracemalloc.reset_peak()
        return found

    with monkeypatch.context() as patch:
        patch.setattr(deliver, "CHUNK_FRAMES", 25)
        patch.setattr(deliver, "watermark", SimpleNamespace(**{**vars(watermark), "detect": detect}))
        tracemalloc.start()
        try:
            cut = studio.render(scene)
            return cut, max(*peaks, tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()


def test_memory_does_not_grow_with_the_number_of_shots(tmp_path, monkeypatch):
    _, few = peak_of(3, tmp_path / "few", monkeypatch)  # with a shot before and one after the one that is joined
    cut, many = peak_of(6, tmp_path / "many", monkeypatch)
    one_shot = 25 * 480 * 288 * 3
    assert many < few + one_shot / 2
    assert cut.recipe.marks.watermark is not None
    assert len(cut.frames) == 6 * 25
    assert sorted({path.suffix for path in (tmp_path / "many").iterdir()} - {".sqlite-wal", ".sqlite-shm"}) == [
        "",
        ".mp4",
        ".sqlite",
    ]
