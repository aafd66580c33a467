"""A galaxy of the population whose synthetic colours are those of a real target.

Of a few galaxies that physics allows at a magnitude, the one nearest in g - r and r - z to what
was drawn from the real survey is taken: history comes from physics; colours, sizes, ellipticities
and, of bright galaxies, the redshift from the sky; other redshifts from how many there are of each
luminosity. Where no physics is near a draw (an outlier of the catalogue),
the nearest stays.
"""

import functools
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from galsearch.simulate.population.luminosity_functions import draw_galaxy, draw_sample
from galsearch.simulate.population.scaling_relations import Galaxy, draw_physics
from galsearch.simulate.population.target_mixtures import draw_look
from galsearch.simulate.sed import photometry
from galsearch.simulate.sed.star_formation_history import (
    component_weights,
    gas_weights,
    split_by_age,
)
from galsearch.simulate.sed.stellar_grid import Library
from galsearch.simulate.survey.truth import half_light_radius

_CANDIDATES = 12
_STEP = 0.01
_TOLERANCE_GR, _TOLERANCE_RZ = 0.05, 0.04
"""Magnitudes: how the two colours weigh against each other, as the errors of BGS photometry do."""
_LOG_U = 2
"""Ionisation of the gas in these rough colours, log U = -3."""
_EFFECTIVE_ANGSTROM = np.array([4770.0, 6430.0, 9150.0])


def choose_galaxy(library: Library, rng: np.random.Generator) -> Galaxy:
    """One galaxy of the survey."""
    sample, mag_r = draw_sample(rng)
    if not sample.look:
        return draw_physics(draw_galaxy(sample, mag_r, rng), rng)
    look = draw_look(sample.look, mag_r, rng)
    best, least, bulge = None, np.inf, 0.0
    for _ in range(_CANDIDATES):
        target = draw_galaxy(sample, mag_r, rng, z=look.z)
        galaxy = draw_physics(target, rng, axis_ratio=look.axis_ratio)
        flux = rough_fluxes(galaxy, library)
        g, r, z = -2.5 * np.log10(flux.sum(axis=0))
        miss = ((g - r - look.colour_gr) / _TOLERANCE_GR) ** 2
        miss += ((r - z - look.colour_rz) / _TOLERANCE_RZ) ** 2
        if miss < least:
            best, least, bulge = galaxy, miss, float(flux[0, 1] / flux[:, 1].sum())
    assert best is not None  # noqa: S101 (a miss is always below infinity)
    shape = best.shape
    factor = look.r_eff_arcsec / half_light_radius(shape, bulge)
    return replace(
        best,
        shape=replace(
            shape,
            bulge_r_arcsec=float(np.clip(shape.bulge_r_arcsec * factor, 0.05, 14.0)),
            disk_r_arcsec=float(np.clip(shape.disk_r_arcsec * factor, 0.1, 16.0)),
        ),
    )


def rough_fluxes(galaxy: Galaxy, library: Library) -> npt.NDArray[np.float64]:
    """(4, 3): relative fluxes of bulge, old disk, young and youngest stars in g, r and z.

    Dust is taken at each band's middle and the gas at one ionisation: a few hundredths of a
    magnitude from `light.shine`, at a thousandth of its price.
    """
    stars, gas = _bands(library, round(galaxy.draw.z / _STEP))
    parts = split_by_age(component_weights(galaxy, library)[None], library)
    flux = (parts[0] @ stars).astype(np.float64)
    flux[3] += gas_weights(parts, [galaxy], library)[0] @ gas
    rest = _EFFECTIVE_ANGSTROM / (1 + galaxy.draw.z)
    curve = np.interp(rest, library.wavelength_angstrom, library.attenuation)
    dust = 10 ** (-0.4 * galaxy.dust_av * curve * (rest / 5500.0) ** galaxy.dust_slope)
    flux[:3] *= dust
    flux[3] *= dust**galaxy.birth_cloud
    return np.asarray(flux, dtype=np.float64)


@functools.cache
def _bands(library: Library, step: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """(n_metals * n_ages, 3) and (n_metals * n_young, 3): stars and gas in grz at a z."""
    z = step * _STEP
    wavelength = library.wavelength_angstrom * (1 + z)
    stars = photometry.continuum_fluxes(wavelength, library.stars)
    gas = photometry.continuum_fluxes(wavelength, library.nebula)
    lines = library.lines[:, _LOG_U].reshape(len(gas), -1)
    gas += photometry.line_fluxes(library.line_wavelength_angstrom * (1 + z), lines) * (1 + z)
    return stars.astype(np.float32), gas.astype(np.float32)
