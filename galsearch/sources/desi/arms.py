"""Spectra of the three arms of DESI (b, r, z), combined on one grid.

The grid runs from 3600 to 9824 Angstrom in steps of 0.8 Angstrom.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float32Array, Float64Array, Int64Array
from galsearch.core.errors import SourceError
from galsearch.core.spectrum import DESI_N_PIXELS, DESI_WAVELENGTH_ANGSTROM

_ARMS = ("B", "R", "Z", "BR", "BZ", "RZ", "BRZ")
"""Names of the arms of DESI, alone and joined by desispec.coaddition.coadd_cameras."""
_TOLERANCE_ANGSTROM = 0.002
"""Twice the step between neighbouring float32 at 9824 Angstrom; 0.25 percent of a pixel."""


@dataclass(frozen=True, eq=False)
class Arm:
    """Spectra of n targets from one arm. A pixel without a measurement has flux 0 and ivar 0."""

    wavelength_angstrom: Float64Array
    """(n_pixels,) wavelengths, a section of the DESI grid."""
    flux: Float32Array
    """(n, n_pixels) flux in 1e-17 erg / (s cm2 Angstrom); 0 where ivar is 0."""
    ivar: Float32Array
    """(n, n_pixels) inverse variance; 0 for bad pixels."""

    def take(self, rows: Int64Array) -> "Arm":
        """Spectra of the arm at the given row numbers."""
        return Arm(self.wavelength_angstrom, self.flux[rows], self.ivar[rows])


def clean_arm(
    wavelength_angstrom: Float64Array,
    flux: Float32Array,
    ivar: Float32Array,
    mask: npt.NDArray[Any],
) -> Arm:
    """Spectra of an arm in which every bad pixel has flux 0 and ivar 0.

    DESI marks a bad pixel in three ways: by ivar 0, by a MASK bit (recent coadds keep ivar > 0
    there), or by a value that is not finite. A negative ivar, which resampling can make, is no
    measurement either.
    """
    good = (mask == 0) & np.isfinite(flux) & np.isfinite(ivar) & (ivar > 0)
    zero = np.float32(0)
    return Arm(wavelength_angstrom, np.where(good, flux, zero), np.where(good, ivar, zero))


def distinct_arms(names: Sequence[str]) -> list[str]:
    """Names of the arms whose light is to be used, each part of the spectrum once.

    Joined arms, such as BRZ, repeat the light of the arms from which they were made. They are used
    in place of these where these are not all there. Names that are no arm, such as MODEL, are left
    out.

    Examples
    --------
    >>> distinct_arms(["B", "R", "Z", "BRZ", "MODEL"])
    ['B', 'R', 'Z']
    >>> distinct_arms(["B", "BRZ"])
    ['BRZ']
    """
    known = {name for name in names if name in _ARMS}
    chosen = [name for name in _ARMS if name in known and len(name) == 1]
    for joined in sorted(known - set(chosen), key=lambda name: (-len(name), name)):
        if not set(joined) <= set("".join(chosen)):
            chosen = [name for name in chosen if not set(name) & set(joined)] + [joined]
    return chosen


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
    if not wavelength.size or not np.isfinite(wavelength).all():
        raise SourceError(
            f"{where}: {name}_WAVELENGTH is empty or holds values that are not finite."
        )
    first = int(np.argmin(np.abs(grid - wavelength[0])))
    here = grid[first : first + wavelength.size]
    if here.size < wavelength.size or np.abs(here - wavelength).max() > _TOLERANCE_ANGSTROM:
        raise SourceError(
            f"{where}: {name}_WAVELENGTH ({wavelength.size} pixels, {wavelength[0]:.2f} to "
            f"{wavelength[-1]:.2f} Angstrom, {_steps(wavelength)}) is not a section of the DESI "
            "grid, 3600 to 9824 Angstrom in steps of 0.8."
        )
    return first


def _steps(wavelength: Float64Array) -> str:
    """Steps of a wavelength grid in words."""
    steps = np.diff(wavelength)
    if not steps.size:
        return "one pixel"
    if steps.max() - steps.min() < 2 * _TOLERANCE_ANGSTROM:
        return f"steps of {steps.mean():.4g}"
    if (wavelength > 0).all() and np.ptp(np.diff(np.log(wavelength))) < 1e-6:
        return f"logarithmic steps of {np.diff(np.log10(wavelength)).mean():.4g} dex"
    return f"steps of {steps.min():.4g} to {steps.max():.4g}"
