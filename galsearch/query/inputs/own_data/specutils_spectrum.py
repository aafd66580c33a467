"""Spectra that are objects of specutils, with their units, uncertainties and masks."""

from typing import Any

import numpy as np

from galsearch.core.arrays import Float64Array
from galsearch.core.errors import InvalidSpectrumError
from galsearch.query.inputs.own_data.spectrum_units import (
    WAVELENGTH_UNIT,
    SpectrumFile,
    spectrum_from_columns,
)

_KINDS = {"std": ("error", 1), "var": ("variance", 2), "ivar": ("ivar", -2)}
"""Column and power of the unit of the flux, for each kind of uncertainty of astropy."""


def is_specutils(given: Any) -> bool:
    """True for an object with a spectral axis and flux, and for a list of such objects."""
    return _is_spectrum(given) or (isinstance(given, list) and any(map(_is_spectrum, given)))


def _is_spectrum(given: Any) -> bool:
    return hasattr(given, "spectral_axis") and hasattr(given, "flux")


def spectrum_from_specutils(given: Any, place: str) -> SpectrumFile:
    """A spectrum from a `Spectrum` of specutils, or the only one of a list or collection.

    Raises
    ------
    SourceError, InvalidSpectrumError
        As from `spectrum_from_columns`; also for several spectra in one object, an uncertainty of
        unknown kind or unit, and velocities without a rest wavelength.
    """
    given = _only_one(given, place)
    values = {"flux": _values(given.flux.value)}
    units = {"flux": str(given.flux.unit)}
    values["wavelength"], units["wavelength"] = _spectral_axis(given, place)
    uncertainty = getattr(given, "uncertainty", None)
    if uncertainty is not None:
        name, column = _uncertainty(uncertainty, given.flux.unit, place)
        values[name] = column
    mask = getattr(given, "mask", None)
    if mask is not None:
        values["mask"] = np.asarray(mask, bool).astype(np.float64)
    return spectrum_from_columns(values, units, place)


def _only_one(given: Any, place: str) -> Any:
    """The object itself, or the spectrum of an object that holds one."""
    if isinstance(given, list):
        if len(given) != 1:
            raise InvalidSpectrumError(
                f"{place} is a {type(given).__name__} of {len(given)} spectra; expected one of "
                "them, such as the first, [0]."
            )
        return _only_one(given[0], place)
    shape = given.flux.shape
    if len(shape) == 1:
        return given
    if len(shape) == 2 and shape[0] == 1:
        return given[0]
    raise InvalidSpectrumError(
        f"{place} holds flux of shape {shape}; expected one spectrum, of shape (n,)."
    )


def _values(given: Any) -> Float64Array:
    """Numbers of an array, NaN where it is masked."""
    return np.asarray(np.ma.filled(np.ma.asarray(given).astype(np.float64), np.nan))


def _spectral_axis(given: Any, place: str) -> tuple[Float64Array, str]:
    """The spectral axis and its unit; velocities are converted to wavelengths."""
    axis = given.spectral_axis
    if axis.unit.physical_type != "speed":
        return np.asarray(axis.value, np.float64), str(axis.unit)
    try:
        return np.asarray(axis.to(WAVELENGTH_UNIT).value, np.float64), WAVELENGTH_UNIT
    except Exception as error:
        # Astropy raises errors of several kinds where the rest wavelength or convention is unknown.
        raise InvalidSpectrumError(
            f"{place} has velocities in {axis.unit} as its spectral axis, which are no wavelengths "
            f"({error}); expected a unit of length, or a rest wavelength and a velocity convention."
        ) from None


def _uncertainty(given: Any, flux_unit: Any, place: str) -> tuple[str, Float64Array]:
    """The name of the column of an uncertainty, and its values in the unit of the flux."""
    if given.uncertainty_type not in _KINDS:
        raise InvalidSpectrumError(
            f"{place} has an uncertainty of type {given.uncertainty_type!r}; expected std, var or "
            "ivar."
        )
    name, power = _KINDS[given.uncertainty_type]
    values = _values(given.array)
    unit = getattr(given, "unit", None)
    if unit is None:
        return name, values
    try:
        return name, values * float(unit.to(flux_unit**power))
    except ValueError:
        raise InvalidSpectrumError(
            f"{place} has an uncertainty of type {given.uncertainty_type!r} in {unit}; expected "
            f"{flux_unit**power}."
        ) from None
