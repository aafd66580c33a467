"""Fluxes through the Legacy Surveys' filters g, r and z (speclite's curves), in nanomaggies."""

import functools

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float32Array, Float64Array
from galsearch.simulate.optional_imports import import_optional

BANDS = ("g", "r", "z")
FILTERS = {
    "south": ("decam2014-g", "decam2014-r", "decam2014-z"),
    "north": ("BASS-g", "BASS-r", "MzLS-z"),
}
"""Names of the filters in speclite: DECam in the south, 90Prime and Mosaic-3 in the north (Dey et
al. 2019, AJ 157, 168)."""
_AB_ZERO = 3.631e-20
"""Flux density of AB magnitude 0, in erg / (s cm2 Hz)."""
_SPEED_OF_LIGHT_ANGSTROM_S = 2.99792458e18
_NANOMAGGIES = 1e9


def transmission(
    wavelength_angstrom: npt.NDArray[np.floating], hemisphere: str = "south"
) -> Float32Array:
    """Response (3, n) of the g, r and z filters at observed wavelengths, 0 outside a filter.

    Raises
    ------
    MissingExtraError
        Where speclite is not installed.
    """
    rows = [
        np.interp(wavelength_angstrom, *curve, left=0, right=0) for curve in _curves(hemisphere)[0]
    ]
    return np.asarray(rows, dtype=np.float32)


def continuum_fluxes(
    wavelength_angstrom: npt.NDArray[np.floating],
    flux: npt.NDArray[np.floating],
    hemisphere: str = "south",
) -> Float64Array:
    """Band fluxes (..., 3) in nanomaggies of spectra (..., n) in erg / (s cm2 Angstrom).

    Wavelengths are in the observed frame.
    """
    step = np.gradient(wavelength_angstrom)
    weights = transmission(wavelength_angstrom, hemisphere) * wavelength_angstrom * step
    return np.asarray(flux @ weights.T, dtype=np.float64) / _curves(hemisphere)[1]


def line_fluxes(
    wavelength_angstrom: npt.NDArray[np.floating],
    flux: npt.NDArray[np.floating],
    hemisphere: str = "south",
) -> Float64Array:
    """Band fluxes (..., 3) in nanomaggies of lines (..., n_lines) in erg / (s cm2).

    Wavelengths are in the observed frame.
    """
    weights = transmission(wavelength_angstrom, hemisphere) * wavelength_angstrom
    return np.asarray(flux @ weights.T, dtype=np.float64) / _curves(hemisphere)[1]


@functools.cache
def _curves(hemisphere: str) -> tuple[list[tuple[Float64Array, Float64Array]], Float64Array]:
    """Curve (wavelength, response) of each filter, and the integrals (3,) of one nanomaggy."""
    filters = import_optional("speclite.filters")
    curves, norm = [], []
    for name in FILTERS[hemisphere]:
        response = filters.load_filter(name)
        wavelength = np.asarray(response.wavelength, dtype=np.float64)
        values = np.asarray(response.response, dtype=np.float64)
        curves.append((wavelength, values))
        flat = values * _AB_ZERO * _SPEED_OF_LIGHT_ANGSTROM_S / wavelength
        norm.append(np.trapezoid(flat, wavelength) / _NANOMAGGIES)
    return curves, np.array(norm)
