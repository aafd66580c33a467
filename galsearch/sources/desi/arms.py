"""Spectra of the three arms of DESI (b, r, z), combined on one grid.

The grid runs from 3600 to 9824 Angstrom in steps of 0.8 Angstrom.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float32Array, Float64Array, Int64Array
from galsearch.core.errors import SourceError
from galsearch.core.spectrum import DESI_N_PIXELS, DESI_WAVELENGTH_ANGSTROM

_TOLERANCE_ANGSTROM = 1e-4


@dataclass(frozen=True, eq=False)
class Arm:
    """Spectra of n targets from one arm. A pixel without a measurement has flux 0 and ivar 0."""

    wavelength_angstrom: Float64Array
    """(n_pixels,) wavelengths, a section of the DESI grid."""
    flux: Float32Array
    """(n, n_pixels) flux in 1e-17 erg / (s cm2 Angstrom); 0 where ivar is 0."""
    ivar: Float32Array
    """(n, n_pixels) inverse variance; 0 where MASK is not 0 or a value is not finite."""

    def take(self, rows: Int64Array) -> "Arm":
        """Spectra of the arm at the given row numbers."""
        return Arm(self.wavelength_angstrom, self.flux[rows], self.ivar[rows])


def clean_arm(
    wavelength_angstrom: Float64Array,
    flux: Float32Array,
    ivar: Float32Array,
    mask: npt.NDArray[np.integer],
    *,
    where: str,
) -> Arm:
    """Spectra of an arm in which every bad pixel has flux 0 and ivar 0.

    DESI marks a bad pixel in three ways: by ivar 0, by a MASK bit (recent coadds keep ivar > 0
    there), or by a value that is not finite.

    Raises
    ------
    SourceError
        Where a good pixel has a negative ivar; `where` names file and arm.
    """
    bad = (mask != 0) | ~np.isfinite(flux) | ~np.isfinite(ivar)
    ivar = np.where(bad, np.float32(0), ivar)
    if ivar.min(initial=0.0) < 0:
        raise SourceError(f"{where}_IVAR holds {ivar.min():g}; expected 0 or more.")
    return Arm(wavelength_angstrom, np.where(ivar > 0, flux, np.float32(0)), ivar)


def join_arms(
    arms: Mapping[str, Arm], group: Int64Array, *, where: str
) -> tuple[Float32Array, Float32Array]:
    """Flux and ivar of each target on the DESI grid, combined from arms and exposures.

    As in desispec.coaddition.coadd_cameras, the flux of a pixel is the mean of its measurements
    weighted by ivar, and the ivar is their sum. A pixel that was measured once is copied.

    Parameters
    ----------
    arms
        Spectra of n rows from each arm, by its name.
    group : (n,) int64
        Number of the target of each row, 0 to n_groups - 1. Rows of one number are exposures of
        one target.
    where
        Name of the file in messages.

    Returns
    -------
    flux, ivar : (n_groups, 7781) float32
        Both are 0 where nothing was measured.

    Raises
    ------
    SourceError
        Where an arm is not on the DESI grid.
    """
    n_groups = int(group.max()) + 1 if group.size else 0
    weight = np.zeros((n_groups, DESI_N_PIXELS))
    weighted = np.zeros((n_groups, DESI_N_PIXELS))
    for name, arm in arms.items():
        first = _first_pixel(name, arm.wavelength_angstrom, where)
        pixels = slice(first, first + arm.wavelength_angstrom.size)
        ivar = arm.ivar.astype(np.float64)
        _add_rows(weight[:, pixels], group, ivar)
        _add_rows(weighted[:, pixels], group, ivar * arm.flux)
    flux = np.divide(weighted, weight, out=weighted, where=weight > 0)
    return flux.astype(np.float32), weight.astype(np.float32)


def _add_rows(sums: Float64Array, group: Int64Array, rows: Float64Array) -> None:
    if np.array_equal(group, np.arange(len(sums))):
        # A coadd has one row for each target, and adding the arrays is faster than np.add.at.
        sums += rows
    else:
        np.add.at(sums, group, rows)


def _first_pixel(name: str, wavelength: Float64Array, where: str) -> int:
    """Number of the pixel of the DESI grid at which the wavelengths of an arm start."""
    grid = DESI_WAVELENGTH_ANGSTROM
    first = int(np.argmin(np.abs(grid - wavelength[0])))
    here = grid[first : first + wavelength.size]
    if here.size < wavelength.size or np.abs(here - wavelength).max() > _TOLERANCE_ANGSTROM:
        raise SourceError(
            f"{where}: {name}_WAVELENGTH ({wavelength.size} pixels, {wavelength[0]:.2f} to "
            f"{wavelength[-1]:.2f} Angstrom) is not a section of the DESI grid, 3600 to 9824 "
            "Angstrom in steps of 0.8."
        )
    return first
