"""Star-formation histories as the mass formed in each of Bagpipes' age bins, in closed form."""

from collections.abc import Sequence

import numpy as np

from galsearch.core.arrays import Float32Array, Float64Array
from galsearch.simulate.population.scaling_relations import Galaxy, StellarPopulation
from galsearch.simulate.sed.stellar_grid import StellarLibrary

YOUNG_YR, _BIRTH_CLOUD_YR = 1e8, 1e7
_RECENT_YR = 1e8
"""Time in years over which the star-formation rate is averaged, as in Bagpipes."""
_IONISING_FRACTION = 0.7
"""Share of the ionising photons that reach gas; dust absorbs the others. The value is chosen such
that Halpha has the equivalent width of star-forming galaxies in SDSS. Inoue 2001 (AJ 122, 1788)
finds half or less in spirals, and more where the metallicity is lower."""


def mass_by_age(stars: StellarPopulation, age_edges_yr: Float64Array) -> Float64Array:
    """Share of the mass formed in each age bin, (n_ages,); the shares sum to one.

    The delayed history t exp(-t/tau) integrates to 1 - (1 + t/tau) exp(-t/tau) after a time t.
    """
    edges = age_edges_yr / 1e9
    share = -np.diff(_formed(np.clip(stars.start_gyr - edges, 0, None) / stars.tau_gyr))
    share /= share.sum()
    young = _overlap(edges, 0.0, _RECENT_YR / 1e9)
    share *= 1 + (stars.recent - 1) * young
    share += stars.floor_ssfr * 1e9 * _overlap(edges, 0.0, 1.0) * np.diff(edges)
    if stars.quenched_gyr > 0:
        share *= 1 - _overlap(edges, 0.0, stars.quenched_gyr)
        burst = _overlap(edges, stars.quenched_gyr, stars.quenched_gyr + 0.15) * np.diff(edges)
        share = share / share.sum() + stars.burst_fraction * burst / burst.sum()
    return np.asarray(share / share.sum())


def component_weights(galaxy: Galaxy, library: StellarLibrary) -> Float64Array:
    """Mass formed in bulge and disk, (2, n_metals, n_ages), of one solar mass in total."""
    shares = (galaxy.bulge_mass_fraction, 1 - galaxy.bulge_mass_fraction)
    return np.array(
        [
            share
            * metal_weights(stars.metallicity, library.metallicities)[:, None]
            * mass_by_age(stars, library.age_edges_yr)
            for share, stars in zip(shares, (galaxy.bulge, galaxy.disk), strict=True)
        ]
    )


def split_by_age(weights: Float64Array, library: StellarLibrary) -> Float32Array:
    """Mass formed in the bulge, the old disk, stars of 10 to 100 Myr and younger stars.

    Parameters
    ----------
    weights : (n_galaxies, 2, n_metals, n_ages)
        Mass formed in bulge and disk of each galaxy, from `component_weights`.
    library
        Spectra of stars and gas, which define the age bins.

    Returns
    -------
    (n_galaxies, 4, n_metals * n_ages) float32
    """
    young = younger_than(YOUNG_YR, library.age_edges_yr)
    birth = younger_than(_BIRTH_CLOUD_YR, library.age_edges_yr)
    bulge, disk = weights[:, 0], weights[:, 1]
    rows = (bulge, disk * (1 - young), disk * (young - birth), disk * birth)
    return np.stack([row.reshape(len(weights), -1) for row in rows], axis=1).astype(np.float32)


def gas_weights(
    parts: Float32Array, galaxies: Sequence[Galaxy], library: StellarLibrary
) -> Float32Array:
    """Mass of the youngest stars at the metallicity of the gas, which scales the nebular emission.

    Parameters
    ----------
    parts : (n_galaxies, 4, n_metals * n_ages)
        Mass formed in four components of each galaxy, from `split_by_age`.
    galaxies
        The galaxies, whose gas metallicities are used.
    library
        Spectra of stars and gas, which define the metallicities and age bins.

    Returns
    -------
    (n_galaxies, n_metals * n_young) float32
    """
    youngest = parts[:, 3].reshape(len(parts), len(library.metallicities), -1).sum(axis=1)
    metals = [metal_weights(galaxy.gas_metallicity, library.metallicities) for galaxy in galaxies]
    weights = (
        _IONISING_FRACTION * np.array(metals)[:, :, None] * youngest[:, None, : library.n_young]
    )
    return np.asarray(weights.reshape(len(parts), -1), np.float32)


def metal_weights(metallicity: float, metallicities: Float64Array) -> Float64Array:
    """Weights (n_metals,) of linear interpolation between metallicities, as in Bagpipes.

    Examples
    --------
    >>> metal_weights(1.5, np.array([0.5, 1.0, 2.0]))
    array([0. , 0.5, 0.5])
    """
    above = int(np.clip(np.searchsorted(metallicities, metallicity), 1, len(metallicities) - 1))
    low, high = metallicities[above - 1], metallicities[above]
    weights = np.zeros(len(metallicities))
    weights[above] = np.clip((metallicity - low) / (high - low), 0, 1)
    weights[above - 1] = 1 - weights[above]
    return weights


def younger_than(age_yr: float, age_edges_yr: Float64Array) -> Float64Array:
    """Share (n_ages,) of each age bin that is younger than `age_yr` years.

    Examples
    --------
    >>> younger_than(1.5e7, np.array([0.0, 1e7, 2e7, 4e7]))
    array([1. , 0.5, 0. ])
    """
    return _overlap(age_edges_yr, 0.0, age_yr)


def _formed(t: Float64Array) -> Float64Array:
    """Integral of the star-formation history t exp(-t) from 0 to t, with t in units of tau."""
    return np.asarray(1 - (1 + t) * np.exp(-t))


def _overlap(edges: Float64Array, low: float, high: float) -> Float64Array:
    """Share (n,) of each bin that lies between `low` and `high`, for n + 1 edges."""
    covered = np.clip(edges[1:], low, high) - np.clip(edges[:-1], low, high)
    return np.asarray(covered / np.diff(edges))
