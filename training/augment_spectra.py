"""The one module of training that knows how a prepared spectrum is laid out, and what may be
done to it: see its pixels, replace them, and blank some so that two visits differ.

Layout of the preparation `galsearch`: tokens, the first a summary, then slices of
`slice_length` pixels, channel after channel (flux times weight, weight).
"""

import torch
from torch import Tensor

from galsearch.encoders.config import SpectrumConfig


def spectrum_pixels(prepared: Tensor, config: SpectrumConfig) -> Tensor:
    """(B, channels, pixels): a spectrum as its pixels along wavelength, padding included.

    Parameters
    ----------
    prepared : as `prepare_spectra` gives it, or a reconstruction of it
    """
    slices = prepared[:, 1:, config.n_summary :]  # (B, slices, channels * length)
    channels = slices.reshape(*slices.shape[:2], config.n_channels, config.slice_length)
    return channels.transpose(1, 2).flatten(2)


def with_spectrum_pixels(prepared: Tensor, pixels: Tensor, config: SpectrumConfig) -> Tensor:
    """The prepared spectra with these pixels (B, channels, pixels) instead; the summary stays."""
    slices = pixels.reshape(*pixels.shape[:2], -1, config.slice_length)
    changed = prepared.clone()
    changed[:, 1:, config.n_summary :] = slices.transpose(1, 2).flatten(2)
    return changed


def true_flux_and_weight(prepared: Tensor, config: SpectrumConfig) -> tuple[Tensor, Tensor]:
    """(B, pixels) each: flux, 0 where nothing was measured, and its weight from 0 to 1."""
    weighted, weight = spectrum_pixels(prepared, config).unbind(1)
    return torch.where(weight > 0, weighted / weight.clamp(min=1e-6), 0.0), weight


def augment_spectra(
    prepared: Tensor, config: SpectrumConfig, drop: float, generator: torch.Generator
) -> Tensor:
    """A random share of the slices blanked, as if nothing had been measured there."""
    pixels = spectrum_pixels(prepared, config)
    n_slices = pixels.shape[2] // config.slice_length
    blank = torch.rand((len(prepared), n_slices), generator=generator) < drop
    blank = blank.repeat_interleave(config.slice_length, dim=1)
    return with_spectrum_pixels(prepared, pixels.masked_fill(blank[:, None], 0.0), config)
