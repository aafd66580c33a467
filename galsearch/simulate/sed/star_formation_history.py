"""Star-formation histories as the mass formed in each of Bagpipes' age bins, in closed form."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from galsearch.simulate.population.scaling_relations import Galaxy, Stars
from galsearch.simulate.sed.stellar_grid import Library

Floats = npt.NDArray[np.float64]

YOUNG_YR, _BIRTH_CLOUD_YR = 1e8, 1e7
_RECENT_YR = 1e8
"""The window over which Bagpipes, and we, average the star-formation rate."""
_IONISING = 0.7
"""Of the photons that could ionise gas: dust takes the others first. Such that Halpha is as wide as
in SDSS's star-forming galaxies; Inoue 2001 (AJ 122, 1788) finds half or less in spirals, and more
where there are fewer metals."""


def mass_by_age(stars: Stars, age_edges_yr: Floats) -> Floats:
    """(n_ages,): share of the mass formed in each age bin; sums to one.

    The delayed history integrates to 1 - (1 + t/tau) exp(-t/tau) after a time t.
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


def component_weights(galaxy: Galaxy, library: Library) -> Floats:
    """(2, n_metals, n_ages): mass formed in bulge and disk, of one solar mass in all."""
    shares = (galaxy.bulge_mass_share, 1 - galaxy.bulge_mass_share)
    return np.array(
        [
            share
            * metal_weights(stars.metallicity, library.metallicities)[:, None]
            * mass_by_age(stars, library.age_edges_yr)
            for share, stars in zip(shares, (galaxy.bulge, galaxy.disk), strict=True)
        ]
    )


def split_by_age(weights: Floats, library: Library) -> npt.NDArray[np.float32]:
    """(n_galaxies, 4, n_metals * n_ages): bulge, old disk, 10 to 100 Myr, under 10 Myr."""
    young = younger_than(YOUNG_YR, library.age_edges_yr)
    birth = younger_than(_BIRTH_CLOUD_YR, library.age_edges_yr)
    bulge, disk = weights[:, 0], weights[:, 1]
    rows = (bulge, disk * (1 - young), disk * (young - birth), disk * birth)
    return np.stack([row.reshape(len(weights), -1) for row in rows], axis=1).astype(np.float32)


def gas_weights(
    parts: npt.NDArray[np.float32], galaxies: Sequence[Galaxy], library: Library
) -> npt.NDArray[np.float32]:
    """(n_galaxies, n_metals * n_young): the youngest stars, at the metallicity of the gas.

    Parameters
    ----------
    parts
        Of these galaxies, by `split_by_age`.
    """
    youngest = parts[:, 3].reshape(len(parts), len(library.metallicities), -1).sum(axis=1)
    metals = [metal_weights(galaxy.gas_metallicity, library.metallicities) for galaxy in galaxies]
    weights = _IONISING * np.array(metals)[:, :, None] * youngest[:, None, : library.n_young]
    return np.asarray(weights.reshape(len(parts), -1), np.float32)


def metal_weights(metallicity: float, metallicities: Floats) -> Floats:
    """(n_metals,): linear interpolation between the library's metallicities, as Bagpipes does."""
    above = int(np.clip(np.searchsorted(metallicities, metallicity), 1, len(metallicities) - 1))
    low, high = metallicities[above - 1], metallicities[above]
    weights = np.zeros(len(metallicities))
    weights[above] = np.clip((metallicity - low) / (high - low), 0, 1)
    weights[above - 1] = 1 - weights[above]
    return weights


def younger_than(age_yr: float, age_edges_yr: Floats) -> Floats:
    """(n_ages,): the share of each bin that is younger than `age_yr`."""
    return _overlap(age_edges_yr, 0.0, age_yr)


def _formed(t: Floats) -> Floats:
    return np.asarray(1 - (1 + t) * np.exp(-t))


def _overlap(edges: Floats, low: float, high: float) -> Floats:
    covered = np.clip(edges[1:], low, high) - np.clip(edges[:-1], low, high)
    return np.asarray(covered / np.diff(edges))
