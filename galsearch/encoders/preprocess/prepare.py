"""Preprocessing of images and spectra for both kinds of models, `released` and `galsearch`.

`released` (AstroCLIP): images are stretched to the colours of the Legacy Surveys viewer and
cropped; spectra are standardised by their own mean and standard deviation and cut into
overlapping slices. A pixel that is not finite raises an error unless it is masked. A masked image
pixel is exactly 0, as in the survey's own cutouts; a masked spectrum pixel is interpolated from
its measured neighbours.

`galsearch` (this package): images keep their brightness in an asinh stretch without clipping, and
masked pixels are filled from their neighbours or from other bands (`fill_masked`). Spectra are
resampled to a grid uniform in log wavelength; their median is subtracted and they are divided by
their scatter. Every pixel has a weight from its inverse variance, and a summary token holds the
scale, the level and the signal to noise. Pixels that are not finite are masked. A row does not
depend on the other rows of a batch.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from galsearch.core.arrays import BoolArray, Float32Array
from galsearch.core.errors import ConfigError, InvalidCutoutError, InvalidSpectrumError
from galsearch.core.rgb import legacy_rgb
from galsearch.encoders.encoder_config import ImageConfig, ModelConfig, SpectrumConfig
from galsearch.encoders.preprocess.fill_masked import fill_masked
from galsearch.encoders.preprocess.log_wavelength import log_wavelength_tokens

SOFTENING_NANOMAGGIES = (0.01, 0.015, 0.03)
"""Flux in g, r, z where the stretch changes from linear to logarithmic: twice the sky noise."""
STRETCH_DIVISOR = 3.0
"""Divisor of the flux of an image after its asinh stretch."""
MIN_DEVIATION = 0.2
"""Lower limit of a spectrum's standard deviation in AstroCLIP, 1e-17 erg / (s cm2 Angstrom)."""


def prepare_images(flux: npt.ArrayLike, mask: npt.ArrayLike | None, config: ModelConfig) -> Tensor:
    """(B, C, size, size) float32 inputs of the image network, prepared from images.

    The channels are the bands, then, for a model with `mask_channels`, the masks of the bands.

    Parameters
    ----------
    flux : (B, bands, ny, nx)
        Nanomaggies per 0.262 arcsec pixel in the order g, r, z.
    mask : (B, bands, ny, nx) bool, optional
        True where there is no measurement.
    config
        Kind of preprocessing and size of the central crop. A smaller image is padded with
        masked pixels (`galsearch`) or refused (`released`).

    Raises
    ------
    InvalidCutoutError
        Where the number of bands is another one or a row has no measured pixel; in `released`
        also where an unmasked pixel is not finite or an image is smaller than the crop.
    """
    planes, bad = measured_images(flux, mask, config)
    if config.preparation == "released":
        planes[bad] = 0.0
        return torch.from_numpy(np.ascontiguousarray(legacy_rgb(planes)))
    softening = torch.tensor(SOFTENING_NANOMAGGIES)[:, None, None]
    filled = torch.from_numpy(fill_masked(planes, bad))
    stretched = filled.div_(softening).asinh_().div_(STRETCH_DIVISOR)
    if config.image is None or not config.image.mask_channels:
        return stretched
    return torch.cat([stretched, torch.from_numpy(bad).float()], dim=1)


