"""The light of galaxies by component: what image and spectrum of one galaxy have in common."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from galsearch.simulate.cosmology import luminosity_distance_mpc
from galsearch.simulate.population.scaling_relations import Galaxy
from galsearch.simulate.sed import photometry
from galsearch.simulate.sed.star_formation_history import (
    YOUNG_YR,
    component_weights,
    gas_weights,
    split_by_age,
    younger_than,
)
from galsearch.simulate.sed.stellar_grid import Library

Floats = npt.NDArray[np.float64]

COMPONENTS = ("bulge", "disk", "young")
"""Bulge; stars of the disk older than 100 Myr; younger stars with the gas they ionise."""

_SUN_PER_MPC2 = 3.828e33 / (4 * np.pi * 3.0856775814913673e24**2) * 1e17
"""A solar luminosity at 1 Mpc, in 1e-17 erg / (s cm2)."""

_SEYFERT = {
    5006.84: 1.0, 4958.91: 0.335, 4861.32: 0.10, 6562.80: 0.31, 6583.45: 0.30, 6548.05: 0.10,
    6716.44: 0.11, 6730.82: 0.10, 3726.03: 0.10, 3728.81: 0.13, 6300.30: 0.06, 3868.76: 0.08,
}  # fmt: skip
_LINER = {
    5006.84: 1.0, 4958.91: 0.335, 4861.32: 0.50, 6562.80: 1.5, 6583.45: 2.0, 6548.05: 0.67,
    6716.44: 0.9, 6730.82: 0.8, 3726.03: 0.9, 3728.81: 1.2, 6300.30: 0.3,
}  # fmt: skip
"""Line fluxes over [OIII] 5007, by wavelength in air: middles of the Seyfert and LINER regions of
Kewley et al. 2006 (MNRAS 372, 961), to a factor of two."""

_DUST_ANGSTROM = (3500, 3600, 4000, 4770, 5500, 6430, 7500, 8500, 9150, 10300)
_DUST_COEFFICIENT = (4.45, 4.34, 3.96, 3.214, 2.75, 2.165, 1.67, 1.37, 1.211, 1.0)
"""A(wavelength) / E(B-V) of the Milky Way, through DR9's coefficients 3.214, 2.165 and 1.211."""


@dataclass(frozen=True, eq=False)
class Light:
    """One galaxy above the atmosphere, behind the Milky Way's dust. 1e-17 erg/(s cm2 Angstrom)."""

    wavelength_angstrom: Floats
    """(n,) observed frame, vacuum."""
    continuum: npt.NDArray[np.float32]
    """(3, n), bulge, disk, young."""
    line_wavelength_angstrom: Floats
    """(n_lines,) observed frame."""
    young_lines: Floats
    """(n_lines,), 1e-17 erg/(s cm2): of the gas around young stars."""
    nuclear_lines: Floats
    """(n_lines,): of the active nucleus."""
    band_flux: Floats
    """(4, 3): nanomaggies of bulge, disk, young and nucleus in g, r and z."""
    log10_mass: float
    """log10 of the solar masses in living stars."""
    age_gyr: float
    """Weighted by the mass formed."""
    log10_metallicity: float
    """log10 of Z / Zsun, weighted by living mass."""
    sfr: float
    """Solar masses a year over the last 100 Myr."""


def shine(
    galaxies: Sequence[Galaxy],
    library: Library,
    *,
    ebv: Sequence[float],
    hemisphere: str = "south",
) -> list[Light]:
    """The light of each galaxy; `ebv` is the reddening by the Milky Way towards it.

    `hemisphere` says whose filters the band fluxes are of.

    Stars are summed over the library in one matrix product for all of them.
    """
    weights = np.array([component_weights(galaxy, library) for galaxy in galaxies])
    parts = split_by_age(weights, library)
    n = len(library.wavelength_angstrom)
    flat = parts.reshape(-1, parts.shape[-1]) @ library.stars
    stars = flat.reshape(len(galaxies), 4, n)
    gas = gas_weights(parts, galaxies, library)
    stars[:, 3] += gas @ library.nebula
    return [
        _one(galaxy, library, weights[i], stars[i], gas[i], ebv[i], hemisphere)
        for i, galaxy in enumerate(galaxies)
    ]


