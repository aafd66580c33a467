"""A redshift looked for as by cross-correlation with templates, where the templates are learned.

On a grid of the logarithm of wavelength a redshift is a shift (Tonry & Davis 1979). A transformer
over slices must learn each line at each place where it may lie; a bank of templates in the rest
frame is laid over a spectrum at every redshift, so that what it learns from one galaxy holds for
all redshifts at once.
"""

import math

import torch
from torch import Tensor, nn

from galsearch.encoders.encoder_config import SpectrumConfig

LARGEST_REDSHIFT = 1.7
N_FEATURES = 16
"""Numbers at each place of a spectrum that the templates are compared with."""
N_WAVES = 24
"""Waves along ln(1 + z) that a redshift is told in, from the whole range to about a bin."""


class TemplateBank(nn.Module):
    """Odds of every redshift for every template, and what they say, as a token takes it.

    Parameters
    ----------
    config
        Of the spectra; `n_templates` of at least 1.
    n_channels
        Of the stem's features that the spectrum is given in.
    stride
        Pixels of the logarithmic grid between two features: the width of a bin of redshift.
    """

    def __init__(self, config: SpectrumConfig, n_channels: int, stride: int) -> None:
        super().__init__()
        self.bin_width = redshift_bin_width(config, stride)
        self.n_bins = math.ceil(math.log1p(LARGEST_REDSHIFT) / self.bin_width)
        n_places = config.n_log_pixels // stride
        n_rest = n_places + self.n_bins - 1
        self.features = nn.Linear(n_channels, N_FEATURES)
        self.templates = nn.Parameter(torch.empty(config.n_templates, N_FEATURES, n_rest))
        self.bias = nn.Parameter(torch.empty(config.n_templates, self.n_bins))
        self.told = nn.Linear(2 * N_WAVES + config.n_templates, config.width)

    def forward(self, features: Tensor) -> Tensor:
        """(B, channels, places) to (B, templates, bins), logarithms of odds.

        A bin's odds are the sum over places of feature times template, the template moved by the
        bin: a correlation, computed by its Fourier transform.
        """
        with torch.autocast(features.device.type, enabled=False):
            seen = self.features(features.float().transpose(1, 2)).transpose(1, 2)
            seen = seen - seen.mean(dim=2, keepdim=True)
            size = _fast_size(self.templates.shape[2])
            spectrum = torch.fft.rfft(seen, n=size).conj()
            bank = torch.fft.rfft(self.templates, n=size)
            if self.training:
                product = torch.einsum("bcw,kcw->bkw", spectrum, bank)
            else:  # digits that do not depend on the batch
                product = (spectrum[:, None] * bank).sum(dim=2)
            moved: Tensor = torch.fft.irfft(product, n=size)[..., : self.n_bins]
            return moved.flip(-1) + self.bias

    def token(self, odds: Tensor) -> Tensor:
        """(B, templates, bins) to (B, width): the expected waves, and which template it was.

        Where many redshifts are as likely the fast waves cancel: what is told is as fine as it is
        known.
        """
        likely = odds.flatten(1).softmax(dim=1).view_as(odds)
        phases = _phases(self.n_bins, odds.device)
        waves = torch.cat([phases.sin(), phases.cos()], dim=1)  # (bins, 2 waves)
        expected = (likely.sum(1)[:, :, None] * waves).sum(1)
        numbers = torch.cat([expected, likely.sum(2)], dim=1)
        # Sums instead of products of matrices: a row's digits do not depend on the batch.
        return (numbers[:, None] * self.told.weight).sum(2) + self.told.bias


def redshift_bin_width(config: SpectrumConfig, stride: int) -> float:
    """Width in ln(1 + z) of `stride` pixels of the logarithmic grid."""
    first = config.first_angstrom - config.step_angstrom / 2
    last = first + config.n_pixels * config.step_angstrom
    return stride * math.log(last / first) / config.n_log_pixels


def _fast_size(n: int) -> int:
    """The power of two from which nothing wraps around into the bins that are kept."""
    return 1 << (n - 1).bit_length()


def _phases(n_bins: int, device: torch.device) -> Tensor:
    """(bins, waves): the first wave goes once, the last n_bins / 4 times along the bins."""
    cycles = torch.logspace(0, math.log10(n_bins / 4), N_WAVES, device=device)
    return 2 * math.pi * torch.arange(n_bins, device=device)[:, None] / n_bins * cycles
