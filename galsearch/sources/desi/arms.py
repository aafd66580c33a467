"""The three arms of DESI (b, r, z) joined on one grid, 3600 to 9824 Angstrom in steps of 0.8."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import SourceError
from galsearch.core.spectrum import DESI_N_PIXELS, DESI_WAVELENGTH_ANGSTROM

_TOLERANCE_ANGSTROM = 1e-4


@dataclass(frozen=True, eq=False)
class Arm:
    """What one arm measured of n targets; without weight where it measured nothing."""

    wavelength_angstrom: npt.NDArray[np.float64]
    """(n_pixels,), part of the DESI grid."""
    flux: npt.NDArray[np.float32]
    """(n, n_pixels), 1e-17 erg / (s cm2 Angstrom); 0 where ivar is."""
    ivar: npt.NDArray[np.float32]
    """(n, n_pixels); 0 where MASK is not 0 or a value is not finite."""

    def take(self, rows: npt.NDArray[np.int64]) -> "Arm":
        """The same arm of these rows."""
        return Arm(self.wavelength_angstrom, self.flux[rows], self.ivar[rows])


def clean_arm(
    wavelength_angstrom: npt.NDArray[np.float64],
    flux: npt.NDArray[np.float32],
    ivar: npt.NDArray[np.float32],
    mask: npt.NDArray[np.integer],
    *,
    where: str,
) -> Arm:
    """An arm in which a pixel is bad in one way only: its ivar is 0.

    DESI says it in three: ivar 0, a MASK bit (newer coadds leave ivar > 0 there), or a value that
    is not finite.

    Raises
    ------
    SourceError
        Where a usable pixel has a negative ivar; `where` names file and arm.
    """
    bad = (mask != 0) | ~np.isfinite(flux) | ~np.isfinite(ivar)
    ivar = np.where(bad, np.float32(0), ivar)
    if ivar.min(initial=0.0) < 0:
        raise SourceError(f"{where}_IVAR holds {ivar.min():g}; inverse variance is never negative.")
    return Arm(wavelength_angstrom, np.where(ivar > 0, flux, np.float32(0)), ivar)


def join_arms(
    arms: Mapping[str, Arm], group: npt.NDArray[np.int64], *, where: str
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Flux and ivar on the DESI grid; overlapping arms, and rows of one group, weighted by ivar.

    What desispec.coaddition.coadd_cameras does: ivar adds up, flux is its weighted mean, a pixel
    seen once is copied.

    Parameters
    ----------
    arms
        Name -> what that arm measured of n rows.
    group : (n,) int64
        Rows of one number, 0 to n_groups - 1, are exposures of one target.
    where
        For the error: the file that the arms came from.

    Returns
    -------
    flux, ivar : (n_groups, 7781) float32
        Both 0 where nothing was measured.

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


def _add_rows(
    sums: npt.NDArray[np.float64], group: npt.NDArray[np.int64], rows: npt.NDArray[np.float64]
) -> None:
    if np.array_equal(group, np.arange(len(sums))):
        sums += rows  # a coadd holds each target once: many times faster than np.add.at
    else:
        np.add.at(sums, group, rows)


def _first_pixel(name: str, wavelength: npt.NDArray[np.float64], where: str) -> int:
    grid = DESI_WAVELENGTH_ANGSTROM
    first = int(np.argmin(np.abs(grid - wavelength[0])))
    here = grid[first : first + wavelength.size]
    if here.size < wavelength.size or np.abs(here - wavelength).max() > _TOLERANCE_ANGSTROM:
        raise SourceError(
            f"{where}: {name}_WAVELENGTH ({wavelength.size} pixels, {wavelength[0]:.2f} to "
            f"{wavelength[-1]:.2f} Angstrom) is not part of the DESI grid, 3600 to 9824 Angstrom "
            "in steps of 0.8."
        )
    return first
