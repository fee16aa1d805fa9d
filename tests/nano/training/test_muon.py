import pytest
import torch
from torch import nn

from wan_sdk.nano.training.muon import MovingAverage, Muon, is_matrix, orthogonal
from wan_sdk.nano.training.networks import TINY, make_transformer


def test_an_orthogonal_step_moves_all_directions_about_equally():
    torch.manual_seed(0)
    singular = torch.linalg.svdvals(orthogonal(torch.randn(3, 64, 96)).float())
    assert singular.min() > 0.5
    assert singular.max() < 1.35


def test_it_turns_each_singular_direction_and_keeps_its_sign():
    left, right = torch.linalg.qr(torch.randn(48, 48))[0], torch.linalg.qr(torch.randn(48, 48))[0]
    skewed = left @ torch.diag(torch.linspace(0.05, 1, 48)) @ right
    straight = orthogonal(skewed[None])[0].float()
    assert (torch.diag(left.T @ straight @ right.T) > 0.4).all()


def test_embeddings_first_and_last_layers_norms_and_biases_are_left_to_adam():
    names = {name for name, parameter in make_transformer(TINY).named_parameters() if not is_matrix(name, parameter)}
    assert {"patch_embedding.weight", "proj_out.weight", "scale_shift_table", "blocks.0.norm2.weight"} <= names
    assert is_matrix("decoder.conv", torch.empty(32, 16, 3, 3, 3))
    assert not is_matrix("thin", torch.empty(512, 8))


def test_it_learns_a_matrix_and_goes_on_from_its_state():
    torch.manual_seed(0)
    goal, inputs = torch.randn(96, 96) / 10, torch.randn(256, 96)

    def train(layer, optimizer, steps):
        losses = []
        for _ in range(steps):
            loss = ((layer(inputs) - inputs @ goal.T) ** 2).mean()
            layer.zero_grad()
            loss.backward()
            optimizer.step(0.01)
            losses.append(loss.item())
        return losses

    layer = nn.Linear(96, 96)
    optimizer = Muon(layer.named_parameters())
    losses = train(layer, optimizer, 60)
    assert losses[-1] < losses[0] / 4

    twin = nn.Linear(96, 96)
    twin.load_state_dict(layer.state_dict())
    other = Muon(twin.named_parameters())
    other.load_state_dict(optimizer.state_dict())
    assert train(twin, other, 5) == pytest.approx(train(layer, optimizer, 5), rel=1e-3)


def test_the_moving_average_follows_and_can_be_put_back():
    layer = nn.Linear(2, 2)
    average = MovingAverage(layer, 0.9)
    nn.init.ones_(layer.weight)
    for _ in range(200):
        average.update(layer)
    copy = nn.Linear(2, 2)
    average.copy_to(copy)
    assert torch.allclose(copy.weight, layer.weight, atol=1e-3)


def test_a_step_forgets_its_gradients_so_that_the_next_one_does_not_add_to_them():
    layer = nn.Linear(64, 64)
    optimizer = Muon(layer.named_parameters())
    layer(torch.randn(2, 64)).sum().backward()
    optimizer.step(1e-3)
    assert all(parameter.grad is None for parameter in layer.parameters())
