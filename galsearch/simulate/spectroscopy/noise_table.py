"""Noise of DESI spectra as a function of wavelength, from `desi_noise.csv` (real exposures)."""

import functools
from importlib import resources

import numpy as np

from galsearch.core.arrays import Float64Array
from galsearch.simulate.spectroscopy.arm_grid import arm_wavelengths

_SKY_LINE_SIGMA_ANGSTROM = 0.85
RESIDUAL_ANGSTROM = 10.0
"""Scale in Angstrom over which sky residuals keep their sign: about a sky line and its wings."""


@functools.cache
def noise_level(arm: str) -> tuple[Float64Array, Float64Array]:
    """Noise (one sigma) in each pixel of an arm at 1000 s, between sky lines and of lines alone."""
    rows = [row for row in _table() if row[0] == arm]
    points = {
        kind: np.array([(float(r[2]), float(r[3])) for r in rows if r[1] == kind])
        for kind in ("level", "line")
    }
    grid = arm_wavelengths()[arm]
    level = np.interp(grid, *points["level"].T)
    centre, height = points["line"].T
    offset = (grid[None, :] - centre[:, None]) / _SKY_LINE_SIGMA_ANGSTROM
    variance = (height[:, None] ** 2 * np.exp(-0.5 * offset**2)).sum(axis=0)
    return level, np.sqrt(variance)


@functools.cache
def noise_difference(kind: str, arm: str) -> Float64Array:
    """Natural logarithm of the ratio of the noise in other exposures to the tabulated noise.

    Parameters
    ----------
    kind : "tilt", "fine" or "scatter"
        Smooth part of the mean logarithm, the rest of the mean, or the standard deviation
        between exposures.
    arm : "b", "r" or "z"

    Returns
    -------
    ndarray
        (n,) one value for each pixel of the arm.
    """
    rows = [row for row in _table() if row[:2] == ["all", kind]]
    points = np.array([(float(row[2]), float(row[3])) for row in rows])
    return np.asarray(np.interp(arm_wavelengths()[arm], *points.T))


@functools.cache
def residual_strength(arm: str) -> Float64Array:
    """Typical residual of sky and instrument in each pixel of an arm, in units of the noise.

    It is 0 outside the tabulated bins.
    """
    rows = [row for row in _table() if row[:2] == ["all", "residual"]]
    grid, out = arm_wavelengths()[arm], np.zeros(arm_wavelengths()[arm].size)
    for row in rows:
        out[np.abs(grid - float(row[2])) <= RESIDUAL_ANGSTROM / 2] = float(row[3])
    return out


@functools.cache
def _table() -> list[list[str]]:
    table = resources.files("galsearch.simulate").joinpath("desi_noise.csv").read_text("utf-8")
    return [row.split(",") for row in table.splitlines() if not row.startswith("#")]
