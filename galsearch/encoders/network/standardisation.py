"""Embeddings that use all their numbers alike: less the mean over galaxies, over the scatter."""

import torch
from torch import Tensor, nn

MOMENTUM = 0.02
"""Share of a batch in the running mean and variance: they remember some fifty batches."""
SMALLEST_VARIANCE = 1e-5


class Standardisation(nn.Module):
    """Each number of an embedding less its mean over galaxies, divided by their scatter.

    What all galaxies have in common says nothing about one of them, and while it is most of an
    embedding every cosine is near 1 and a contrastive loss learns slowly. In training the mean
    is that of the whole batch (`of_batch`), in embedding the one that training has settled on
    (Ioffe & Szegedy 2015, batch normalisation without a learned scale).
    """

    mean: Tensor
    variance: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("variance", torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """(B, E) to (B, E), row by row."""
        return (x - self.mean) * (self.variance + SMALLEST_VARIANCE).rsqrt()

    def of_batch(self, x: Tensor) -> Tensor:
        """(B, E) to (B, E) by the batch's own mean and scatter, which are remembered."""
        mean, variance = x.mean(0), x.var(0, unbiased=False)
        with torch.no_grad():
            self.mean.lerp_(mean.to(self.mean), MOMENTUM)
            self.variance.lerp_(variance.to(self.variance), MOMENTUM)
        return (x - mean) * (variance + SMALLEST_VARIANCE).rsqrt()
