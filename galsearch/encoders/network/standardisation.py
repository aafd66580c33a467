"""Standardisation of embeddings: zero mean and unit scatter over galaxies in each dimension."""

import torch
from torch import Tensor, nn

MOMENTUM = 0.02
"""Weight of a batch in the running mean and variance, which so average about fifty batches."""
MIN_VARIANCE = 1e-5
"""Added to the variance before the division, so that a constant dimension stays finite."""


class Standardisation(nn.Module):
    """Subtract the mean over galaxies from each dimension and divide by the standard deviation.

    What all galaxies have in common does not distinguish any of them. While it dominates the
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
        """(B, E) to (B, E) with the running averages, each row on its own."""
        return (x - self.mean) * (self.variance + MIN_VARIANCE).rsqrt()

    def standardise_batch(self, x: Tensor) -> Tensor:
        """(B, E) to (B, E) with the moments of this batch, which update the running averages."""
        mean, variance = x.mean(0), x.var(0, unbiased=False)
        with torch.no_grad():
            self.mean.lerp_(mean.to(self.mean), MOMENTUM)
            self.variance.lerp_(variance.to(self.variance), MOMENTUM)
        return (x - mean) * (variance + MIN_VARIANCE).rsqrt()
