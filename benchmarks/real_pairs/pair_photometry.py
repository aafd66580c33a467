"""Ranking of pairs by photometry alone: r, g - r and r - z from the image and from the spectrum."""

from dataclasses import dataclass

import numpy as np

from benchmarks.real_pairs.digitised_pairs import Pairs
from galsearch.core.arrays import Float32Array, Float64Array
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM
from galsearch.dataset.schema import PIXEL_SCALE_ARCSEC
from galsearch.simulate.sed.photometry import continuum_fluxes

APERTURE_ARCSEC = 1.5
"""Radius of the aperture of the image."""
_SMALLEST_NANOMAGGIES = 0.05
_UNIT = 1e-17


@dataclass(frozen=True)
class PhotometricLink:
    """Typical difference of image and spectrum in r, g - r and r - z, and its scatter."""

    offset: Float64Array
    scatter: Float64Array


def image_photometry(flux: Float32Array) -> Float64Array:
    """(n, 3) r, g - r and r - z in magnitudes of images (n, 3, ny, nx), within an aperture."""
    side = flux.shape[-1]
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    aperture = np.hypot(x, y) * PIXEL_SCALE_ARCSEC < APERTURE_ARCSEC
    return _colours(flux[:, :, aperture].sum(axis=2))


def spectrum_photometry(flux: Float32Array, ivar: Float32Array) -> Float64Array:
    """(n, 3) r, g - r and r - z in magnitudes of spectra (n, 7781), through DECam's filters.

    Masked pixels are interpolated.
    """
    grid = DESI_WAVELENGTH_ANGSTROM
    rows = [
        np.interp(grid, grid[good], line[good]) for line, good in zip(flux, ivar > 0, strict=True)
    ]
    return _colours(continuum_fluxes(grid, np.stack(rows) * _UNIT))


def link_of(pairs: Pairs) -> PhotometricLink:
    """The typical difference of image and spectrum of some pairs: median and robust scatter."""
    difference = image_photometry(pairs.flux) - spectrum_photometry(
        pairs.spectrum_flux, pairs.spectrum_ivar
    )
    offset = np.median(difference, axis=0)
    return PhotometricLink(offset, 1.4826 * np.median(np.abs(difference - offset), axis=0))


def photometric_scores(pairs: Pairs, link: PhotometricLink) -> Float64Array:
    """(n, n) minus chi2 of every image with every spectrum."""
    image = image_photometry(pairs.flux)
    spectrum = spectrum_photometry(pairs.spectrum_flux, pairs.spectrum_ivar)
    pull = (image[:, None] - spectrum[None] - link.offset) / link.scatter
    return np.asarray(-(pull**2).sum(axis=2))


def _colours(band_flux: Float64Array) -> Float64Array:
    g, r, z = (22.5 - 2.5 * np.log10(np.maximum(band_flux, _SMALLEST_NANOMAGGIES))).T
    return np.column_stack([r, g - r, r - z])