def measured_images(
    flux: npt.ArrayLike, mask: npt.ArrayLike | None, config: ModelConfig
) -> tuple[Float32Array, BoolArray]:
    """The part of images that a model sees, and the mask of pixels without a measurement.

    Both arrays are copies of shape (B, bands, size, size). The parameters and errors are those of
    `prepare_images`.
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
    planes = _central_crop(given, section).astype(np.float32)
    bad = _central_crop(bad, section)
    if config.preparation == "released":
        _require_finite(planes, bad, InvalidCutoutError, "image")
    bad = bad | ~np.isfinite(planes)
    _require_measured(bad, InvalidCutoutError, "image")
    return planes, bad


def prepare_spectra(
    flux: npt.ArrayLike,
    ivar: npt.ArrayLike | None,
    mask: npt.ArrayLike | None,
    config: ModelConfig,
    *,
    calibrated: bool = True,
) -> Tensor:
    """(B, tokens, features) float32 inputs of the spectrum network, prepared from spectra.

    Parameters
    ----------
    flux : (B, pixels)
        1e-17 erg / (s cm2 Angstrom) on the wavelength grid of the config. `released` accepts
        other lengths that give between 1 and `max_tokens` - 1 slices.
    ivar : (B, pixels), optional
        Inverse variance of the flux; 0 masks a pixel. By default it is estimated from the
        differences between nearby pixels. `released` uses it for the mask only.
    mask : (B, pixels) bool, optional
        True where there is no measurement.
    calibrated
        False where the flux is in an unknown unit, or its median was subtracted. The summary of
        brightness, level and signal to noise is then left out. Only `galsearch` accepts False.

    Raises
    ------
    InvalidSpectrumError
        Where the arrays have another shape or a row has no measured pixel; in `released` also
        where an unmasked pixel is not finite.
    ConfigError
        Where `released` is given an uncalibrated spectrum.
    """
    section = config.spectrum
    if section is None:
        raise ConfigError(f"model {config.name!r} has no spectrum encoder.")
    if not calibrated and config.preparation == "released":
        raise ConfigError(
            f"model {config.name!r} takes calibrated spectra only: its first token is their mean "
            "and standard deviation."
        )
    values, weights, bad = measured_spectra(flux, ivar, mask)
    if config.preparation == "released":
        _require_finite(values, bad, InvalidSpectrumError, "spectrum")
    bad |= ~np.isfinite(values)
    _require_measured(bad, InvalidSpectrumError, "spectrum")
    if config.preparation == "released":
        return torch.from_numpy(_standardised_slices(_interpolated(values, bad), section))
    if values.shape[1] != section.n_pixels:
        raise InvalidSpectrumError(
            f"model {config.name!r} takes spectra of {section.n_pixels} pixels from "
            f"{section.first_angstrom:g} Angstrom in steps of {section.step_angstrom:g}, found "
            f"{values.shape[1]} pixels: Spectrum.on_desi_grid() resamples to the DESI grid."
        )
    tokens = log_wavelength_tokens(values, weights, bad, section)
    if not calibrated:
        tokens[:, 0] = 0.0
    return torch.from_numpy(tokens)


def measured_spectra(
    flux: npt.ArrayLike, ivar: npt.ArrayLike | None, mask: npt.ArrayLike | None
) -> tuple[Float32Array, Float32Array | None, BoolArray]:
    """Copies of flux, inverse variance and mask; the mask also covers pixels of zero ivar.

    The parameters and errors are those of `prepare_spectra`.
    """
    values = np.array(flux, dtype=np.float32)
    if values.ndim != 2:
        raise InvalidSpectrumError(f"spectra are (B, pixels), found {values.shape}.")
    bad = _as_mask(mask, values.shape, InvalidSpectrumError)
    if ivar is None:
        return values, None, bad
    weights = np.array(ivar, dtype=np.float32)
    if weights.shape != values.shape:
        raise InvalidSpectrumError(
            f"ivar and flux must have one shape, found {weights.shape} and {values.shape}."
        )
    bad |= ~(np.isfinite(weights) & (weights > 0))
    return values, weights, bad


def _standardised_slices(flux: Float32Array, config: SpectrumConfig) -> Float32Array:
    """Tokens (B, N, features) of AstroCLIP: one with mean and deviation, then the slices.

    Each slice starts with `n_summary` zeros. The published code drops the last slice, whether or
    not it is complete.
    """
    mean = flux.mean(axis=1, dtype=np.float64, keepdims=True)
    spread = flux.std(axis=1, dtype=np.float64, ddof=1, keepdims=True)
    spread = np.maximum(spread, MIN_DEVIATION)
    length, step = config.slice_length, config.slice_step
    n_slices = len(range(0, flux.shape[1] - step, step)) - 1
    if not 1 <= n_slices < config.max_tokens:
        raise InvalidSpectrumError(
            f"a spectrum of {flux.shape[1]} pixels gives {max(n_slices, 0)} slices of {length} "
            f"pixels; expected 1 to {config.max_tokens - 1}."
        )
    standardised = ((flux - mean) / spread).astype(np.float32)
    slices = np.lib.stride_tricks.sliding_window_view(standardised, length, axis=1)
    tokens = np.zeros((len(flux), n_slices + 1, config.n_features), np.float32)
    tokens[:, 1:, config.n_summary :] = slices[:, ::step][:, :n_slices]
    tokens[:, 0, 0] = (mean[:, 0] - 2) / 2
    tokens[:, 0, 1] = (spread[:, 0] - 2) / 8
    return tokens


def _interpolated(flux: Float32Array, bad: BoolArray) -> Float32Array:
    """Spectra with masked pixels interpolated linearly between their measured neighbours."""
    pixels = np.arange(flux.shape[1])
    for row in np.flatnonzero(bad.any(axis=1)):
        gap = bad[row]
        flux[row, gap] = np.interp(pixels[gap], pixels[~gap], flux[row, ~gap])
    return flux


def _central_crop(planes: npt.NDArray[Any], config: ImageConfig) -> npt.NDArray[Any]:
    """Central crop of images; an odd margin is divided as by torchvision (half to even)."""
    size, (ny, nx) = config.image_size, planes.shape[-2:]
    if min(ny, nx) < size:
        raise InvalidCutoutError(
            f"this encoder takes the central {size} x {size} pixels, found images of {ny} x {nx}."
        )
    top, left = round((ny - size) / 2), round((nx - size) / 2)
    return planes[..., top : top + size, left : left + size]


def _padded(planes: npt.NDArray[Any], config: ImageConfig, value: float) -> npt.NDArray[Any]:
    """Images padded with `value` to the size of the central crop where they are smaller."""
    missing = [max(0, config.image_size - n) for n in planes.shape[-2:]]
    if not any(missing):
        return planes
    padding = [(0, 0), (0, 0), *((n // 2, n - n // 2) for n in missing)]
    return np.pad(planes, padding, constant_values=value)


def _as_mask(
    mask: npt.ArrayLike | None, shape: tuple[int, ...], error: type[ValueError]
) -> BoolArray:
    """A copy of a boolean mask, or a mask that is False everywhere where `mask` is None."""
    bad = np.zeros(shape, bool) if mask is None else np.array(mask, dtype=bool)
    if bad.shape != shape:
        raise error(f"mask and flux must have one shape, found {bad.shape} and {shape}.")
    return bad


def _require_finite(
    values: Float32Array, bad: BoolArray, error: type[ValueError], noun: str
) -> None:
    """Raise an error that names the first row with an unmasked pixel that is not finite."""
    wrong = (~np.isfinite(values) & ~bad).sum(axis=tuple(range(1, values.ndim)))
    if wrong.any():
        row = int(np.argmax(wrong > 0))
        raise error(
            f"{noun} {row} of the batch has {wrong[row]} pixels that are not finite, and "
            f"{int((wrong > 0).sum())} of {len(values)} rows have some: mask them "
            "(the published model would return NaN)."
        )


def _require_measured(bad: BoolArray, error: type[ValueError], noun: str) -> None:
    """Raise an error that names the first row without a measured pixel."""
    empty = bad.all(axis=tuple(range(1, bad.ndim)))
    if empty.any():
        row = int(np.argmax(empty))
        raise error(
            f"{noun} {row} of the batch has no measured pixel, like {int(empty.sum())} of "
            f"{len(bad)} rows."
        )
