"""Redshift estimation inside the spectrum network, by cross-correlation with learned templates.

On a grid in log wavelength a redshift is a shift (Tonry & Davis 1979). A transformer over slices
must learn each line at each position where it can lie. A bank of rest-frame templates is
correlated with the spectrum at every redshift instead, so what the bank learns from one galaxy
applies to all redshifts at once.
"""

import math

import torch
from torch import Tensor, nn

from galsearch.encoders.encoder_config import SpectrumConfig

LARGEST_REDSHIFT = 1.7
"""Upper end of the redshift range that templates are correlated over, which starts at 0."""
N_FEATURES = 16
"""Number of feature channels at each position of a spectrum that templates are compared with."""
N_WAVES = 24
"""Number of frequencies of the sine and cosine waves along ln(1 + z) that encode a redshift."""


class TemplateBank(nn.Module):
    """Bank of rest-frame templates that gives log odds of each redshift, and an embedding of it.

    The names of the attributes are the names of the tensors in files of weights; `told` is the
    linear layer of `redshift_embedding`.

    Parameters
    ----------
    config
        Sizes of the spectrum network; `n_templates` is at least 1.
    n_channels
        Number of feature channels of the convolutional stem.
    stride
        Number of pixels of the log-wavelength grid between two features, which is the width of
        a redshift bin.
    """

    def __init__(self, config: SpectrumConfig, n_channels: int, stride: int) -> None:
        super().__init__()
        self.bin_width = redshift_bin_width(config, stride)
        self.n_bins = math.ceil(math.log1p(LARGEST_REDSHIFT) / self.bin_width)
        n_positions = config.n_log_pixels // stride
        n_rest = n_positions + self.n_bins - 1
        self.features = nn.Linear(n_channels, N_FEATURES)
        self.templates = nn.Parameter(torch.empty(config.n_templates, N_FEATURES, n_rest))
        self.bias = nn.Parameter(torch.empty(config.n_templates, self.n_bins))
        self.told = nn.Linear(2 * N_WAVES + config.n_templates, config.width)

    def forward(self, features: Tensor) -> Tensor:
        """Log odds (B, templates, redshift bins) from stem features (B, channels, positions).

        The log odds of a bin are the sum over positions of feature times template, with the
        template shifted by the bin. This correlation is computed by a Fourier transform.
        """
        with torch.autocast(features.device.type, enabled=False):
            observed = self.features(features.float().transpose(1, 2)).transpose(1, 2)
            observed = observed - observed.mean(dim=2, keepdim=True)
            size = _fft_size(self.templates.shape[2])
            spectrum = torch.fft.rfft(observed, n=size).conj()
            bank = torch.fft.rfft(self.templates, n=size)
            if self.training:
                product = torch.einsum("bcw,kcw->bkw", spectrum, bank)
            else:
                # The order of summation in `sum`, unlike that in a matrix product, does not depend
                # on the batch size, so neither does the rounding.
                product = (spectrum[:, None] * bank).sum(dim=2)
            shifted: Tensor = torch.fft.irfft(product, n=size)[..., : self.n_bins]
            return shifted.flip(-1) + self.bias

    def redshift_embedding(self, log_odds: Tensor) -> Tensor:
        """Embedding (B, width) of the redshift distribution in log odds (B, templates, bins).

        It is a linear function of the expected values of sine and cosine waves along ln(1 + z),
        and of the probability of each template. For a broad distribution the expected values of
        the high frequencies are near zero, so the embedding is only as precise as the redshift.
        """
        probability = log_odds.flatten(1).softmax(dim=1).view_as(log_odds)
        phases = _phases(self.n_bins, log_odds.device)
        waves = torch.cat([phases.sin(), phases.cos()], dim=1)
        expected = (probability.sum(1)[:, :, None] * waves).sum(1)
        values = torch.cat([expected, probability.sum(2)], dim=1)
        # A sum is used instead of a matrix product, because the order of summation in a product,
        # and so the rounding, depends on the batch size.
        return (values[:, None] * self.told.weight).sum(2) + self.told.bias


def redshift_bin_width(config: SpectrumConfig, stride: int) -> float:
    """Width in ln(1 + z) of `stride` pixels of the log-wavelength grid.

    Examples
    --------
    >>> from galsearch.encoders.encoder_config import SpectrumConfig
    >>> round(redshift_bin_width(SpectrumConfig(), stride=8), 5)
    0.00196
    """
    first = config.first_angstrom - config.step_angstrom / 2
    last = first + config.n_pixels * config.step_angstrom
    return stride * math.log(last / first) / config.n_log_pixels


def _fft_size(n: int) -> int:
    """Smallest power of two for which a circular correlation does not wrap into the used bins."""
    return 1 << (n - 1).bit_length()


def _phases(n_bins: int, device: torch.device) -> Tensor:
    """Phases in radians, (bins, waves), of waves with 1 to n_bins / 4 periods along the bins."""
    cycles = torch.logspace(0, math.log10(n_bins / 4), N_WAVES, device=device)
    return 2 * math.pi * torch.arange(n_bins, device=device)[:, None] / n_bins * cycles
