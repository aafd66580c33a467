"""Augmentation of prepared spectra: random changes as if the galaxy had been observed again.

This is the only module of training that knows the layout of a spectrum in the preparation
`galsearch`: a sequence of tokens. The first holds a summary; each of the others holds a slice of
`slice_length` pixels, channel after channel (flux, weight).
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from galsearch.encoders.encoder_config import SpectrumConfig
from galsearch.encoders.preprocess.log_wavelength import log_wavelengths
from galsearch.encoders.preprocess.missing_arm import ARMS_ANGSTROM

_LEAST_MEASURED = 0.2
"""Share of a spectrum that is left where an arm of it is masked."""


@dataclass(frozen=True)
class SpectrumAugmentation:
    """Strengths of the random changes that imitate a second observation of the same galaxy: missing
    wavelengths, flux calibration, noise.
    """

    most_lost: float = 0.5
    """Largest share of the pixels of a spectrum that is masked as not measured; small shares are
    more frequent.
    """
    shortest_piece: int = 16
    longest_piece: int = 256
    """Shortest and longest masked piece of a spectrum, in pixels; one length is sampled for each
    batch.
    """
    calibration: float = 0.08
    """Standard deviation of the amplitudes of three smooth waves, whose sum is the natural
    logarithm of the error of the flux calibration."""
    noisier_share: float = 0.4
    most_noise: float = 1.5
    """Share of the spectra that get additional noise, and the largest ratio of the additional to
    the original noise.
    """
    uncalibrated_share: float = 0.3
    """Share of the spectra whose summary (brightness, level, signal to noise) is hidden."""
    flux_scale: float = 0.0
    """Standard deviation of the natural logarithm of a factor on the whole spectrum, as by light
    that is lost beside a fibre."""
    flux_scale_share: float = 1.0
    """Share of the spectra that have such a factor. Where it is below 1, the flux of a spectrum
    still says much about its image, and a wrong flux does not decide."""
    lost_arm_share: float = 0.0
    """Share of the spectra of which one arm of the spectrograph is masked."""


def spectrum_pixels(prepared: Tensor, config: SpectrumConfig) -> Tensor:
    """(B, channels, pixels) spectra as pixels along wavelength, cut out of token sequences; the
    padding is included.

    Parameters
    ----------
    prepared
        (B, tokens, features) result of `prepare_spectra`, or the reconstruction of such a result.
    config

        Gives the length of a slice and the numbers of channels and summary values.
    """
    slices = prepared[:, 1:, config.n_summary :]  # (B, slices, channels * length)
    channels = slices.reshape(*slices.shape[:2], config.n_channels, config.slice_length)
    return channels.transpose(1, 2).flatten(2)


def with_spectrum_pixels(prepared: Tensor, pixels: Tensor, config: SpectrumConfig) -> Tensor:
    """A copy of the prepared spectra (B, tokens, features), in which the flux and weight slices
    hold `pixels` (B, channels, pixels) and the summary token is unchanged.
    """
    slices = pixels.reshape(*pixels.shape[:2], -1, config.slice_length)
    changed = prepared.clone()
    changed[:, 1:, config.n_summary :] = slices.transpose(1, 2).flatten(2)
    return changed


def reobserve(
    prepared: Tensor,
    config: SpectrumConfig,
    change: SpectrumAugmentation,
    generator: torch.Generator,
) -> Tensor:
    """Prepared spectra of the same galaxies as another exposure might have recorded them, in the
    shape of `prepared`.

    The stretch of the preparation is undone, the flux is changed, and the preparation is repeated
    with the new median and scatter. The result is what `prepare_spectra` would return for the
    changed spectra.
    """
    value, weight = spectrum_pixels(prepared, config).unbind(1)
    summary = prepared[:, 0, : config.n_summary].clone()
    level = torch.sinh(summary[:, 1].clamp(-9, 9))[:, None]
    n, n_pixels = value.shape
    flux = torch.sinh(value.clamp(-9, 9)) + level
    flux = flux * _calibration(n, n_pixels, change.calibration, generator)

    some = torch.rand((n, 1), generator=generator) < change.noisier_share
    more = some * change.most_noise * torch.rand((n, 1), generator=generator)
    variance = (1 - weight) / weight.clamp(min=1e-4)  # in units of scatter squared
    flux = flux + more * variance.sqrt() * torch.randn(flux.shape, generator=generator)
    variance = variance * (1 + more**2)

    known = torch.where(weight > 0, flux, torch.nan)
    middle = known.nanmedian(dim=1, keepdim=True).values
    scatter = 1.4826 * (known - middle).abs().nanmedian(dim=1, keepdim=True).values
    scatter = scatter.clamp(min=1e-3)
    measured = (weight > 0) & ~_lost(n, n_pixels, change, generator)
    if change.lost_arm_share:
        without_arm = measured & ~_lost_arm(n, n_pixels, config, change, generator)
        # A spectrum that would keep too little keeps all of it.
        keeps = without_arm.float().mean(dim=1, keepdim=True) > _LEAST_MEASURED
        measured = torch.where(keeps, without_arm, measured)
    pixels = torch.where(measured, torch.asinh((flux - middle) / scatter), 0.0)
    power = scatter**2 / variance.clamp(min=1e-6)
    weights = torch.where(measured, power / (1 + power), 0.0)
    summary[:, 0] += scatter[:, 0].log10()
    summary[:, 1] = torch.asinh(middle / scatter)[:, 0]
    summary[:, 2] += (scatter / (1 + more**2).sqrt())[:, 0].log10()
    if change.flux_scale:
        # Flux and errors change by one factor, and so does the scale alone.
        log_factor = change.flux_scale * torch.randn(n, generator=generator)
        has_factor = torch.rand(n, generator=generator) < change.flux_scale_share
        summary[:, 0] += torch.where(has_factor, log_factor, 0.0) / math.log(10)
    hidden = torch.rand((n, 1), generator=generator) < change.uncalibrated_share
    changed = with_spectrum_pixels(prepared, torch.stack([pixels, weights], dim=1), config)
    changed[:, 0, : config.n_summary] = summary.masked_fill(hidden, 0.0)
    return changed


def _lost_arm(
    n: int,
    n_pixels: int,
    config: SpectrumConfig,
    change: SpectrumAugmentation,
    generator: torch.Generator,
) -> Tensor:
    """(n, pixels) bool, True in one arm of some of the spectra."""
    wavelength = torch.zeros(n_pixels, dtype=torch.float64)
    centres = torch.from_numpy(log_wavelengths(config))
    wavelength[: len(centres)] = centres
    arms = torch.stack([(wavelength >= low) & (wavelength < high) for low, high in ARMS_ANGSTROM])
    some = torch.rand((n, 1), generator=generator) < change.lost_arm_share
    return arms[torch.randint(len(arms), (n,), generator=generator)] & some


def _lost(
    n: int, n_pixels: int, change: SpectrumAugmentation, generator: torch.Generator
) -> Tensor:
    """(n, pixels) bool, True in the pieces of each spectrum that are masked as not measured. All
    pieces have the same random length.
    """
    low, high = change.shortest_piece, change.longest_piece
    length = int(torch.randint(low, high + 1, (1,), generator=generator))
    offset = int(torch.randint(length, (1,), generator=generator))
    piece = (torch.arange(n_pixels) + offset) // length
    share = change.most_lost * torch.rand((n, 1), generator=generator) ** 2
    return (torch.rand((n, int(piece[-1]) + 1), generator=generator) < share)[:, piece]


def _calibration(n: int, n_pixels: int, sigma: float, generator: torch.Generator) -> Tensor:
    """(n, pixels) factors on the flux of n spectra that imitate calibration errors: the exponential
    of the sum of three cosines along the spectrum with random amplitudes of standard deviation
    `sigma`.
    """
    along = torch.linspace(0, torch.pi, n_pixels)
    waves = torch.stack([torch.cos(k * along) for k in (1, 2, 3)])
    return (sigma * torch.randn((n, 3), generator=generator) @ waves).exp()
