import pytest
import torch

from wan_sdk.nano.training.networks import TINY, make_vae
from wan_sdk.nano.training.whole_clip import decode_whole, encode_moments


@pytest.fixture(scope="module")
def vae():
    torch.manual_seed(0)
    vae = make_vae(TINY).eval()
    for parameter in vae.parameters():  # biases and gains away from their trivial start
        parameter.data.add_(0.02 * torch.randn_like(parameter))
    return vae


@pytest.mark.parametrize("frames", [1, 5, 25])
def test_the_whole_clip_gives_the_numbers_of_the_stock_chunks(vae, frames):
    clips = torch.rand(1, 3, frames, 48, 64) * 2 - 1
    with torch.no_grad():
        mean, log_variance = encode_moments(vae, clips)
        stock = vae.encode(clips).latent_dist
        decoded = decode_whole(vae, mean)
        stock_decoded = vae.decode(mean).sample
    assert mean.shape == (1, 16, (frames - 1) // 4 + 1, 6, 8)
    assert _relative(mean, stock.mean) < 1e-5
    assert _relative(log_variance.clamp(-30, 20), stock.logvar) < 1e-5
    assert _relative(decoded.clamp(-1, 1), stock_decoded) < 1e-5


def test_a_later_frame_never_changes_an_earlier_latent(vae):
    clips = torch.rand(1, 3, 9, 32, 48) * 2 - 1
    changed = clips.clone()
    changed[:, :, 5:] = 0
    with torch.no_grad():
        before, after = encode_moments(vae, clips)[0], encode_moments(vae, changed)[0]
    assert torch.equal(before[:, :, :2], after[:, :, :2])
    assert not torch.allclose(before[:, :, 2], after[:, :, 2])


def _relative(one, other):
    return float((one - other).norm() / other.norm())
