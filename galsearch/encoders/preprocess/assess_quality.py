"""Reasons to trust embeddings less, from the masks and the noise of images and spectra.

`InputQuality` names the reasons. Every row is assessed by itself.
"""

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import BoolArray, Float32Array, Float64Array
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM
from galsearch.core.vectors import InputQuality, QualityBits
from galsearch.encoders.encoder_config import ModelConfig
from galsearch.encoders.preprocess.missing_arm import missing_arms
from galsearch.encoders.preprocess.prepare import measured_images, measured_spectra

CENTRE_PIXELS = 7.63
"""Radius of the centre of an image: 2 arcsec."""
CENTRE_SHARE, PARTLY_SHARE = 0.1, 0.2
"""Shares of masked pixels above which the centre or the whole is told to be masked."""


def assess_images(
    flux: npt.ArrayLike, mask: npt.ArrayLike | None, config: ModelConfig
) -> QualityBits:
    """(B,) bits of `InputQuality` of images, for the part of them that the encoder sees.

    Parameters
    ----------
    flux : (B, 3, ny, nx)
        Nanomaggies per 0.262 arcsec pixel in the order g, r, z.
    mask : (B, 3, ny, nx) bool, optional
        True where there is no measurement.
    config
        Configuration of the model, with its training range.
    """
    planes, bad = measured_images(flux, mask, config)
    band_missing = bad.all(axis=(2, 3))
    centre = bad[:, :, _centre(bad.shape[2:])].mean(axis=2)
    centre_masked = (centre > CENTRE_SHARE) & ~band_missing
    reasons = {
        InputQuality.BAND_MISSING: np.any(band_missing, axis=1),
        InputQuality.CENTRE_MASKED: np.any(centre_masked, axis=1),
        InputQuality.PARTLY_MASKED: bad.mean(axis=(1, 2, 3)) > PARTLY_SHARE,
    }
    if config.preparation == "galsearch":
        reasons[InputQuality.PIXELS_FILLED] = bad.any(axis=(1, 2, 3))
    if config.training_range is not None:
        limits = np.reshape(config.training_range.image_noise_nanomaggies, (-1, 2))
        noise = pixel_noise(planes, bad)
        unusual = (noise < limits[:, 0]) | (noise > limits[:, 1])
        reasons[InputQuality.DEPTH_UNUSUAL] = unusual.any(axis=1)
    return _bits(reasons, len(bad))


def assess_spectra(
    flux: npt.ArrayLike,
    ivar: npt.ArrayLike | None,
    mask: npt.ArrayLike | None,
    config: ModelConfig,
) -> QualityBits:
    """(B,) bits of `InputQuality` of spectra on the DESI grid.

    Spectra of another length are not assessed, and those without inverse variance not for depth.

    Parameters
    ----------
    flux : (B, pixels)
        1e-17 erg / (s cm2 Angstrom).
    ivar : (B, pixels), optional
        Inverse variance of the flux; 0 masks a pixel.
    mask : (B, pixels) bool, optional
        True where there is no measurement.
    config
        Configuration of the model, with its training range.
    """
    values, weights, bad = measured_spectra(flux, ivar, mask)
    bad |= ~np.isfinite(values)
    if values.shape[1] != DESI_WAVELENGTH_ANGSTROM.size:
        return np.zeros(len(values), np.uint16)
    arms = missing_arms(bad, DESI_WAVELENGTH_ANGSTROM)
    reasons = {
        InputQuality.ARM_MISSING: np.any(arms, axis=1),
        InputQuality.PARTLY_MASKED: bad.mean(axis=1) > PARTLY_SHARE,
    }
    if config.training_range is not None and weights is not None:
        level, depth = medians(values, bad), medians(weights, bad)
        limits = np.reshape(config.training_range.spectrum_ivar, (-1, 2))
        limits = limits[np.searchsorted(config.training_range.spectrum_flux_edges, level)]
        reasons[InputQuality.DEPTH_UNUSUAL] = (depth < limits[:, 0]) | (depth > limits[:, 1])
    return _bits(reasons, len(bad))


def assess_catalogue(
    spectype: npt.NDArray[np.object_], redshift: Float64Array, config: ModelConfig
) -> QualityBits:
    """(n,) bits of `InputQuality` from the class and the redshift in a catalogue.

    Parameters
    ----------
    spectype : (n,) str
        Class from the fit of the redshift, such as 'GALAXY', 'QSO' or 'STAR'; None where unknown.
    redshift : (n,)
        Redshifts, NaN where unknown.
    config
        Configuration of the model, with its training range.
    """
    if config.training_range is None:
        return np.zeros(len(redshift), np.uint16)
    low, high = config.training_range.redshift
    other = np.array([str(kind).strip().upper() in {"QSO", "STAR"} for kind in spectype], bool)
    reasons = {InputQuality.CLASS_UNUSUAL: other | (redshift < low) | (redshift > high)}
    return _bits(reasons, len(redshift))


def pixel_noise(planes: Float32Array, bad: BoolArray) -> Float64Array:
    """(B, bands) noise of a pixel, from second differences along rows without masked pixels.

    It is the standard deviation of white noise that has the same median of absolute differences;
    galaxies are smooth, so they hardly change it. NaN where a band has no three measured pixels in
    a row.
    """
    whole = ~(bad[..., :-2] | bad[..., 1:-1] | bad[..., 2:])
    steps = np.abs(planes[..., :-2] - 2 * planes[..., 1:-1] + planes[..., 2:])
    shape = (*planes.shape[:2], -1)
    steps, whole = steps.reshape(shape), whole.reshape(shape)
    levels = [
        [_median(band[use]) for band, use in zip(image, uses, strict=True)]
        for image, uses in zip(steps, whole, strict=True)
    ]
    noise = np.array(levels, np.float64).reshape(planes.shape[:2])
    return np.asarray(noise * (1.4826 / np.sqrt(6)), np.float64)


def medians(values: Float32Array, bad: BoolArray) -> Float64Array:
    """(B,) median of the measured pixels of each row (B, pixels); NaN where there is none."""
    return np.array([_median(row[~off]) for row, off in zip(values, bad, strict=True)])


def _median(values: npt.NDArray[np.floating]) -> float:
    return float(np.median(values)) if values.size else np.nan


def _centre(shape: tuple[int, ...]) -> BoolArray:
    y, x = np.mgrid[: shape[0], : shape[1]]
    radius = np.hypot(y - (shape[0] - 1) / 2, x - (shape[1] - 1) / 2)
    return np.asarray(radius < CENTRE_PIXELS)


def _bits(reasons: dict[InputQuality, BoolArray], n: int) -> QualityBits:
    bits = np.zeros(n, np.uint16)
    for reason, applies in reasons.items():
        bits |= np.where(applies, np.uint16(reason), np.uint16(0))
    return bits
