"""Galaxies whose colours match sampled photometry."""

import numpy as np
import pytest

from galsearch.simulate.population.luminosity_functions import draw_sample
from galsearch.simulate.population.photometric_mixtures import draw_photometry
from galsearch.simulate.sed.galaxy_sed import galaxy_seds
from galsearch.simulate.sed.stellar_grid import StellarLibrary
from galsearch.simulate.survey.colour_matching import approximate_fluxes, draw_matched_galaxy
from galsearch.simulate.survey.truth import half_light_radius
from tests.simulate.random_galaxies import random_galaxies


def test_approximate_colours_are_those_of_the_spectrum(library: StellarLibrary) -> None:
    many = random_galaxies(25)
    miss = []
    for galaxy, light in zip(many, galaxy_seds(many, library, ebv=[0.0] * 25), strict=True):
        rough = -2.5 * np.log10(approximate_fluxes(galaxy, library).sum(axis=0))
        true = -2.5 * np.log10(light.band_flux.sum(axis=0))
        miss.append(np.abs(np.diff(rough) - np.diff(true)))
    # Active nuclei and steep dust are not in the rough ones.
    assert np.median(miss) < 0.03
    assert np.max(miss) < 0.4


def test_chosen_galaxies_have_the_sampled_colours_and_sizes(
    library: StellarLibrary,
) -> None:
    misses, sizes = [], []
    for i in range(30):
        galaxy = draw_matched_galaxy(library, np.random.default_rng([8, i]))
        rng = np.random.default_rng([8, i])
        sample, mag_r = draw_sample(rng)
        if not sample.mixture:
            continue
        look = draw_photometry(sample.mixture, mag_r, rng)
        flux = approximate_fluxes(galaxy, library)
        g, r, z = -2.5 * np.log10(flux.sum(axis=0))
        misses.append(np.hypot(g - r - look.colour_gr, r - z - look.colour_rz))
        radius = half_light_radius(galaxy.shape, float(flux[0, 1] / flux[:, 1].sum()))
        sizes.append(radius / look.r_eff_arcsec)
    assert np.median(misses) < 0.15
    assert np.median(sizes) == pytest.approx(1, abs=0.02)