def _one(
    galaxy: Galaxy,
    library: Library,
    weights: Floats,
    stars: npt.NDArray[np.float32],
    gas: npt.NDArray[np.float32],
    ebv: float,
    hemisphere: str,
) -> Light:
    z = galaxy.draw.z
    rest, rest_lines = library.wavelength_angstrom, library.line_wavelength_angstrom
    cont_dust = _attenuation(galaxy, rest, library.attenuation)
    line_dust = _attenuation(galaxy, rest_lines, library.line_attenuation)
    continuum = np.stack(
        [
            stars[0] * cont_dust,
            stars[1] * cont_dust,
            stars[2] * cont_dust + stars[3] * cont_dust**galaxy.birth_cloud,
        ]
    )
    young_lines = _nebular_lines(galaxy, library, gas) * line_dust**galaxy.birth_cloud
    nuclear_lines = _nuclear_lines(galaxy, library, continuum)
    wavelength, lines = rest * (1 + z), rest_lines * (1 + z)
    continuum *= np.float32(1 / (1 + z))
    fluxes = _band_fluxes(wavelength, continuum, lines, (young_lines, nuclear_lines), hemisphere)
    wanted = 10 ** (-0.4 * (galaxy.draw.mag_r - 22.5))
    scale = wanted / fluxes[:, 1].sum()
    veil, line_veil = _milky_way(wavelength, ebv), _milky_way(lines, ebv)
    continuum *= (scale * veil).astype(np.float32)
    young_lines, nuclear_lines = young_lines * scale * line_veil, nuclear_lines * scale * line_veil
    fluxes = _band_fluxes(wavelength, continuum, lines, (young_lines, nuclear_lines), hemisphere)
    mass_formed = scale / (_SUN_PER_MPC2 / float(luminosity_distance_mpc(z)) ** 2)
    return Light(
        wavelength, continuum, lines, young_lines, nuclear_lines, fluxes,
        *_masses(weights.sum(axis=0) * mass_formed, library),
    )  # fmt: skip


def _attenuation(galaxy: Galaxy, wavelength: Floats, curve: npt.NDArray[np.floating]) -> Floats:
    tilted = curve * (wavelength / 5500.0) ** galaxy.dust_slope
    return np.asarray(10 ** (-0.4 * galaxy.dust_av * tilted))


def _milky_way(wavelength: Floats, ebv: float) -> Floats:
    return np.asarray(10 ** (-0.4 * ebv * np.interp(wavelength, _DUST_ANGSTROM, _DUST_COEFFICIENT)))


def _nebular_lines(galaxy: Galaxy, library: Library, gas: npt.NDArray[np.float32]) -> Floats:
    """(n_lines,): the young ages' lines, interpolated in the ionisation parameter."""
    above = int(np.clip(np.searchsorted(library.log_u, galaxy.log_ionisation), 1, 8))
    low, high = library.log_u[above - 1 : above + 1]
    share = (galaxy.log_ionisation - low) / (high - low)
    table = (1 - share) * library.lines[:, above - 1] + share * library.lines[:, above]
    return np.asarray(gas.astype(np.float64) @ table.reshape(gas.size, -1))


def _nuclear_lines(galaxy: Galaxy, library: Library, continuum: npt.NDArray[np.float32]) -> Floats:
    lines = np.zeros(len(library.line_wavelength_angstrom))
    if galaxy.agn_oiii > 0:
        at = int(np.searchsorted(library.wavelength_angstrom, 5040.0))
        oiii = galaxy.agn_oiii * float(continuum[:, at - 15 : at + 15].mean(axis=1).sum())
        for air, ratio in (_SEYFERT if galaxy.agn_seyfert else _LINER).items():
            vacuum = air * 1.000277
            lines[np.argmin(np.abs(library.line_wavelength_angstrom - vacuum))] = ratio * oiii
    return lines


def _band_fluxes(
    wavelength: Floats,
    continuum: npt.NDArray[np.float32],
    lines: Floats,
    young_and_nuclear: tuple[Floats, Floats],
    hemisphere: str,
) -> Floats:
    fluxes = np.zeros((4, len(photometry.BANDS)))
    fluxes[:3] = photometry.continuum_fluxes(wavelength, continuum, hemisphere)
    fluxes[2:] += photometry.line_fluxes(lines, np.stack(young_and_nuclear), hemisphere)
    return np.asarray(fluxes * 1e-17)


def _masses(formed: Floats, library: Library) -> tuple[float, float, float, float]:
    living = formed * library.living
    middle = (library.age_edges_yr[1:] + library.age_edges_yr[:-1]) / 2
    recent = formed.sum(axis=0) * younger_than(YOUNG_YR, library.age_edges_yr)
    metals = float((living.sum(axis=1) * library.metallicities).sum() / living.sum())
    age = float((formed.sum(axis=0) * middle).sum() / formed.sum() / 1e9)
    return float(np.log10(living.sum())), age, float(np.log10(metals)), float(recent.sum() / 1e8)
