"""Raw arrays to what a model takes; the only place where the two preparations part.

`released` (AstroCLIP): images are stretched to the Legacy viewer's colours and cropped, spectra
are standardised by their own mean and deviation and cut into overlapping slices. A pixel that is
not finite raises unless it is masked; a masked image pixel is an exact 0 as in the survey's own
cutouts, a masked spectrum pixel is interpolated from its measured neighbours.

`galsearch` (ours): images keep their brightness in an asinh stretch without clipping, masked
pixels are 0; spectra are brought to a grid even in the logarithm of wavelength, less their median
and divided by their scatter, every pixel has a weight by its inverse variance, and scale, level
and signal to noise are told in a summary token. Pixels that are not finite are masked. Nothing
depends on the other rows of a batch.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from galsearch.core.errors import ConfigError, InvalidCutoutError, InvalidSpectrumError
from galsearch.core.rgb import legacy_rgb
from galsearch.encoders.encoder_config import ImageConfig, ModelConfig, SpectrumConfig
from galsearch.encoders.preprocess.log_wavelength import log_wavelength_tokens

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

SOFTENING_NANOMAGGIES = (0.01, 0.015, 0.03)
"""Where the stretch of g, r, z turns from linear to logarithmic: about twice the sky noise."""
STRETCH_DIVISOR = 3.0
SMALLEST_DEVIATION = 0.2
"""AstroCLIP's floor under the standard deviation of a spectrum."""


def prepare_images(flux: npt.ArrayLike, mask: npt.ArrayLike | None, config: ModelConfig) -> Tensor:
    """(B, C, size, size) float32, what `CrossModalModel.image` takes.

    Parameters
    ----------
    flux : (B, bands, ny, nx)
        Nanomaggies per 0.262 arcsec pixel in the order g, r, z.
    mask : (B, bands, ny, nx) bool, optional
        True = no measurement.
    config
        Says the preparation and the size of the central crop. A smaller image is padded with
        masked pixels (`galsearch`) or refused (`released`).

    Raises
    ------
    InvalidCutoutError
        For another number of bands, and for a row without a single measured pixel; in
        `released` also for an unmasked pixel that is not finite and an image below the crop.
    """
    section = config.image
    if section is None:
        raise ConfigError(f"model {config.name!r} has no image encoder.")
    given = np.asarray(flux)
    if given.ndim != 4 or given.shape[1] != section.n_bands:
        raise InvalidCutoutError(
            f"images are (B, {section.n_bands}, ny, nx) in the order g, r, z; found {given.shape}."
        )
    bad = _as_mask(mask, given.shape, InvalidCutoutError)
    if config.preparation == "galsearch":
        given, bad = _padded(given, section, 0), _padded(bad, section, True)
    planes = _centre(given, section).astype(np.float32)
    bad = _centre(bad, section)
    if config.preparation == "released":
        _refuse_not_finite(planes, bad, InvalidCutoutError, "image")
    bad = bad | ~np.isfinite(planes)
    _refuse_empty(bad, InvalidCutoutError, "image")
    planes[bad] = 0.0
    if config.preparation == "released":
        return torch.from_numpy(np.ascontiguousarray(legacy_rgb(planes)))
    softening = torch.tensor(SOFTENING_NANOMAGGIES)[:, None, None]
    return torch.from_numpy(planes).div_(softening).asinh_().div_(STRETCH_DIVISOR)


def prepare_spectra(
    flux: npt.ArrayLike,
    ivar: npt.ArrayLike | None,
    mask: npt.ArrayLike | None,
    config: ModelConfig,
    *,
    calibrated: bool = True,
) -> Tensor:
    """(B, tokens, features) float32, what `CrossModalModel.spectrum` takes.

    Parameters
    ----------
    flux : (B, pixels)
        1e-17 erg / (s cm2 Angstrom) on the grid of the config (`released` takes any length that
        gives a slice, and at most `max_tokens`).
    ivar : (B, pixels), optional
        Inverse variance; 0 masks. None: estimated from differences between near pixels.
        `released` uses it for the mask alone.
    mask : (B, pixels) bool, optional
        True = no measurement.
    calibrated
        False: flux is in an unknown unit or lacks its level (a median was subtracted), and
        nothing is told of brightness, level or signal to noise. `galsearch` alone.

    Raises
    ------
    InvalidSpectrumError
        For other shapes, and for a row without a single measured pixel; in `released` also for
        an unmasked pixel that is not finite.
    """
    section = config.spectrum
    if section is None:
        raise ConfigError(f"model {config.name!r} has no spectrum encoder.")
    if not calibrated and config.preparation == "released":
        raise ConfigError(
            f"model {config.name!r} takes calibrated spectra only: its first token is their mean "
            "and deviation. Encoders of the preparation 'galsearch' can do without."
        )
    values = np.array(flux, dtype=np.float32)
    if values.ndim != 2:
        raise InvalidSpectrumError(f"spectra are (B, pixels), found {values.shape}.")
    bad = _as_mask(mask, values.shape, InvalidSpectrumError)
    weights = None if ivar is None else np.array(ivar, dtype=np.float32)
    if weights is not None:
        if weights.shape != values.shape:
            raise InvalidSpectrumError(
                f"ivar and flux must have one shape, found {weights.shape} and {values.shape}."
            )
        bad |= ~(np.isfinite(weights) & (weights > 0))
    if config.preparation == "released":
        _refuse_not_finite(values, bad, InvalidSpectrumError, "spectrum")
    bad |= ~np.isfinite(values)
    _refuse_empty(bad, InvalidSpectrumError, "spectrum")
    if config.preparation == "released":
        return torch.from_numpy(_standardised_slices(_interpolated(values, bad), section))
    if values.shape[1] != section.n_pixels:
        raise InvalidSpectrumError(
            f"model {config.name!r} takes spectra of {section.n_pixels} pixels from "
            f"{section.first_angstrom:g} Angstrom in steps of {section.step_angstrom:g}, found "
            f"{values.shape[1]} pixels: Spectrum.on_desi_grid() brings one there."
        )
    tokens = log_wavelength_tokens(values, weights, bad, section)
    if not calibrated:
        tokens[:, 0] = 0.0
    return torch.from_numpy(tokens)


