"""Spectral energy distributions of simulated galaxies by component.

The image and the spectrum of a galaxy are both made from its distribution.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float32Array, Float64Array
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
from galsearch.simulate.sed.stellar_grid import StellarLibrary

COMPONENTS = ("bulge", "disk", "young")
"""Components of a galaxy: bulge, disk stars older than 100 Myr, younger stars with ionised gas."""

_SUN_PER_MPC2 = 3.828e33 / (4 * np.pi * 3.0856775814913673e24**2) * 1e17
"""Flux of one solar luminosity at 1 Mpc, in 1e-17 erg / (s cm2)."""

_SEYFERT = {
    5006.84: 1.0, 4958.91: 0.335, 4861.32: 0.10, 6562.80: 0.31, 6583.45: 0.30, 6548.05: 0.10,
    6716.44: 0.11, 6730.82: 0.10, 3726.03: 0.10, 3728.81: 0.13, 6300.30: 0.06, 3868.76: 0.08,
}  # fmt: skip
_LINER = {
    5006.84: 1.0, 4958.91: 0.335, 4861.32: 0.50, 6562.80: 1.5, 6583.45: 2.0, 6548.05: 0.67,
    6716.44: 0.9, 6730.82: 0.8, 3726.03: 0.9, 3728.81: 1.2, 6300.30: 0.3,
}  # fmt: skip
"""Line fluxes of Seyferts and LINERs relative to [OIII] 5007, by wavelength in air in Angstrom.
They are the centres of the regions of Kewley et al. 2006 (MNRAS 372, 961), to a factor of two."""

_DUST_ANGSTROM = (3500, 3600, 4000, 4770, 5500, 6430, 7500, 8500, 9150, 10300)
_DUST_COEFFICIENT = (4.45, 4.34, 3.96, 3.214, 2.75, 2.165, 1.67, 1.37, 1.211, 1.0)
"""Extinction of the Milky Way, A(wavelength) / E(B-V); in g, r and z it has DR9's coefficients
3.214, 2.165 and 1.211."""


@dataclass(frozen=True, eq=False)
class GalaxySED:
    """Spectral energy distribution of one galaxy above the atmosphere, dimmed by all dust.

    Flux densities are in 1e-17 erg/(s cm2 Angstrom).
    """

    wavelength_angstrom: Float64Array
    """Wavelengths in the observed frame and vacuum, (n,)."""
    continuum: Float32Array
    """Continuum of bulge, disk and young stars, (3, n)."""
    line_wavelength_angstrom: Float64Array
    """Wavelengths of emission lines in the observed frame and vacuum, (n_lines,)."""
    young_lines: Float64Array
    """Line fluxes of the gas around young stars, (n_lines,), 1e-17 erg/(s cm2)."""
    nuclear_lines: Float64Array
    """Line fluxes of the active nucleus, (n_lines,), 1e-17 erg/(s cm2)."""
    band_flux: Float64Array
    """Fluxes of bulge, disk, young stars and nucleus in g, r and z, (4, 3), nanomaggies."""
    log10_mass: float
    """log10 of the mass in living stars, in solar masses."""
    age_gyr: float
    """Mean age of the stars in Gyr, weighted by the mass formed."""
    log10_metallicity: float
    """log10 of the mean metallicity Z / Zsun of the stars, weighted by the mass of living stars."""
    sfr: float
    """Star-formation rate in solar masses per year, averaged over the last 100 Myr."""


def galaxy_seds(
    galaxies: Sequence[Galaxy],
    library: StellarLibrary,
    *,
    ebv: Sequence[float],
    hemisphere: str = "south",
) -> list[GalaxySED]:
    """Spectral energy distributions of galaxies, scaled to their r magnitudes.

    Stars are summed over the library in one matrix product for all galaxies.

    Parameters
    ----------
    galaxies
        Physical properties of n galaxies.
    library
        Spectra of stars and gas, from `load_stellar_library`.
    ebv : n values
        Reddening E(B-V) by the Milky Way towards each galaxy.
    hemisphere : "south" or "north"
        Imaging survey whose filters define the band fluxes.
    """
    weights = np.array([component_weights(galaxy, library) for galaxy in galaxies])
    parts = split_by_age(weights, library)
    n = len(library.wavelength_angstrom)
    flat = parts.reshape(-1, parts.shape[-1]) @ library.stars
    stars = flat.reshape(len(galaxies), 4, n)
    gas = gas_weights(parts, galaxies, library)
    stars[:, 3] += gas @ library.nebula
    return [
        _galaxy_sed(galaxy, library, weights[i], stars[i], gas[i], ebv[i], hemisphere)
        for i, galaxy in enumerate(galaxies)
    ]


def band_fluxes_in(sed: GalaxySED, hemisphere: str) -> Float64Array:
    """Fluxes (4, 3) of an object through the filters of a hemisphere, in nanomaggies.

    They are the `band_flux` that the object has in images of that hemisphere.
    """
    lines = sed.young_lines, sed.nuclear_lines
    return _band_fluxes(
        sed.wavelength_angstrom, sed.continuum, sed.line_wavelength_angstrom, lines, hemisphere
    )


def _galaxy_sed(
    galaxy: Galaxy,
    library: StellarLibrary,
    weights: Float64Array,
    stars: Float32Array,
    gas: Float32Array,
    ebv: float,
    hemisphere: str,
) -> GalaxySED:
    z = galaxy.target.z
    wavelength = library.wavelength_angstrom * (1 + z)
    lines = library.line_wavelength_angstrom * (1 + z)
    continuum, young_lines, nuclear_lines = _rest_frame_emission(galaxy, library, stars, gas)
    continuum *= np.float32(1 / (1 + z))
    fluxes = _band_fluxes(wavelength, continuum, lines, (young_lines, nuclear_lines), hemisphere)
    wanted = 10 ** (-0.4 * (galaxy.target.mag_r - 22.5))
    scale = wanted / fluxes[:, 1].sum()
    # The Milky Way's dust dims the galaxy after it was scaled to its magnitude without that dust.
    dust, line_dust = milky_way_dust(wavelength, ebv), milky_way_dust(lines, ebv)
    continuum *= (scale * dust).astype(np.float32)
    young_lines, nuclear_lines = young_lines * scale * line_dust, nuclear_lines * scale * line_dust
    fluxes = _band_fluxes(wavelength, continuum, lines, (young_lines, nuclear_lines), hemisphere)
    mass_formed = scale / (_SUN_PER_MPC2 / float(luminosity_distance_mpc(z)) ** 2)
    return GalaxySED(
        wavelength, continuum, lines, young_lines, nuclear_lines, fluxes,
        *_masses(weights.sum(axis=0) * mass_formed, library),
    )  # fmt: skip


def _rest_frame_emission(
    galaxy: Galaxy, library: StellarLibrary, stars: Float32Array, gas: Float32Array
) -> tuple[Float32Array, Float64Array, Float64Array]:
    """Continuum (3, n), and lines of young stars and of the nucleus, behind the galaxy's dust."""
    dust = _attenuation(galaxy, library.wavelength_angstrom, library.attenuation)
    line_dust = _attenuation(galaxy, library.line_wavelength_angstrom, library.line_attenuation)
    continuum = np.stack(
        [
            stars[0] * dust,
            stars[1] * dust,
            stars[2] * dust + stars[3] * dust**galaxy.birth_cloud,
        ]
    )
    young_lines = _nebular_lines(galaxy, library, gas) * line_dust**galaxy.birth_cloud
    return continuum, young_lines, _nuclear_lines(galaxy, library, continuum)


