import torch

from wan_sdk.nano.training.data import Ring
from wan_sdk.nano.training.vae import mosaics


def test_a_mosaic_is_four_clips_at_half_their_size():
    ring = Ring(1)
    clip = torch.arange(2 * 4 * 6.0).view(1, 1, 2, 4, 6).expand(1, 3, 2, 4, 6)
    ring.add(clip)
    made = mosaics(ring, 2)
    small = torch.nn.functional.avg_pool3d(clip, (1, 2, 2))
    assert made.shape == (2, 3, 2, 4, 6)
    for top, left in ((0, 0), (0, 3), (2, 0), (2, 3)):
        torch.testing.assert_close(made[:1, ..., top : top + 2, left : left + 3], small)
