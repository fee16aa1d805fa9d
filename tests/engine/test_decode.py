"""Decoding and encoding in pieces."""

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKLWan

from tests.engine import tiny
from wan_sdk import models
from wan_sdk.engine import checkpoint, decode
from wan_sdk.engine.decode import decode_frames, denormalise, encode_frames, enlarged
from wan_sdk.engine.protocol import CancelToken
from wan_sdk.errors import Cancelled


@pytest.fixture(scope="module")
def vaes(tiny_models):
    folders = {name: tiny_models[f"tiny-{name}"].repo for name in ("t2v", "ti2v")}
    folders["nano"] = checkpoint.find(models.get("nano")).folder
    return {
        name: AutoencoderKLWan.from_pretrained(f"{folder}/vae", dtype=torch.float32).eval()
        for name, folder in folders.items()
    }


KINDS = ("t2v", "ti2v", "nano")


def latents_for(vae, frames):
    noise = torch.randn(vae.config.z_dim, frames, 4, 6, generator=torch.Generator().manual_seed(frames))
    return 0.7 * noise


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("frames", [1, 2, 7, 9])
def test_pieces_make_the_clip_that_diffusers_decodes(vaes, kind, frames, monkeypatch):
    vae = vaes[kind]
    latents = latents_for(vae, frames)
    with torch.no_grad():
        expected = vae.decode(denormalise(vae, latents[None])).sample[0].permute(1, 2, 3, 0).numpy()
    exact = []
    monkeypatch.setattr(decode, "_to_uint8", lambda pixels: exact.append(pixels) or np.zeros((1, 1, 1, 3), np.uint8))
    list(decode_frames(vae, latents))
    ours = torch.cat(exact, 1).clamp(-1, 1).permute(1, 2, 3, 0).numpy()
    assert ours.shape == expected.shape == (4 * frames - 3, *expected.shape[1:])
    # random weights normalise some activations that are nearly nothing, and rounding grows in them
    np.testing.assert_allclose(ours, expected, atol=1e-5 if kind == "nano" else 1e-4, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_prefix_of_the_latents_gives_a_prefix_of_the_clip(vaes, kind):
    latents = latents_for(vaes[kind], 9)
    whole = np.concatenate(list(decode_frames(vaes[kind], latents)))
    for frames in (1, 2, 3, 7, 8):
        part = np.concatenate(list(decode_frames(vaes[kind], latents[:, :frames])))
        np.testing.assert_array_equal(part, whole[: 4 * frames - 3])


def test_clips_decoded_in_turns_do_not_mix(vaes):
    clips = [latents_for(vaes["nano"], frames) for frames in (8, 9)]
    apart = [np.concatenate(list(decode_frames(vaes["nano"], clip))) for clip in clips]
    first, second = (decode_frames(vaes["nano"], clip) for clip in clips)
    pairs = list(zip(first, second, strict=True))
    for index, alone in enumerate(apart):
        np.testing.assert_array_equal(np.concatenate([pair[index] for pair in pairs]), alone)


@pytest.mark.parametrize("kind", KINDS)
def test_encoding_in_pieces_equals_diffusers(vaes, kind):
    vae = vaes[kind]
    clip = tiny.sliding_square(9, 64, 96)
    pixels = torch.from_numpy(clip).permute(3, 0, 1, 2)[None].float() / 127.5 - 1
    with torch.no_grad():
        expected = vae.encode(pixels).latent_dist.mode()
    ours = denormalise(vae, encode_frames(vae, clip)[None])
    np.testing.assert_allclose(ours.numpy(), expected.numpy(), atol=2e-5)


def test_nano_gives_back_what_it_encoded(vaes):
    clip = tiny.sliding_square(9, 96, 160)
    again = np.concatenate(list(decode_frames(vaes["nano"], encode_frames(vaes["nano"], clip))))
    error = np.abs(again.astype(float) - clip).mean()
    assert error < 12


def test_large_pictures_are_decoded_one_latent_frame_at_a_time(vaes):
    full = vaes["nano"]
    assert decode._piece_length(full, 12, 20) == 6
    assert decode._piece_length(full, 90, 160) == 1


def test_enlarging_keeps_flat_colours_and_the_first_frame_of_many():
    frames = np.random.default_rng(0).integers(0, 256, (3, 8, 10, 3), dtype=np.uint8)
    larger = enlarged(frames, 3)
    assert larger.shape == (3, 24, 30, 3)
    np.testing.assert_array_equal(larger[:1], enlarged(frames[:1], 3))
    np.testing.assert_array_equal(enlarged(frames, 1), frames)
    flat = np.full((1, 4, 4, 3), 77, np.uint8)
    np.testing.assert_array_equal(np.unique(enlarged(flat, 3)), [77])


def test_decoded_frames_have_the_delivered_size(shared_engine):
    call = tiny.call("t2v", "t2v", enlarge=2)
    latents = np.zeros((16, 2, 4, 6), np.float32)
    assert np.concatenate(list(shared_engine.decode(call, latents))).shape == (5, 64, 96, 3)


def test_frames_are_enlarged_piece_by_piece(vaes):
    latents = latents_for(vaes["nano"], 9)
    seen = []

    def twice(frames):
        seen.append(len(frames))
        return enlarged(frames, 2)

    whole = np.concatenate(list(decode_frames(vaes["nano"], latents)))
    larger = np.concatenate(list(decode_frames(vaes["nano"], latents, enlarge=twice)))
    assert seen == [len(piece) for piece in decode_frames(vaes["nano"], latents)]
    assert max(seen) < len(whole)
    np.testing.assert_array_equal(larger, enlarged(whole, 2))


def test_decoding_stops_when_asked_and_starts_anew(vaes):
    latents = latents_for(vaes["nano"], 9)
    whole = np.concatenate(list(decode_frames(vaes["nano"], latents)))
    cancel = CancelToken()
    pieces = decode_frames(vaes["nano"], latents, cancel=cancel)
    next(pieces)
    cancel.cancel()
    with pytest.raises(Cancelled):
        next(pieces)
    np.testing.assert_array_equal(np.concatenate(list(decode_frames(vaes["nano"], latents))), whole)
