"""Random galaxies whose colours, sizes and ellipticities are those of real targets.

Photometry is drawn from mixtures fitted to real surveys. Then 12 model galaxies are drawn at the
same magnitude, and the one whose g - r and r - z match best is kept. Star-formation histories thus
come from scaling relations; colours, sizes and ellipticities come from real surveys, and so does
the redshift of bright galaxies. Other redshifts come from the luminosity functions. Where no model
is close (an outlier of the catalogue), the closest is kept all the same.
"""

import functools
from dataclasses import replace

import numpy as np

from galsearch.core.arrays import Float32Array, Float64Array
from galsearch.simulate.population.luminosity_functions import Sample, draw_sample, draw_target
from galsearch.simulate.population.photometric_mixtures import draw_photometry
from galsearch.simulate.population.scaling_relations import Galaxy, draw_galaxy
from galsearch.simulate.sed import photometry
from galsearch.simulate.sed.star_formation_history import (
    component_weights,
    gas_weights,
    split_by_age,
)
from galsearch.simulate.sed.stellar_grid import StellarLibrary
from galsearch.simulate.survey.truth import half_light_radius

_CANDIDATES = 12
_REDSHIFT_STEP = 0.01
"""Step in redshift of the grid on which approximate band fluxes are tabulated."""
_TOLERANCE_GR, _TOLERANCE_RZ = 0.05, 0.04
"""Scales in magnitudes by which differences in g - r and r - z are divided when models are
compared. They are in proportion to the errors of BGS photometry."""
_LOG_U = 2
"""Index of log U = -3, the ionisation of the gas in the approximate colours."""
_EFFECTIVE_ANGSTROM = np.array([4770.0, 6430.0, 9150.0])


def draw_matched_galaxy(library: StellarLibrary, rng: np.random.Generator) -> Galaxy:
    """A random galaxy of the survey whose colours match those of real targets."""
    sample, mag_r = draw_sample(rng)
    return draw_matched_galaxy_of(sample, mag_r, library, rng)


def draw_matched_galaxy_of(
    sample: Sample, mag_r: float, library: StellarLibrary, rng: np.random.Generator
) -> Galaxy:
    """A random galaxy of a sample and r magnitude whose colours match those of real targets.

    A sample without a photometric mixture has the colours of the model galaxies.
    """
    if not sample.mixture:
        return draw_galaxy(draw_target(sample, mag_r, rng), rng)
    wanted = draw_photometry(sample.mixture, mag_r, rng)
    best, least, bulge = None, np.inf, 0.0
    for _ in range(_CANDIDATES):
        target = draw_target(sample, mag_r, rng, z=wanted.z)
        galaxy = draw_galaxy(target, rng, axis_ratio=wanted.axis_ratio)
        flux = approximate_fluxes(galaxy, library)
        g, r, z = -2.5 * np.log10(flux.sum(axis=0))
        distance = ((g - r - wanted.colour_gr) / _TOLERANCE_GR) ** 2
        distance += ((r - z - wanted.colour_rz) / _TOLERANCE_RZ) ** 2
        if distance < least:
            best, least, bulge = galaxy, distance, float(flux[0, 1] / flux[:, 1].sum())
    assert best is not None  # noqa: S101 (a distance is always below infinity)
    return _resized(best, wanted.r_eff_arcsec / half_light_radius(best.shape, bulge))


def _resized(galaxy: Galaxy, factor: float) -> Galaxy:
    """The galaxy with the radii of bulge and disk multiplied by a factor, within limits."""
    shape = galaxy.shape
    return replace(
        galaxy,
        shape=replace(
            shape,
            bulge_r_arcsec=float(np.clip(shape.bulge_r_arcsec * factor, 0.05, 14.0)),
            disk_r_arcsec=float(np.clip(shape.disk_r_arcsec * factor, 0.1, 16.0)),
        ),
    )


def approximate_fluxes(galaxy: Galaxy, library: StellarLibrary) -> Float64Array:
    """Relative fluxes (4, 3) of bulge, old disk, young and youngest stars in g, r and z.

    Dust is evaluated at the centre of each band and the gas at one ionisation parameter. Colours
    differ from those of `galaxy_seds` by a few hundredths of a magnitude, at a thousandth of its
    cost.
    """
    stars, gas = _bands(library, round(galaxy.target.z / _REDSHIFT_STEP))
    parts = split_by_age(component_weights(galaxy, library)[None], library)
    flux = (parts[0] @ stars).astype(np.float64)
    flux[3] += gas_weights(parts, [galaxy], library)[0] @ gas
    rest = _EFFECTIVE_ANGSTROM / (1 + galaxy.target.z)
    curve = np.interp(rest, library.wavelength_angstrom, library.attenuation)
    dust = 10 ** (-0.4 * galaxy.dust_av * curve * (rest / 5500.0) ** galaxy.dust_slope)
    flux[:3] *= dust
    flux[3] *= dust**galaxy.birth_cloud
    return np.asarray(flux, dtype=np.float64)


@functools.cache
def _bands(library: StellarLibrary, step: int) -> tuple[Float32Array, Float32Array]:
    """Fluxes in g, r, z of stars, (n_metals * n_ages, 3), and gas, (n_metals * n_young, 3).

    Parameters
    ----------
    library
        Spectra of stars and gas, from `load_stellar_library`.
    step
        Number of the redshift in the grid of steps of 0.01.
    """
    z = step * _REDSHIFT_STEP
    wavelength = library.wavelength_angstrom * (1 + z)
    stars = photometry.continuum_fluxes(wavelength, library.stars)
    gas = photometry.continuum_fluxes(wavelength, library.nebula)
    lines = library.lines[:, _LOG_U].reshape(len(gas), -1)
    gas += photometry.line_fluxes(library.line_wavelength_angstrom * (1 + z), lines) * (1 + z)
    return stars.astype(np.float32), gas.astype(np.float32)
