import pytest
import torch

from wan_sdk.nano.training.networks import TINY, make_transformer
from wan_sdk.nano.training.two_times import compile_blocks, known_first_frame, levels_of, velocity


@pytest.mark.parametrize("blocks", ["stock", "two times"])
def test_two_noise_levels_give_the_numbers_of_one_level_a_token(blocks):
    torch.manual_seed(0)
    transformer = make_transformer(TINY).eval()
    torch.nn.init.normal_(transformer.proj_out.weight, std=0.1)
    latents, text = torch.randn(2, 16, 3, 4, 6), torch.randn(2, 64, 32)
    levels = torch.tensor([[0.0, 0.5], [0.3, 0.3]])
    by_token = torch.cat([levels[:, :1].expand(-1, 6), levels[:, 1:].expand(-1, 12)], 1) * 1000
    with torch.no_grad():
        stock = transformer(latents, by_token, text, return_dict=False)[0]
        if blocks == "two times":
            compile_blocks(transformer, compiled=False)
        ours = velocity(transformer, latents, levels, text)
    assert stock.std() > 0.1
    assert float((ours - stock).norm() / stock.norm()) < 1e-5


def test_a_given_first_frame_is_put_in_clean_at_level_zero():
    noisy, clean = torch.randn(2, 16, 3, 4, 6), torch.randn(2, 16, 3, 4, 6)
    given = torch.tensor([1.0, 0.0])
    mixed = known_first_frame(noisy, clean, given)
    assert torch.equal(mixed[0, :, 0], clean[0, :, 0])
    assert torch.equal(mixed[1], noisy[1])
    assert torch.equal(mixed[:, :, 1:], noisy[:, :, 1:])
    assert levels_of(torch.tensor([0.5, 0.7]), given).tolist() == [[0.0, 0.5], [pytest.approx(0.7), pytest.approx(0.7)]]
