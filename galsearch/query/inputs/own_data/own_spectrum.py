"""A spectrum that a user gives as a query: a file or arrays, brought to the grid of DESI."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from galsearch.core.errors import InvalidSpectrumError, QueryError
from galsearch.core.spectrum import (
    DESI_N_PIXELS,
    DESI_WAVELENGTH_ANGSTROM,
    Spectrum,
    vacuum_wavelengths,
)
from galsearch.core.target_id import TargetId
from galsearch.query.inputs.own_data.array_file import load_array
from galsearch.query.inputs.own_data.spectrum_file import read_spectrum_file
from galsearch.query.inputs.own_data.spectrum_units import (
    FLUX_UNIT,
    SpectrumFile,
    spectrum_from_columns,
)
from galsearch.query.inputs.own_data.specutils_spectrum import (
    is_specutils,
    spectrum_from_specutils,
)

SpectrumInput: TypeAlias = str | Path | Spectrum | Any
"""Path of a FITS, CSV, ECSV or .npy file, a Spectrum, a specutils Spectrum, or arrays."""
_ENOUGH_COVERAGE = 0.5
_USUAL_FLUX = (1e-3, 1e5)
"""Median absolute flux of spectra of galaxies, from deep ones of faint to those of the brightest,
in 1e-17 erg / (s cm2 Angstrom). Those of 81 real spectra of DESI and SDSS are 0.2 to 360."""
_POSSIBLE_FLUX = (1e-8, 1e10)
"""The same beyond which the unit of the flux is certainly another one."""


@dataclass(frozen=True, eq=False)
class OwnSpectrum:
    """A spectrum on the 7781 pixels of the DESI grid, and how it was made."""

    spectrum: Spectrum
    place: str
    """Name of the file, or "the spectrum" for arrays."""
    has_ivar: bool
    """False where no inverse variance was given; the encoder estimates one from the pixels."""
    calibrated: bool
    """False where the unit of the flux is unknown; the embedding then ignores its level."""
    target_id: TargetId | None
    """TARGETID of the galaxy; None where the file states none."""
    notes: tuple[str, ...]
    """Sentences on what differs from the spectra of DESI: units, air, coverage, errors."""


def read_own_spectrum(
    given: SpectrumInput, *, target_id: TargetId | None = None, air: bool = False
) -> OwnSpectrum:
    """A spectrum of any kind on the DESI grid, with its inverse variance.

    Parameters
    ----------
    given
        A DESI coadd or spectra file; a file spec-*.fits of SDSS; a CSV or ECSV table with the
        columns wavelength, flux and ivar or error, and units; a `Spectrum`; a specutils Spectrum;
        a .npy file or an array of 2 or 3 rows (wavelength, flux, ivar); or 7781 values of flux on
        the DESI grid; or an `OwnSpectrum`, which is returned as it is. Arrays are in Angstrom and
        1e-17 erg / (s cm2 Angstrom).
    target_id
        The galaxy of a DESI file that has several.
    air
        True where the wavelengths are those in air; they are converted to vacuum.

    Raises
    ------
    SourceError
        Where a file is missing, damaged or of another kind, or its units are not convertible.
    QueryError
        Where a file has several galaxies, or not the one with `target_id`.
    InvalidSpectrumError
        Where the arrays contradict each other, or no pixel lies on the DESI grid.
    """
    if isinstance(given, OwnSpectrum):
        return given
    if isinstance(given, (str, Path)) and not str(given).endswith(".npy"):
        place, found = str(given), read_spectrum_file(str(given), target_id)
    else:
        place = str(given) if isinstance(given, (str, Path)) else "the spectrum"
        found = _from_object(_loaded(given), place)
        if target_id is not None:
            raise QueryError(f"{place} names no galaxy; a TARGETID selects one of a DESI file.")
    if air and found.in_vacuum:
        raise QueryError(f"{place} says that its wavelengths are in vacuum, not in air.")
    return _on_desi_grid(found, place, air=air)


def _loaded(given: Any) -> Any:
    return load_array(Path(given)) if isinstance(given, (str, Path)) else given


def _from_object(given: Any, place: str) -> SpectrumFile:
    if isinstance(given, Spectrum):
        return SpectrumFile(given)
    if is_specutils(given):
        return spectrum_from_specutils(given, place)
    try:
        rows = [np.asarray(row, np.float64) for row in given]
    except (TypeError, ValueError):
        rows = []
    if len(rows) == DESI_N_PIXELS and rows[0].ndim == 0:
        rows = [DESI_WAVELENGTH_ANGSTROM, np.array(rows)]
    if len(rows) not in (2, 3) or any(row.ndim != 1 for row in rows):
        shape = getattr(given, "shape", None)
        found = f"an array of shape {shape}" if shape is not None else f"a {type(given).__name__}"
        raise InvalidSpectrumError(
            f"{place} is {found}; expected wavelength, flux and, if known, inverse variance, each "
            f"of shape (n,), or {DESI_N_PIXELS} values of flux on the DESI grid."
        )
    named = dict(zip(("wavelength", "flux", "ivar"), rows, strict=False))
    units = {"wavelength": "Angstrom", "flux": "1e-17 erg / (s cm2 Angstrom)"}
    return spectrum_from_columns(named, units, place)


def _on_desi_grid(found: SpectrumFile, place: str, *, air: bool) -> OwnSpectrum:
    spectrum, notes = found.spectrum, list(found.notes)
    if air:
        vacuum = vacuum_wavelengths(spectrum.wavelength_angstrom)
        spectrum = Spectrum(vacuum, spectrum.flux, spectrum.ivar, spectrum.mask)
        notes.append(f"{place} has wavelengths in air; they were converted to vacuum.")
    resampled = spectrum.on_desi_grid()
    first, last = spectrum.wavelength_angstrom[[0, -1]]
    covered = float(resampled.good.mean())
    if not covered:
        grid = DESI_WAVELENGTH_ANGSTROM
        measured = "" if spectrum.good.any() else ", none of them measured"
        raise InvalidSpectrumError(
            f"{place} has {spectrum.flux.size} pixels of {first:.1f} to {last:.1f} Angstrom"
            f"{measured}; expected measurements between {grid[0]:.0f} and {grid[-1]:.0f}."
        )
    notes += _notes_on_flux(found, resampled, place)
    if covered < _ENOUGH_COVERAGE:
        notes.append(
            f"{place} covers {100 * covered:.0f} per cent of 3600 to 9824 Angstrom, the range of "
            "the spectra that the encoder was trained on."
        )
    if not found.has_ivar:
        notes.append(f"{place} states no errors; they are estimated from the scatter of pixels.")
    return OwnSpectrum(
        resampled, place, found.has_ivar, found.calibrated, found.target_id, tuple(notes)
    )


def _notes_on_flux(found: SpectrumFile, resampled: Spectrum, place: str) -> list[str]:
    """A sentence where the flux is far from that of galaxies; an error where it cannot be right."""
    flux = np.abs(resampled.flux[resampled.good].astype(np.float64))
    if not flux.any():
        raise InvalidSpectrumError(f"{place} has a flux of 0 in every measured pixel.")
    if not found.calibrated:
        return []
    # Pixels of exactly 0 are often those without a measurement.
    median = float(np.median(flux[flux > 0]))
    if _is_between(median, _USUAL_FLUX):
        return []
    message = f"{place} has a median flux of {median:.2g} x {FLUX_UNIT}; galaxies have 0.1 to 1000"
    if _is_between(median, _POSSIBLE_FLUX):
        return [f"{message}: its unit of flux is perhaps another one."]
    raise InvalidSpectrumError(f"{message}: {_likely_unit(median)}")


def _is_between(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]


def _likely_unit(median: float) -> str:
    """The unit that a flux with an impossible median is probably in, in words."""
    if _is_between(median * 1e17, _USUAL_FLUX):
        return (
            "its values seem to be in erg / (s cm2 Angstrom), and the unit has a factor of 1e-17 "
            "too many."
        )
    if _is_between(median * 1e-17, _USUAL_FLUX):
        return f"its values seem to be in {FLUX_UNIT}, and the unit lacks the factor."
    return "its unit of flux is another one."
