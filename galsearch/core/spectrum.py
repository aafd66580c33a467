"""A spectrum: flux at vacuum wavelengths in the observed frame, with its inverse variance."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import InvalidSpectrumError

SPEED_OF_LIGHT_KM_S = 299792.458
"""Speed of light in vacuum."""
DESI_N_PIXELS = 7781
"""Number of pixels of a DESI spectrum after its three arms are joined (desispec.coaddition)."""
DESI_STEP_ANGSTROM = 0.8
"""Width of a pixel of the DESI grid in Angstrom."""
DESI_WAVELENGTH_ANGSTROM = np.asarray(
    3600.0 + DESI_STEP_ANGSTROM * np.arange(DESI_N_PIXELS), dtype=np.float64
)
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
        """The spectrum on the 7781 pixels of the DESI grid.

        Each pixel spreads over the new pixels that it overlaps, in proportion to the overlap. The
        flux of a new pixel is the mean of its parts weighted by inverse variance, and its inverse
        variance is their sum, so that the information of the spectrum is kept: two new pixels
        that share an old one have half of its inverse variance each. A new pixel is masked where
        less than half of it was measured. A spectrum that is on the DESI grid already is returned
        unchanged.

        Examples
        --------
        >>> spectrum = Spectrum([3600.4, 3602.0, 3603.6], [1.0, 3.0, 5.0], [2.0, 2.0, 4.0])
        >>> resampled = spectrum.on_desi_grid()
        >>> resampled.flux[:7], resampled.ivar[:7]
        (array([1., 1., 3., 3., 5., 5., 0.], dtype=float32),
         array([1., 1., 1., 1., 2., 2., 0.], dtype=float32))
        """
        grid, own = DESI_WAVELENGTH_ANGSTROM, self.wavelength_angstrom
        if own.size == grid.size and np.abs(own - grid).max() < 1e-4:
            return Spectrum(grid, self.flux, self.ivar, self.mask)
        edges = _pixel_edges(own)
        ivar = _rebinned(edges, self.ivar)
        weighted = _rebinned(edges, self.ivar.astype(np.float64) * self.flux)
        covered = _rebinned(edges, self.good * np.diff(edges, axis=1)[:, 0]) / DESI_STEP_ANGSTROM
        bad = (covered < 0.5) | (ivar <= 0)
        flux = np.divide(weighted, ivar, out=np.zeros_like(ivar), where=~bad)
        return Spectrum(grid, flux, np.where(bad, 0, ivar), bad)


def vacuum_wavelengths(air_angstrom: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Vacuum wavelengths in Angstrom of wavelengths in standard air.

    The formula is that of N. Piskunov for the database VALD, which inverts the refractive index of
    Birch and Downs (1994). Wavelengths below 2000 Angstrom are in vacuum by convention and stay.

    Examples
    --------
    >>> vacuum_wavelengths([6562.8, 1900.0]).round(2)
    array([6564.61, 1900.  ])
    """
    air = np.asarray(air_angstrom, dtype=np.float64)
    with np.errstate(divide="ignore"):
        s2 = (1e4 / air) ** 2
    index = 1 + 8.336624212083e-5 + 2.408926869968e-2 / (130.1065924522 - s2)
    index += 1.599740894897e-4 / (38.92568793293 - s2)
    return np.where(air < 2000, air, air * index)


def _pixel_edges(wavelength: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(n, 2) lower and upper edge of each pixel, half way to its neighbours.

    Where the pixels on both sides of a gap are far apart, the gap belongs to none of them: a pixel
    reaches no farther on one side than a whole step on the other.
    """
    steps = np.diff(wavelength) if wavelength.size > 1 else np.array([DESI_STEP_ANGSTROM])
    below, above = np.append(steps[0], steps)[: wavelength.size], np.append(steps, steps[-1])
    above = above[: wavelength.size]
    return np.stack(
        [
            wavelength - np.minimum(below / 2, above),
            wavelength + np.minimum(above / 2, below),
        ],
        axis=1,
    )


def _rebinned(
    edges: npt.NDArray[np.float64], values: npt.NDArray[np.floating]
) -> npt.NDArray[np.float64]:
    """Sum on each pixel of the DESI grid of `values`, spread evenly between the edges of each."""
    total = np.repeat(np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)]), 2)[1:-1]
    borders = DESI_WAVELENGTH_ANGSTROM[0] + DESI_STEP_ANGSTROM * (
        np.arange(DESI_N_PIXELS + 1) - 0.5
    )
    return np.asarray(np.diff(np.interp(borders, edges.reshape(-1), total)))


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
