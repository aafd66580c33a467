"""Columns of wavelength and flux in any unit, converted to those of `Spectrum`."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from galsearch.core.arrays import Float64Array
from galsearch.core.errors import InvalidSpectrumError, SourceError
from galsearch.core.spectrum import Spectrum
from galsearch.core.target_id import TargetId

WAVELENGTH_UNIT = "Angstrom"
FLUX_UNIT = "1e-17 erg / (s cm2 Angstrom)"
_NO_UNIT = ("", "1", "dimensionless", "adu", "count", "counts", "ct", "electron", "electrons")
"""Units of flux, in lower case, that are no flux density."""


@dataclass(frozen=True, eq=False)
class SpectrumFile:
    """A spectrum on its own pixels, and what its source says of it."""

    spectrum: Spectrum
    has_ivar: bool = True
    calibrated: bool = True
    """False where the unit of the flux is unknown."""
    in_vacuum: bool = False
    """True where the source says that its wavelengths are in vacuum."""
    target_id: TargetId | None = None
    notes: tuple[str, ...] = ()


def spectrum_from_columns(
    values: dict[str, Float64Array], units: dict[str, str], place: str
) -> SpectrumFile:
    """A spectrum from columns and their units, sorted by wavelength.

    Parameters
    ----------
    values
        (n,) `wavelength` and `flux`, and one of `ivar`, `error` and `variance`, and `mask`.
    units
        Units of the columns as text; one without a unit has Angstrom or 1e-17 erg / (s cm2
        Angstrom), and errors that of the flux.
    place
        Name of the source in messages.

    Raises
    ------
    SourceError
        Where a unit is unknown or not one of wavelength or flux density.
    InvalidSpectrumError
        Where lengths differ, or wavelengths repeat.
    """
    lengths = {name: len(column) for name, column in values.items()}
    if len(set(lengths.values())) != 1:
        found = ", ".join(f"{name} {n}" for name, n in lengths.items())
        raise InvalidSpectrumError(f"{place} has columns of different lengths: {found}.")
    notes = []
    for name, unit in (("wavelength", WAVELENGTH_UNIT), ("flux", FLUX_UNIT)):
        if name not in units:
            notes.append(f"{place} states no unit of {name}; {unit} is assumed.")
    wavelength = _converted_wavelength(values["wavelength"], units, place)
    calibrated = units.get("flux", FLUX_UNIT).strip().lower() not in _NO_UNIT
    factor = np.ones(len(wavelength))
    if calibrated:
        factor = _flux_factor(units.get("flux", FLUX_UNIT), wavelength, place)
    else:
        notes.append(
            f"{place} has flux in {units['flux'] or 'no unit'!r}, which is no flux density: the "
            "embedding ignores its brightness."
        )
    if units.get("flux", FLUX_UNIT) != FLUX_UNIT and calibrated and np.any(factor != 1):
        notes.append(f"{place} has flux in {units['flux']}; it was converted to {FLUX_UNIT}.")
    flux = values["flux"] * factor
    ivar = _ivar(values, factor)
    order = np.argsort(wavelength, kind="stable")
    mask = values.get("mask", np.zeros(len(flux))).astype(bool)
    used = order[np.isfinite(wavelength[order])]
    weights = np.ones(len(flux)) if ivar is None else ivar
    try:
        spectrum = Spectrum(
            wavelength[used],
            flux[used].astype(np.float32),
            weights[used].astype(np.float32),
            mask[used],
        )
    except InvalidSpectrumError as error:
        raise InvalidSpectrumError(f"{place}: {error}") from None
    return SpectrumFile(spectrum, ivar is not None, calibrated, notes=tuple(notes))


def _ivar(values: dict[str, Float64Array], factor: Float64Array) -> Float64Array | None:
    """Inverse variance of the flux after its conversion; None where no errors are given."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if "ivar" in values:
            ivar = values["ivar"]
        elif "error" in values:
            ivar = np.where(values["error"] > 0, values["error"] ** -2.0, 0.0)
        elif "variance" in values:
            ivar = np.where(values["variance"] > 0, 1 / values["variance"], 0.0)
        else:
            return None
        scaled = np.asarray(ivar / factor**2, np.float64)
    return np.where(np.isfinite(scaled) & (scaled > 0), scaled, 0.0)


def _converted_wavelength(
    wavelength: Float64Array, units: dict[str, str], place: str
) -> Float64Array:
    unit = units.get("wavelength", WAVELENGTH_UNIT)
    if unit == WAVELENGTH_UNIT:
        return wavelength
    # Imported here: astropy.units takes 0.1 s to import, and most spectra are in Angstrom.
    from astropy import units as u

    quantity = wavelength * _unit(unit, "wavelength", place)
    try:
        return np.asarray(quantity.to_value(u.AA, u.spectral()), np.float64)
    except u.UnitConversionError:
        raise SourceError(
            f"{place}: the wavelength is in {unit!r}; expected a unit of length, such as Angstrom "
            "or nm."
        ) from None


def _flux_factor(unit: str, wavelength: Float64Array, place: str) -> Float64Array:
    """Factor from a unit of flux density to 1e-17 erg / (s cm2 Angstrom), for each pixel."""
    ones = np.ones(len(wavelength))
    if unit == FLUX_UNIT:
        return ones
    from astropy import units as u

    stated, wanted = _unit(unit, "flux", place), u.Unit(FLUX_UNIT)
    try:
        if stated.is_equivalent(wanted):
            factor = float(stated.to(wanted))
            return ones * (round(factor, 12) if factor > 1e-3 else factor)
        known = np.where(np.isfinite(wavelength) & (wavelength > 0), wavelength, 1.0)
        return np.asarray(
            (ones * stated).to_value(wanted, u.spectral_density(known * u.AA)), np.float64
        )
    except (u.UnitConversionError, AttributeError, TypeError):
        raise SourceError(
            f"{place}: the flux is in {unit!r}; expected a flux density, such as {FLUX_UNIT} or Jy."
        ) from None


def _unit(text: str, name: str, place: str) -> Any:
    # Imported here, because most queries read no file.
    from galsearch.sources.fits.unit_text import parse_unit

    try:
        return parse_unit(text)
    except ValueError:
        raise SourceError(f"{place}: {text!r}, the unit of {name}, is unknown.") from None
