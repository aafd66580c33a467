"""Noiseless spectrum of the light of a galaxy in its fibre, at DESI's resolution."""

from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float32Array, Float64Array
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM, SPEED_OF_LIGHT_KM_S
from galsearch.simulate.sed.galaxy_sed import GalaxySED
from galsearch.simulate.sed.stellar_grid import STEP_KM_S
from galsearch.simulate.spectroscopy.arm_grid import (
    ARMS,
    RESOLUTION_SIGMA_ANGSTROM,
    STEP_ANGSTROM,
)


def fibre_spectrum(
    sed: GalaxySED,
    fibre_fractions: npt.ArrayLike,
    *,
    sigma_bulge_km_s: float,
    sigma_disk_km_s: float,
) -> dict[str, Float64Array]:
    """Noiseless flux (n,) in the fibre by arm, at DESI's resolution, in 1e-17 erg/(s cm2 Angstrom).

    Parameters
    ----------
    sed
        Spectral energy distribution of the galaxy.
    fibre_fractions : (4,)
        Shares of bulge, disk, young stars and nucleus that enter the fibre.
    sigma_bulge_km_s, sigma_disk_km_s
        Velocity dispersions of the stars in bulge and disk.
    """
    share = np.asarray(fibre_fractions, dtype=np.float32)
    disk = share[1] * sed.continuum[1] + share[2] * sed.continuum[2]
    rest = _broaden(share[0] * sed.continuum[0], sigma_bulge_km_s)
    rest = rest + _broaden(disk, sigma_disk_km_s)
    grid = DESI_WAVELENGTH_ANGSTROM
    continuum = np.interp(grid, sed.wavelength_angstrom, rest)
    arms = {}
    for arm, (low, high) in ARMS.items():
        resolution = RESOLUTION_SIGMA_ANGSTROM[arm]
        flux = _smooth(continuum, resolution / STEP_ANGSTROM)[low:high]
        for lines, sigma in (
            (share[2] * sed.young_lines, sigma_disk_km_s),
            (share[3] * sed.nuclear_lines, sigma_bulge_km_s),
        ):
            _add_lines(flux, grid[low], sed.line_wavelength_angstrom, lines, sigma, resolution)
        arms[arm] = flux
    return arms


def _broaden(flux: Float32Array, sigma_km_s: float) -> Float32Array:
    """Flux with Doppler broadening by a Gaussian, on a grid in equal steps of velocity."""
    return np.asarray(_smooth(flux, sigma_km_s / STEP_KM_S), dtype=np.float32)


def _smooth(values: npt.NDArray[Any], sigma_pixels: float) -> npt.NDArray[Any]:
    """Values convolved with a Gaussian of standard deviation `sigma_pixels` along the last axis."""
    reach = int(np.ceil(4 * sigma_pixels)) + 1
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma_pixels) ** 2)
    kernel = (kernel / kernel.sum()).astype(values.dtype)
    return np.convolve(np.pad(values, reach, mode="edge"), kernel, mode="valid")


def _add_lines(
    flux: Float64Array,
    first_angstrom: float,
    wavelength: Float64Array,
    strength: Float64Array,
    sigma_km_s: float,
    resolution_angstrom: float,
) -> None:
    """Add Gaussian lines of fluxes `strength` to `flux`, each within 60 pixels of its centre."""
    significant = strength > 1e-4 * max(float(strength.max()), 1e-30)
    wavelength, strength = wavelength[significant], strength[significant]
    sigma = np.hypot(wavelength * sigma_km_s / SPEED_OF_LIGHT_KM_S, resolution_angstrom)
    centre = (wavelength - first_angstrom) / STEP_ANGSTROM
    near = (centre > -60) & (centre < flux.size + 60)
    wavelength, strength, sigma, centre = (a[near] for a in (wavelength, strength, sigma, centre))
    pixel = np.round(centre).astype(int)[:, None] + np.arange(-60, 61)
    offset = (pixel - centre[:, None]) * STEP_ANGSTROM / sigma[:, None]
    height = strength / (np.sqrt(2 * np.pi) * sigma)
    values = height[:, None] * np.exp(-0.5 * offset**2)
    inside = (pixel >= 0) & (pixel < flux.size)
    np.add.at(flux, pixel[inside], values[inside])
