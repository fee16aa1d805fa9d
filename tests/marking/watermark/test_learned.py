"""Learned watermarks: a tiny TorchScript model with VideoSeal's methods, and an object with TrustMark's."""

import math

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from tests.marking.watermark import clips
from wan_sdk.errors import MissingExtra
from wan_sdk.marking.watermark import Watermarker, backends
from wan_sdk.marking.watermark.learned import Learned, TrustMarkChannel, best_id

PAYLOAD = 0x4C1F00000000ABCD
SIDE = 48


class TinySeal(nn.Module):
    """Spread 256 bits over a small sheet, with the methods that VideoSeal's TorchScript model has."""

    def __init__(self) -> None:
        super().__init__()
        self.side = SIDE
        self.register_buffer("sheets", torch.randn(256, 3 * SIDE * SIDE, generator=torch.Generator().manual_seed(0)))

    def forward(self, imgs: Tensor, msgs: Tensor) -> Tensor:
        return self.embed(imgs, msgs, False)

    @torch.jit.export
    def embed(self, imgs: Tensor, msgs: Tensor, is_video: bool = True) -> Tensor:
        sheet = ((2 * msgs - 1) @ self.sheets).view(1, 3, self.side, self.side) / 16
        return imgs + 0.03 * functional.interpolate(sheet, size=(imgs.shape[2], imgs.shape[3]), mode="nearest")

    @torch.jit.export
    def detect(self, imgs: Tensor, is_video: bool = True) -> Tensor:
        small = functional.adaptive_avg_pool2d(imgs, [self.side, self.side])
        small = small - functional.avg_pool2d(small, 3, 1, 1)
        told = small.flatten(1) @ self.sheets.t()
        return torch.cat([torch.ones(len(imgs), 1), told], 1)


class TinyTrust:
    """Write 100 bits into the lowest bits of the first pixels, with the methods of `trustmark.TrustMark`."""

    def encode(self, picture: Image.Image, word: str, MODE: str = "text") -> Image.Image:
        assert (MODE, len(word)) == ("binary", 100)
        pixels = np.asarray(picture).copy()
        pixels[0, :100, 0] = pixels[0, :100, 0] & 0xFE | [int(digit) for digit in word]
        return Image.fromarray(pixels)

    def decode(self, picture: Image.Image, MODE: str = "text") -> tuple[str, bool, int]:
        return "".join(map(str, (np.asarray(picture)[0, :100, 0] & 1).tolist())), True, -1


@pytest.fixture
def seal(tmp_path, monkeypatch):
    file = tmp_path / "tiny.jit"
    torch.jit.script(TinySeal().eval()).save(str(file))
    monkeypatch.setenv("WAN_SDK_VIDEOSEAL", str(file))
    return backends.backend("videoseal")


@pytest.fixture(scope="module")
def clip():
    return clips.panning_texture(frames=20, height=192, width=320)


def test_an_id_is_put_in_and_found(seal, clip):
    assert isinstance(seal, Watermarker)
    marked = seal.embed(clip, PAYLOAD)
    assert marked.pixels.shape == clip.shape
    assert 25 < marked.psnr_db < 40
    found = seal.detect(clips.through(marked.pixels, crf="28"))
    assert (found.present, found.payload, found.verdict) == (True, PAYLOAD, "MARKED")
    assert found.log10_p < -20
    assert seal.embed(clip, PAYLOAD, strength=0.55).psnr_db == pytest.approx(marked.psnr_db + 6, abs=0.3)


def test_floats_stay_floats(seal, clip):
    marked = seal.embed(clip[:4].astype(np.float32) / 255, PAYLOAD)
    assert marked.pixels.dtype == np.float32
    assert seal.detect(marked.pixels).payload == PAYLOAD


def test_other_keys_and_clean_clips_say_nothing(seal, clip):
    marked = seal.embed(clip, PAYLOAD, key=bytes(range(32)))
    assert seal.detect(marked.pixels, key=bytes(range(32))).payload == PAYLOAD
    assert not seal.detect(marked.pixels).present
    assert not seal.detect(clip).present
    empty = seal.detect(clip[:0])
    assert (empty.present, empty.reason) == (False, "there are no frames to look at")


def test_trustmarks_bits_are_found_when_all_are_right_or_the_ledger_knows_the_id(clip):
    trust = Learned("trustmark", TrustMarkChannel(TinyTrust()))
    marked = trust.embed(clip[:3], PAYLOAD).pixels
    found = trust.detect(marked)
    assert (found.payload, found.bits_corrected) == (PAYLOAD, 0)
    assert found.log10_p == pytest.approx(-36 * math.log10(2), abs=0.01)
    marked[:, 0, :5, 0] ^= 1
    assert not trust.detect(marked).present
    known = trust.detect(marked, ledger=[1, PAYLOAD, 77])
    assert (known.payload, known.bits_corrected) == (PAYLOAD, 5)


def test_fair_coins_are_not_called_marked():
    rng = np.random.default_rng(1)
    where = np.arange(256) % 64
    ledger = set(rng.integers(0, 2**62, 1000).tolist())
    p = np.array([best_id(rng.standard_normal(256), where, ledger)[2] for _ in range(200)])
    assert p.min() > -4
    assert (p < -1).mean() <= 0.1


def test_what_is_missing_is_said(monkeypatch, tmp_path):
    monkeypatch.delenv("WAN_SDK_VIDEOSEAL", raising=False)
    with pytest.raises(MissingExtra, match="TorchScript model") as told:
        backends.backend("videoseal")
    assert "y_256b_img.jit" in told.value.hint
    (tmp_path / "broken.jit").write_bytes(b"no model")
    monkeypatch.setenv("WAN_SDK_VIDEOSEAL", str(tmp_path / "broken.jit"))
    with pytest.raises(MissingExtra, match="cannot be loaded"):
        backends.backend("videoseal")
    with pytest.raises(MissingExtra, match="trustmark") as told:
        backends.backend("trustmark")
    assert "pip install trustmark" in told.value.hint
