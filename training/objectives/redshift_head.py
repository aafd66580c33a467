"""What keeps a redshift in the embedding of a spectrum: it is asked for it, in narrow bins.

Images know redshift to some hundredths, so the contrast with images alone teaches a spectrum's
embedding no more than that. Every spectroscopic survey knows its redshifts; the bins' directions
lie in the space of the embeddings, so that galaxies of one redshift are near one another there.
The head is left behind when training ends. AstroCLIP has no such loss.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from galsearch.encoders.network.redshift_templates import LARGEST_REDSHIFT

BIN = 0.002
"""Width of a bin in ln(1 + z): 600 km/s."""
_SOFTNESS = 1.0
"""Width of the Gaussian over the bins that stands for one redshift, in bins."""
_LARGEST_SCALE = 100.0


class RedshiftHead(nn.Module):
    """Cosines between an embedding and a direction for each bin of ln(1 + z)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        n_bins = math.ceil(math.log1p(LARGEST_REDSHIFT) / BIN)
        self.directions = nn.Parameter(torch.randn(n_bins, width) / math.sqrt(width))
        self.log_scale = nn.Parameter(torch.tensor(math.log(15.5)))

    def forward(self, embedding: Tensor) -> Tensor:
        """(B, d) to (B, bins), the logarithm of odds."""
        rows = functional.normalize(embedding, dim=-1)
        directions = functional.normalize(self.directions, dim=-1)
        scale = self.log_scale.clamp(max=math.log(_LARGEST_SCALE)).exp()
        return scale * rows @ directions.T


def redshift_loss(odds: Tensor, z: Tensor, bin_width: float = BIN) -> Tensor:
    """Cross-entropy of the bins with a narrow Gaussian at ln(1 + z), over rows whose z is known.

    Parameters
    ----------
    odds : (B, bins)
    z : (B,)
        NaN, and redshifts beyond the bins, do not count.
    bin_width
        In ln(1 + z).
    """
    place = torch.log1p(z) / bin_width - 0.5
    known = torch.isfinite(z) & (place > -1) & (place < odds.shape[1])
    if not known.any():
        return odds.sum() * 0.0
    bins = torch.arange(odds.shape[1], device=odds.device)
    distance = (bins - place[known, None]) / _SOFTNESS
    return functional.cross_entropy(odds[known], (-0.5 * distance**2).softmax(dim=1))


def likeliest_redshift(odds: Tensor, bin_width: float = BIN) -> Tensor:
    """(B, bins) to (B,): the middle of the bin with the largest odds."""
    return torch.expm1((odds.argmax(dim=1) + 0.5) * bin_width)