def _standardised_slices(flux: Floats, config: SpectrumConfig) -> Floats:
    """AstroCLIP's tokens: (mean, deviation) first, then slices led by zeros.

    The published code drops the last start, whether or not its slice is full.
    """
    mean = flux.mean(axis=1, dtype=np.float64, keepdims=True)
    spread = flux.std(axis=1, dtype=np.float64, ddof=1, keepdims=True)
    spread = np.maximum(spread, SMALLEST_DEVIATION)
    length, step = config.slice_length, config.slice_step
    n_slices = len(range(0, flux.shape[1] - step, step)) - 1
    if not 1 <= n_slices < config.max_tokens:
        raise InvalidSpectrumError(
            f"a spectrum of {flux.shape[1]} pixels gives {max(n_slices, 0)} slices of {length} "
            f"pixels; expected 1 to {config.max_tokens - 1}."
        )
    standard = ((flux - mean) / spread).astype(np.float32)
    slices = np.lib.stride_tricks.sliding_window_view(standard, length, axis=1)
    tokens = np.zeros((len(flux), n_slices + 1, config.n_features), np.float32)
    tokens[:, 1:, config.n_summary :] = slices[:, ::step][:, :n_slices]
    tokens[:, 0, 0] = (mean[:, 0] - 2) / 2
    tokens[:, 0, 1] = (spread[:, 0] - 2) / 8
    return tokens


def _interpolated(flux: Floats, bad: Bools) -> Floats:
    """Masked pixels lie on the line between their measured neighbours."""
    pixels = np.arange(flux.shape[1])
    for row in np.flatnonzero(bad.any(axis=1)):
        hole = bad[row]
        flux[row, hole] = np.interp(pixels[hole], pixels[~hole], flux[row, ~hole])
    return flux


def _centre(planes: npt.NDArray[Any], config: ImageConfig) -> npt.NDArray[Any]:
    """The central crop; odd differences leave the extra pixel at the far side."""
    size, (ny, nx) = config.image_size, planes.shape[-2:]
    if min(ny, nx) < size:
        raise InvalidCutoutError(
            f"this encoder takes the central {size} x {size} pixels, found images of {ny} x {nx}."
        )
    top, left = round((ny - size) / 2), round((nx - size) / 2)
    return planes[..., top : top + size, left : left + size]


def _padded(planes: npt.NDArray[Any], config: ImageConfig, value: float) -> npt.NDArray[Any]:
    """At least the size of the crop; `value` where there is no image."""
    missing = [max(0, config.image_size - n) for n in planes.shape[-2:]]
    if not any(missing):
        return planes
    padding = [(0, 0), (0, 0), *((n // 2, n - n // 2) for n in missing)]
    return np.pad(planes, padding, constant_values=value)


def _as_mask(mask: npt.ArrayLike | None, shape: tuple[int, ...], error: type[ValueError]) -> Bools:
    bad = np.zeros(shape, bool) if mask is None else np.array(mask, dtype=bool)
    if bad.shape != shape:
        raise error(f"mask and flux must have one shape, found {bad.shape} and {shape}.")
    return bad


def _refuse_not_finite(values: Floats, bad: Bools, error: type[ValueError], noun: str) -> None:
    wrong = (~np.isfinite(values) & ~bad).sum(axis=tuple(range(1, values.ndim)))
    if wrong.any():
        row = int(np.argmax(wrong > 0))
        raise error(
            f"{noun} {row} of the batch has {wrong[row]} pixels that are not finite, and "
            f"{int((wrong > 0).sum())} of {len(values)} rows have some: mask them "
            "(the published model would return NaN)."
        )


def _refuse_empty(bad: Bools, error: type[ValueError], noun: str) -> None:
    empty = bad.all(axis=tuple(range(1, bad.ndim)))
    if empty.any():
        row = int(np.argmax(empty))
        raise error(
            f"{noun} {row} of the batch has no measured pixel, as {int(empty.sum())} of "
            f"{len(bad)} rows: there is nothing to embed."
        )
