"""Standardisation of embeddings: zero mean and unit scatter over galaxies in each dimension."""

import torch
from torch import Tensor, nn

MOMENTUM = 0.02
"""Weight of a batch in the running mean and variance, which thus average about fifty batches."""
MIN_VARIANCE = 1e-5
"""Number added to the variance before the division, so that a constant dimension stays finite."""


class Standardisation(nn.Module):
    """Layer that shifts and scales each dimension to mean 0 and scatter 1 over galaxies.

    The component that all galaxies share distinguishes none of them. While it dominates the
    embeddings, every cosine is near 1 and a contrastive loss learns slowly. Training uses the
    mean and variance of the whole batch (`standardise_batch`); inference uses the running
    averages (Ioffe & Szegedy 2015, batch normalisation without a learned scale).
    """

    mean: Tensor
    variance: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("variance", torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """Embeddings (B, E) standardised with the running averages, each row on its own."""
        return (x - self.mean) * (self.variance + MIN_VARIANCE).rsqrt()

    def standardise_batch(self, x: Tensor) -> Tensor:
        """Embeddings (B, E) standardised with their own moments, which update the averages."""
        mean, variance = x.mean(0), x.var(0, unbiased=False)
        with torch.no_grad():
            self.mean.lerp_(mean.to(self.mean), MOMENTUM)
            self.variance.lerp_(variance.to(self.variance), MOMENTUM)
        return (x - mean) * (variance + MIN_VARIANCE).rsqrt()
