"""Spectra as the preparation `galsearch` has them: slices of a grid even in log wavelength."""

import numpy as np
import numpy.typing as npt

from galsearch.encoders.encoder_config import SpectrumConfig

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

SMALLEST_SCALE = 0.01
"""Our floor under the scale of a spectrum, 1e-17 erg / (s cm2 Angstrom)."""
SMALLEST_NOISE = 1e-3
"""Our floor under noise that is estimated from a spectrum's own pixels, in the same unit."""
NOISE_PIECE = 128
"""Pixels from which it is estimated."""


def log_wavelength_tokens(
    flux: Floats, ivar: Floats | None, bad: Bools, config: SpectrumConfig
) -> Floats:
    """Our tokens: the summary, then (flux, weight) slices of a grid even in log wavelength.

    With m the median and s the robust scatter of a spectrum's pixels, a pixel is
    asinh((flux - m) / s) and its weight s2 ivar / (1 + s2 ivar): 1 where noise is small beside
    the spectrum's own features, 0 where masked. The summary is log10 s, asinh(m / s), log10 of
    s over the typical noise, and the measured share: without it (all zero) neither brightness
    nor level is known.
    """
    good = ~bad
    flux = np.where(good, flux, 0).astype(np.float32)
    ivar = _noise_ivar(flux, good) if ivar is None else ivar
    value, precision, covered = _on_log_grid(flux, np.where(good, ivar, 0), good, config)
    middle = _row_median(value, covered)
    scale = 1.4826 * _row_median(np.abs(value - middle[:, None]), covered)
    scale = np.maximum(scale, SMALLEST_SCALE)
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
    tokens[:, 0, 2] = np.log10(scale * np.sqrt(_row_median(precision, covered)))
    tokens[:, 0, 3] = good.mean(axis=1)
    return tokens


def _on_log_grid(
    flux: Floats, ivar: Floats, good: Bools, config: SpectrumConfig
) -> tuple[Floats, Floats, Bools]:
    """(B, n_log_pixels) each: mean flux weighted by ivar, ivar, and whether half was measured.

    A pixel of the new grid takes every old one by the share of it that lies within.
    """
    n, step = flux.shape[1], config.step_angstrom
    first = config.first_angstrom - step / 2
    edges = np.geomspace(first, first + n * step, config.n_log_pixels + 1)
    place = np.clip((edges - first) / step, 0, n)
    below = np.minimum(place.astype(int), n - 1)
    sums = []
    for values in (ivar * flux, ivar, good):
        grown = np.zeros((len(flux), n + 1))
        np.cumsum(values, axis=1, out=grown[:, 1:])
        at = grown[:, below] + (place - below) * (grown[:, below + 1] - grown[:, below])
        sums.append(np.diff(at, axis=1))
    weighted, precision, measured = sums
    covered = (measured > 0.5 * np.diff(place)) & (precision > 0)
    if not covered.any(axis=1).all():
        covered |= ~covered.any(axis=1, keepdims=True) & (precision > 0)
    value = np.divide(weighted, precision, out=np.zeros_like(weighted), where=covered)
    return value.astype(np.float32), precision.astype(np.float32), covered


def _row_median(values: npt.NDArray[np.floating], good: Bools) -> Floats:
    """(B,): the median of the measured pixels of each row (each has one at least)."""
    rows = zip(values, good, strict=True)
    return np.array([np.median(row[keep]) for row, keep in rows], np.float32)


def _noise_ivar(flux: Floats, good: Bools) -> Floats:
    """(B, pixels): inverse variance by the scatter between pixels two apart, piece by piece.

    Next neighbours may share noise where a spectrum was resampled.
    """
    both = good[:, 2:] & good[:, :-2]
    steps = np.where(both, np.abs(flux[:, 2:] - flux[:, :-2]), np.nan)
    missing = -steps.shape[1] % NOISE_PIECE
    pieces = np.pad(steps, ((0, 0), (0, missing)), constant_values=np.nan)
    pieces = pieces.reshape(len(flux), -1, NOISE_PIECE)
    centres = (np.arange(pieces.shape[1]) + 0.5) * NOISE_PIECE
    sigma = np.ones(flux.shape, np.float32)
    for row, of_row in enumerate(pieces):
        known = np.isfinite(of_row).any(axis=1)
        if known.any():
            level = np.nanmedian(of_row[known], axis=1) * (1.4826 / np.sqrt(2))
            sigma[row] = np.interp(np.arange(flux.shape[1]), centres[known], level)
    return np.asarray(1 / np.maximum(sigma, SMALLEST_NOISE) ** 2, dtype=np.float32)
