"""A spectrum: flux at vacuum wavelengths in the observed frame, with its inverse variance."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import InvalidSpectrumError

DESI_N_PIXELS = 7781
"""Number of pixels of a DESI spectrum after its three arms are joined (desispec.coaddition)."""
DESI_WAVELENGTH_ANGSTROM = np.asarray(3600.0 + 0.8 * np.arange(DESI_N_PIXELS), dtype=np.float64)
"""Wavelengths of the DESI grid: 3600 to 9824 Angstrom in steps of 0.8, vacuum, observed frame."""
DESI_WAVELENGTH_ANGSTROM.setflags(write=False)


@dataclass(frozen=True, eq=False)
class Spectrum:
    """A one-dimensional spectrum. Its arrays are read-only copies of the given ones.

    A pixel without a measurement (masked, `ivar == 0` or a non-finite value) has flux 0 and
    ivar 0 and is masked, so that `flux`, `ivar` and `mask` always agree.

    Raises
    ------
    InvalidSpectrumError
        Where lengths differ, the grid does not increase strictly or an ivar is negative.

    Examples
    --------
    >>> spectrum = Spectrum([4000.0, 4000.8, 4001.6], [1.0, np.nan, 2.0], [1.0, 1.0, 4.0])
    >>> spectrum.mask, spectrum.ivar
    (array([False,  True, False]), array([1., 0., 4.], dtype=float32))
    """

    wavelength_angstrom: npt.NDArray[np.float64]
    """Vacuum wavelengths in the observed frame in Angstrom, shape (n,), strictly increasing."""
    flux: npt.NDArray[np.float32]
    """Flux density in 1e-17 erg / (s cm2 Angstrom), shape (n,)."""
    ivar: npt.NDArray[np.float32]
    """Inverse variance of the flux density, shape (n,)."""
    mask: npt.NDArray[np.bool_] | None = None
    """Mask of shape (n,), True for pixels without a measurement. Default: no pixel is masked."""

    def __post_init__(self) -> None:
        wavelength = np.array(self.wavelength_angstrom, dtype=np.float64)
        flux = np.array(self.flux, dtype=np.float32)
        ivar = np.array(self.ivar, dtype=np.float32)
        mask = np.zeros(flux.shape, bool) if self.mask is None else np.array(self.mask, dtype=bool)
        arrays: dict[str, npt.NDArray[Any]] = {"wavelength": wavelength, "flux": flux, "ivar": ivar}
        arrays["mask"] = mask
        if wavelength.ndim != 1 or len({a.shape for a in arrays.values()}) != 1 or not flux.size:
            found = ", ".join(f"{name} {a.shape}" for name, a in arrays.items())
            raise InvalidSpectrumError(f"the arrays of a spectrum share one length, found {found}.")
        _check_grid(wavelength)
        if np.any(ivar < 0):
            row = int(np.argmax(ivar < 0))
            raise InvalidSpectrumError(
                f"ivar is never negative, found {ivar[row]} at {wavelength[row]:.1f} Angstrom."
            )
        mask |= ~np.isfinite(flux) | ~np.isfinite(ivar) | (ivar == 0)
        flux[mask] = 0.0
        ivar[mask] = 0.0
        for name, array in arrays.items():
            array.setflags(write=False)
            field = "wavelength_angstrom" if name == "wavelength" else name
            object.__setattr__(self, field, array)

    @property
    def good(self) -> npt.NDArray[np.bool_]:
        """Mask of shape (n,), True for pixels with a measurement."""
        assert self.mask is not None  # noqa: S101 (set in __post_init__)
        return ~self.mask

    def on_desi_grid(self) -> "Spectrum":
        """The spectrum interpolated to the 7781 pixels of the DESI grid.

        Flux is interpolated linearly between neighbouring measured pixels. The inverse variance
        of an interpolated pixel is the smaller one of those two pixels, which never overstates the
        precision. Pixels outside the spectrum are masked. A spectrum that is on the DESI grid
        already is returned unchanged.

        Examples
        --------
        >>> spectrum = Spectrum([3600.0, 3601.6, 3603.2], [1.0, 3.0, 5.0], [1.0, 1.0, 2.0])
        >>> spectrum.on_desi_grid().flux[:6]
        array([1., 2., 3., 4., 5., 0.], dtype=float32)
        """
        grid, own = DESI_WAVELENGTH_ANGSTROM, self.wavelength_angstrom
        if own.size == grid.size and np.abs(own - grid).max() < 1e-4:
            return Spectrum(grid, self.flux, self.ivar, self.mask)
        right = np.clip(np.searchsorted(own, grid - 1e-4), 1, own.size - 1)
        left = right - 1
        share = np.clip((grid - own[left]) / (own[right] - own[left]), 0.0, 1.0)
        flux = (1 - share) * self.flux[left] + share * self.flux[right]
        outside = (grid < own[0] - 1e-4) | (grid > own[-1] + 1e-4)
        uses_left, uses_right = share < 1 - 1e-6, share > 1e-6
        bad = (uses_left & ~self.good[left]) | (uses_right & ~self.good[right]) | outside
        infinite = np.float32(np.inf)
        ivar = np.minimum(
            np.where(uses_left, self.ivar[left], infinite),
            np.where(uses_right, self.ivar[right], infinite),
        )
        return Spectrum(grid, flux.astype(np.float32), np.where(bad, np.float32(0), ivar), bad)


def _check_grid(wavelength: npt.NDArray[np.float64]) -> None:
    if not np.all(np.isfinite(wavelength)):
        raise InvalidSpectrumError("wavelength must be finite everywhere.")
    steps = np.diff(wavelength)
    if np.any(steps <= 0):
        row = int(np.argmax(steps <= 0)) + 1
        raise InvalidSpectrumError(
            f"wavelength must increase strictly; wavelength[{row}] = {wavelength[row]:.1f} "
            f"Angstrom follows {wavelength[row - 1]:.1f}."
        )
