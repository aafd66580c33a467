"""Samples of the wide population: those of DESI targets, all faint galaxies, quasars and stars.

The samples of `luminosity_functions` leave gaps: between the faint end of BGS and the LRGs and ELGs
of a redshift there is no galaxy, and there is no quasar and no star. Real catalogues have all of
them, so the wide population fills the gaps. It is a training population: its shares are chosen so
that each kind is common enough to be learned, not as frequent as on the sky.
"""

import functools
from dataclasses import dataclass

import numpy as np

from galsearch.core.spectrum import SPEED_OF_LIGHT_KM_S
from galsearch.simulate.population.luminosity_functions import (
    SAMPLES,
    Sample,
    Target,
    draw_sample,
    draw_target,
    sample_table,
)
from galsearch.simulate.population.morphology import Shape
from galsearch.simulate.population.scaling_relations import Galaxy, StellarPopulation

QUASAR, STAR = "QSO", "STAR"
POINT_SOURCES = (QUASAR, STAR)
"""Names of the samples whose objects are no galaxies."""
FAINT = Sample("FAINT", 0.28, (19.0, 23.3), (0.003, 1.6), "", (-24.5, -13.0))
"""Galaxies of all kinds and redshifts, whose r magnitudes are spread evenly."""
_QUASAR_SHARE, _STAR_SHARE = 0.04, 0.03
_EVEN_REDSHIFT_SHARE = 0.5
"""Share of the faint galaxies whose redshifts are spread evenly over those at which a galaxy of the
magnitude can lie; the others follow the luminosity functions."""
_POINT_ARCSEC = 0.02
"""Half-light radius of a point source, far below the seeing."""


@dataclass(frozen=True)
class WideSample:
    """One draw of the wide population, before its physical properties are drawn."""

    sample: Sample | None
    """Sample of galaxies; None for a quasar or a star."""
    name: str
    mag_r: float
    """Apparent AB magnitude in r without the Milky Way's dust."""


def draw_wide_sample(rng: np.random.Generator) -> WideSample:
    """A random sample and r magnitude of the wide population."""
    draw = rng.random()
    if draw < _QUASAR_SHARE:
        return WideSample(None, QUASAR, float(17.0 + 6.0 * np.sqrt(rng.random())))
    if draw < _QUASAR_SHARE + _STAR_SHARE:
        return WideSample(None, STAR, float(15.5 + 6.5 * np.sqrt(rng.random())))
    if draw < _QUASAR_SHARE + _STAR_SHARE + FAINT.share:
        return WideSample(FAINT, FAINT.name, float(rng.uniform(*FAINT.mag_r)))
    sample, mag_r = draw_sample(rng)
    return WideSample(sample, sample.name, mag_r)


def draw_faint_target(mag_r: float, rng: np.random.Generator) -> Target:
    """A random faint galaxy (redshift and kind) of a given r magnitude."""
    if rng.random() > _EVEN_REDSHIFT_SHARE:
        return draw_target(FAINT, mag_r, rng)
    z_grid, mags, density = sample_table(FAINT)
    possible = z_grid[density[:, :, int(np.argmin(np.abs(mags - mag_r)))].sum(axis=0) > 0]
    z = float(rng.choice(possible) + (rng.random() - 0.5) * (z_grid[1] - z_grid[0]))
    return draw_target(FAINT, mag_r, rng, z=z)


def draw_point_source(name: str, mag_r: float, rng: np.random.Generator) -> Galaxy:
    """A random quasar or star in the form of a galaxy without extent.

    Its stellar populations, dust and gas are not defined. The redshift of a star is that of its
    radial velocity.
    """
    if name == QUASAR:
        z = float(np.clip(rng.normal(1.5, 0.75), 0.15, 3.6))
    else:
        z = float(rng.normal(0, 80.0) / SPEED_OF_LIGHT_KM_S)
    none = StellarPopulation(1.0, 1.0, np.nan)
    shape = Shape(
        bulge_r_arcsec=_POINT_ARCSEC, bulge_axis_ratio=1.0, sersic=1.0,
        disk_r_arcsec=_POINT_ARCSEC, disk_axis_ratio=1.0, position_angle_deg=0.0,
        n_arms=0, pitch_deg=20.0, clumpiness=0.0,
    )  # fmt: skip
    return Galaxy(
        target=Target(name, z, mag_r, np.nan, False),
        bulge=none, disk=none, bulge_mass_fraction=1.0, shape=shape,
        dust_av=np.nan, dust_slope=np.nan, birth_cloud=np.nan, log_ionisation=np.nan,
        gas_metallicity=np.nan, sigma_bulge_km_s=20.0, sigma_disk_km_s=20.0,
        agn_oiii=0.0, agn_seyfert=False, star_forming=False, post_starburst=False,
    )  # fmt: skip


@functools.cache
def sample_shares() -> dict[str, float]:
    """Share of each sample in the wide population, by name."""
    rest = 1 - FAINT.share - _QUASAR_SHARE - _STAR_SHARE
    shares = {sample.name: rest * sample.share for sample in SAMPLES}
    return {**shares, FAINT.name: FAINT.share, QUASAR: _QUASAR_SHARE, STAR: _STAR_SHARE}
