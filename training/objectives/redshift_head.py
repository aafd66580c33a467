"""Redshift classification from the embedding of a spectrum, as an additional loss of alignment.

Images constrain redshift to a few hundredths, so the contrastive loss alone teaches the embedding
of a spectrum no more than that. Spectroscopic surveys measure redshifts, which serve as labels.
Each redshift bin has a direction in the embedding space, so galaxies of similar redshift become
neighbours there. The head is discarded after training. AstroCLIP has no such loss.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from galsearch.encoders.network.redshift_templates import LARGEST_REDSHIFT

BIN = 0.002
"""Width of a redshift bin in ln(1 + z): 600 km/s."""
_SOFTNESS = 1.0
"""Sigma of the Gaussian target distribution around the true redshift, in redshift bins."""
_LARGEST_SCALE = 100.0
"""Upper limit of the learned factor that turns cosines into redshift logits."""


class RedshiftHead(nn.Module):
    """Network whose logits are scaled cosines between a spectrum's embedding and the learned
    direction of each bin of ln(1 + z).

    Parameters
    ----------
    width
        Number of dimensions of the embedding.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        n_bins = math.ceil(math.log1p(LARGEST_REDSHIFT) / BIN)
        self.directions = nn.Parameter(torch.randn(n_bins, width) / math.sqrt(width))
        self.log_scale = nn.Parameter(torch.tensor(math.log(15.5)))

    def forward(self, embedding: Tensor) -> Tensor:
        """(B, bins) redshift logits of spectra from their embeddings (B, d)."""
        rows = functional.normalize(embedding, dim=-1)
        directions = functional.normalize(self.directions, dim=-1)
        scale = self.log_scale.clamp(max=math.log(_LARGEST_SCALE)).exp()
        return scale * rows @ directions.T


def redshift_loss(logits: Tensor, z: Tensor, bin_width: float = BIN) -> Tensor:
    """The redshift-classification loss (scalar): mean cross-entropy of logits with a narrow
    Gaussian around the true ln(1 + z), over galaxies with a known redshift.

    Parameters
    ----------
    logits : (B, bins)
    z : (B,)
        Redshifts; galaxies with NaN, or beyond the bins, do not count.
    bin_width
        Width of a bin in ln(1 + z).
    """
    position = torch.log1p(z) / bin_width - 0.5
    known = torch.isfinite(z) & (position > -1) & (position < logits.shape[1])
    if not known.any():
        return logits.sum() * 0.0
    bins = torch.arange(logits.shape[1], device=logits.device)
    distance = (bins - position[known, None]) / _SOFTNESS
    return functional.cross_entropy(logits[known], (-0.5 * distance**2).softmax(dim=1))


def most_probable_redshift(logits: Tensor, bin_width: float = BIN) -> Tensor:
    """(B,) redshift at the middle of the bin with the largest logit (B, bins)."""
    return torch.expm1((logits.argmax(dim=1) + 0.5) * bin_width)
