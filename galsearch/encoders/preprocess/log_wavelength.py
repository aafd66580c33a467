"""Conversion of spectra to tokens on a grid uniform in log wavelength."""

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import BoolArray, Float32Array, Float64Array
from galsearch.encoders.encoder_config import SpectrumConfig
from galsearch.encoders.preprocess.missing_arm import SpectrumSummary, of_whole_spectrum

MIN_SCALE = 0.01
"""Lower limit of the scatter by which a spectrum is divided, 1e-17 erg / (s cm2 Angstrom)."""
MIN_NOISE = 1e-3
"""Lower limit of noise estimated from a spectrum's pixels, 1e-17 erg / (s cm2 Angstrom)."""
NOISE_WINDOW = 128
"""Number of pixels from which one value of the noise of a spectrum is estimated."""


def log_wavelength_tokens(
    flux: Float32Array, ivar: Float32Array | None, bad: BoolArray, config: SpectrumConfig
) -> Float32Array:
    """(B, tokens, features) float32: a summary token, then slices with channels flux and weight.

    With m the median and s the robust scatter of a spectrum's pixels, the flux channel is
    asinh((flux - m) / s), and the weight is s2 ivar / (1 + s2 ivar): near 1 where the noise is
    small compared with s, 0 where masked. The summary is log10 s, asinh(m / s), log10 of s over
    the typical noise, and the measured fraction of pixels. A summary of zeros means that neither
    brightness nor level is known. Where a spectrum lacks an arm, m, s, the noise and the fraction
    are those that the whole spectrum is likely to have (`missing_arm`).

    Parameters
    ----------
    flux, ivar : (B, pixels)
        1e-17 erg / (s cm2 Angstrom) on the grid of the config, and its inverse variance, which is
        estimated if `ivar` is None.
    bad : (B, pixels)
        True where there is no measurement; every row has a measured pixel.
    config
        Sizes of the grid and of the slices.
    """
    good = ~bad
    flux = np.where(good, flux, 0).astype(np.float32)
    ivar = _estimated_ivar(flux, good) if ivar is None else ivar
    value, precision, covered = spectra_on_log_grid(flux, np.where(good, ivar, 0), good, config)
    summary = summarise(value, precision, covered, good)
    summary = of_whole_spectrum(value, covered, summary, log_wavelengths(config))
    middle, scale = summary.middle, summary.scale
    power = np.where(covered, precision, 0) * scale[:, None] ** 2
    pixels = np.where(covered, np.arcsinh((value - middle[:, None]) / scale[:, None]), 0)
    n_slices = -(-config.n_log_pixels // config.slice_length)
    padding = ((0, 0), (0, n_slices * config.slice_length - config.n_log_pixels))
    shape = (len(flux), n_slices, config.slice_length)
    channels = [np.pad(c, padding).reshape(shape) for c in (pixels, power / (1 + power))]
    tokens = np.zeros((len(flux), n_slices + 1, config.n_features), np.float32)
    tokens[:, 1:, config.n_summary :] = np.concatenate(channels, axis=2)
    tokens[:, 0, 0] = np.log10(scale)
    tokens[:, 0, 1] = np.arcsinh(middle / scale)
    tokens[:, 0, 2] = np.log10(scale * np.sqrt(summary.precision))
    tokens[:, 0, 3] = summary.measured
    return tokens


def log_wavelengths(config: SpectrumConfig) -> Float64Array:
    """(n_log_pixels,) wavelengths in Angstrom of the centres of the pixels in log wavelength."""
    edges = _log_edges(config)
    return np.asarray(np.sqrt(edges[1:] * edges[:-1]))


def _log_edges(config: SpectrumConfig) -> Float64Array:
    first = config.first_angstrom - config.step_angstrom / 2
    last = first + config.n_pixels * config.step_angstrom
    return np.asarray(np.geomspace(first, last, config.n_log_pixels + 1))


def summarise(
    value: Float32Array, precision: Float32Array, covered: BoolArray, good: BoolArray
) -> SpectrumSummary:
    """Summary of the covered pixels of spectra.

    Parameters
    ----------
    value, precision, covered : (B, n_log_pixels)
        Flux, inverse variance and coverage in log wavelength.
    good : (B, pixels)
        True for measured pixels before they were resampled.
    """
    middle = _row_median(value, covered)
    scale = 1.4826 * _row_median(np.abs(value - middle[:, None]), covered)
    return SpectrumSummary(
        middle,
        np.maximum(scale, np.float32(MIN_SCALE)),
        _row_median(precision, covered),
        good.mean(axis=1),
    )


def spectra_on_log_grid(
    flux: Float32Array, ivar: Float32Array, good: BoolArray, config: SpectrumConfig
) -> tuple[Float32Array, Float32Array, BoolArray]:
    """Inverse-variance mean flux, inverse variance and coverage, each (B, n_log_pixels).

    A new pixel averages the old pixels, weighted by the fraction of each that lies within it. It
    is covered where more than half of it was measured, or where anything was measured if no pixel
    of the spectrum is covered otherwise.
    """
    n, step = flux.shape[1], config.step_angstrom
    first = config.first_angstrom - step / 2
    edges = _log_edges(config)
    position = np.clip((edges - first) / step, 0, n)
    below = np.minimum(position.astype(int), n - 1)
    sums = []
    for values in (ivar * flux, ivar, good):
        cumulative = np.zeros((len(flux), n + 1))
        np.cumsum(values, axis=1, out=cumulative[:, 1:])
        steps = cumulative[:, below + 1] - cumulative[:, below]
        at_edges = cumulative[:, below] + (position - below) * steps
        sums.append(np.diff(at_edges, axis=1))
    weighted, precision, measured = sums
    covered = (measured > 0.5 * np.diff(position)) & (precision > 0)
    if not covered.any(axis=1).all():
        covered |= ~covered.any(axis=1, keepdims=True) & (precision > 0)
    value = np.divide(weighted, precision, out=np.zeros_like(weighted), where=covered)
    return value.astype(np.float32), precision.astype(np.float32), covered


def _row_median(values: npt.NDArray[np.floating], good: BoolArray) -> Float32Array:
    """(B,) median of the good pixels of each row; each row has at least one."""
    rows = zip(values, good, strict=True)
    return np.array([np.median(row[keep]) for row, keep in rows], np.float32)


def _estimated_ivar(flux: Float32Array, good: BoolArray) -> Float32Array:
    """(B, pixels) inverse variance from the scatter between pixels two apart, window by window.

    Adjacent pixels are not compared, because they may share noise where a spectrum was resampled.
    """
    both = good[:, 2:] & good[:, :-2]
    steps = np.where(both, np.abs(flux[:, 2:] - flux[:, :-2]), np.nan)
    missing = -steps.shape[1] % NOISE_WINDOW
    windows = np.pad(steps, ((0, 0), (0, missing)), constant_values=np.nan)
    windows = windows.reshape(len(flux), -1, NOISE_WINDOW)
    centres = (np.arange(windows.shape[1]) + 0.5) * NOISE_WINDOW
    sigma = np.ones(flux.shape, np.float32)
    for row, row_windows in enumerate(windows):
        known = np.isfinite(row_windows).any(axis=1)
        if known.any():
            level = np.nanmedian(row_windows[known], axis=1) * (1.4826 / np.sqrt(2))
            sigma[row] = np.interp(np.arange(flux.shape[1]), centres[known], level)
    return np.asarray(1 / np.maximum(sigma, MIN_NOISE) ** 2, dtype=np.float32)
