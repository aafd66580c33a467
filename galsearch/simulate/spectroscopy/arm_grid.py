"""Pixels and resolution of DESI's three spectrograph arms."""

from galsearch.core.arrays import Float64Array
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM

ARMS = {"b": (0, 2751), "r": (2700, 5026), "z": (4900, 7781)}
"""First pixel of each arm on the DESI grid and the pixel after the last. In Angstrom the arms reach
from 3600 to 5800, 5760 to 7620 and 7520 to 9824."""
STEP_ANGSTROM = 0.8
RESOLUTION_SIGMA_ANGSTROM = {"b": 0.78, "r": 0.72, "z": 0.78}
"""Standard deviation of the line-spread function of each arm. The FWHM are 1.83, 1.70 and 1.83 A,
from the resolving powers in DESI Collaboration 2022 (AJ 164, 207)."""


def arm_wavelengths() -> dict[str, Float64Array]:
    """Wavelengths of the pixels of each arm in Angstrom."""
    return {arm: DESI_WAVELENGTH_ANGSTROM[low:high] for arm, (low, high) in ARMS.items()}
