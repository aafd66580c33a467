"""Shapes and sizes of the networks of the baselines."""

import torch

from benchmarks.downstream.models.supervised_networks import ConvAttention, ResNet18


def test_resnet18_has_the_published_number_of_parameters() -> None:
    assert sum(p.numel() for p in ResNet18(1000).parameters()) == 11_689_512


def test_networks_accept_the_prepared_inputs() -> None:
    assert ResNet18(5)(torch.zeros(2, 3, 48, 48)).shape == (2, 5)
    network = ConvAttention(3).eval()
    pixels, scale = torch.randn(4, 7781), torch.zeros(4, 1)
    together = network(pixels, scale)
    assert together.shape == (4, 3)
    torch.testing.assert_close(together[1:2], network(pixels[1:2], scale[1:2]))
