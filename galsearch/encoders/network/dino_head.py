"""Projection head of DINO pre-training: an MLP onto the unit sphere, and learned prototypes."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from galsearch.encoders.encoder_config import PrototypeConfig


class WeightNormLinear(nn.Module):
    """A linear layer without bias, whose weight rows are scaled to the norms `weight_g`."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.weight_g = nn.Parameter(torch.ones(n_out, 1))
        self.weight_v = nn.Parameter(torch.empty(n_out, n_in))

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (..., n_out) of the layer for inputs (..., n_in)."""
        return functional.linear(x, functional.normalize(self.weight_v, dim=-1) * self.weight_g)


class PrototypeHead(nn.Module):
    """An MLP with GELU, L2 normalisation, and cosines with weight-normalised prototypes."""

    def __init__(self, width: int, config: PrototypeConfig) -> None:
        super().__init__()
        inner = [config.hidden_width] * (config.n_layers - 1)
        widths = [width, *inner, config.bottleneck_width]
        layers: list[nn.Module] = []
        for n_in, n_out in pairwise(widths):
            layers += [nn.Linear(n_in, n_out), nn.GELU()]
        self.mlp = nn.Sequential(*layers[:-1])
        self.last_layer = WeightNormLinear(config.bottleneck_width, config.n_prototypes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (..., prototypes) of class or patch tokens (..., D)."""
        out: Tensor = self.last_layer(functional.normalize(self.mlp(x), dim=-1, eps=1e-12))
        return out