def _attenuation(
    galaxy: Galaxy, wavelength: Float64Array, curve: npt.NDArray[np.floating]
) -> Float64Array:
    """Fraction of the light that the dust of a galaxy transmits at each wavelength."""
    tilted = curve * (wavelength / 5500.0) ** galaxy.dust_slope
    return np.asarray(10 ** (-0.4 * galaxy.dust_av * tilted))


def milky_way_dust(wavelength: Float64Array, ebv: float) -> Float64Array:
    """Fraction of the light that the Milky Way's dust transmits at each wavelength."""
    return np.asarray(10 ** (-0.4 * ebv * np.interp(wavelength, _DUST_ANGSTROM, _DUST_COEFFICIENT)))


def _nebular_lines(galaxy: Galaxy, library: StellarLibrary, gas: Float32Array) -> Float64Array:
    """Line luminosities (n_lines,) of the gas around young stars, at the galaxy's ionisation."""
    above = int(np.clip(np.searchsorted(library.log_u, galaxy.log_ionisation), 1, 8))
    low, high = library.log_u[above - 1 : above + 1]
    share = (galaxy.log_ionisation - low) / (high - low)
    table = (1 - share) * library.lines[:, above - 1] + share * library.lines[:, above]
    return np.asarray(gas.astype(np.float64) @ table.reshape(gas.size, -1))


def _nuclear_lines(
    galaxy: Galaxy, library: StellarLibrary, continuum: Float32Array
) -> Float64Array:
    """Line luminosities (n_lines,) of the nucleus, scaled to the continuum at [OIII] 5007."""
    lines = np.zeros(len(library.line_wavelength_angstrom))
    if galaxy.agn_oiii > 0:
        at = int(np.searchsorted(library.wavelength_angstrom, 5040.0))
        oiii = galaxy.agn_oiii * float(continuum[:, at - 15 : at + 15].mean(axis=1).sum())
        for air, ratio in (_SEYFERT if galaxy.agn_seyfert else _LINER).items():
            vacuum = air * 1.000277
            lines[np.argmin(np.abs(library.line_wavelength_angstrom - vacuum))] = ratio * oiii
    return lines


def _band_fluxes(
    wavelength: Float64Array,
    continuum: Float32Array,
    lines: Float64Array,
    young_and_nuclear: tuple[Float64Array, Float64Array],
    hemisphere: str,
) -> Float64Array:
    """Fluxes (4, 3) of bulge, disk, young stars and nucleus in g, r and z, in nanomaggies."""
    fluxes = np.zeros((4, len(photometry.BANDS)))
    fluxes[:3] = photometry.continuum_fluxes(wavelength, continuum, hemisphere)
    fluxes[2:] += photometry.line_fluxes(lines, np.stack(young_and_nuclear), hemisphere)
    return np.asarray(fluxes * 1e-17)


def _masses(formed: Float64Array, library: StellarLibrary) -> tuple[float, float, float, float]:
    """log10 of the living mass, age in Gyr, log10 of Z / Zsun, and SFR, from mass formed by age."""
    living = formed * library.living
    middle = (library.age_edges_yr[1:] + library.age_edges_yr[:-1]) / 2
    recent = formed.sum(axis=0) * younger_than(YOUNG_YR, library.age_edges_yr)
    metals = float((living.sum(axis=1) * library.metallicities).sum() / living.sum())
    age = float((formed.sum(axis=0) * middle).sum() / formed.sum() / 1e9)
    return float(np.log10(living.sum())), age, float(np.log10(metals)), float(recent.sum() / 1e8)
