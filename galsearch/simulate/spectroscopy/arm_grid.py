"""Pixels and resolution of DESI's three spectrograph arms."""

from galsearch.core.arrays import Float64Array
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM

ARMS = {"b": (0, 2751), "r": (2700, 5026), "z": (4900, 7781)}
"""First and past-the-last pixel of each arm on the DESI grid: 3600-5800, 5760-7620, 7520-9824 A."""
STEP_ANGSTROM = 0.8
RESOLUTION_SIGMA_ANGSTROM = {"b": 0.78, "r": 0.72, "z": 0.78}
"""FWHM 1.83, 1.70 and 1.83 A (resolving powers in DESI Collaboration 2022, AJ 164, 207)."""


def arm_wavelengths() -> dict[str, Float64Array]:
    """Wavelengths of the pixels of each arm in Angstrom."""
    return {arm: DESI_WAVELENGTH_ANGSTROM[low:high] for arm, (low, high) in ARMS.items()}
