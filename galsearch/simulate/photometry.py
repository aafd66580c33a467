"""Fluxes through the DECam filters g, r and z (speclite's decam2014 curves), in nanomaggies."""

import functools

import numpy as np
import numpy.typing as npt

from galsearch.simulate.extras import load_extra

Floats = npt.NDArray[np.float64]

BANDS = ("g", "r", "z")
_AB_ZERO = 3.631e-20
"""erg / (s cm2 Hz) of magnitude 0."""
_SPEED_OF_LIGHT_ANGSTROM_S = 2.99792458e18
_NANOMAGGIES = 1e9


def transmission(wavelength_angstrom: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """(3, n): the filters' response at observed wavelengths, 0 outside.

    Raises
    ------
    MissingExtraError
        Where speclite is not installed.
    """
    rows = [np.interp(wavelength_angstrom, *curve, left=0, right=0) for curve in _curves()[0]]
    return np.asarray(rows, dtype=np.float32)


def continuum_fluxes(
    wavelength_angstrom: npt.NDArray[np.floating], flux: npt.NDArray[np.floating]
) -> npt.NDArray[np.float64]:
    """(..., 3) nanomaggies of spectra (..., n) in erg / (s cm2 Angstrom), observed frame."""
    step = np.gradient(wavelength_angstrom)
    weights = transmission(wavelength_angstrom) * wavelength_angstrom * step
    return np.asarray(flux @ weights.T, dtype=np.float64) / _norm()


def line_fluxes(
    wavelength_angstrom: npt.NDArray[np.floating], flux: npt.NDArray[np.floating]
) -> npt.NDArray[np.float64]:
    """(..., 3) nanomaggies of lines (..., n_lines) in erg / (s cm2) at observed wavelengths."""
    weights = transmission(wavelength_angstrom) * wavelength_angstrom
    return np.asarray(flux @ weights.T, dtype=np.float64) / _norm()


def _norm() -> npt.NDArray[np.float64]:
    return _curves()[1]


@functools.cache
def _curves() -> tuple[list[tuple[Floats, Floats]], Floats]:
    """Wavelength and response of each filter; what a nanomaggy gives when it is integrated."""
    filters = load_extra("speclite.filters")
    curves, norm = [], []
    for band in BANDS:
        response = filters.load_filter(f"decam2014-{band}")
        wavelength = np.asarray(response.wavelength, dtype=np.float64)
        values = np.asarray(response.response, dtype=np.float64)
        curves.append((wavelength, values))
        flat = values * _AB_ZERO * _SPEED_OF_LIGHT_ANGSTROM_S / wavelength
        norm.append(np.trapezoid(flat, wavelength) / _NANOMAGGIES)
    return curves, np.array(norm)
