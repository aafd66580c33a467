"""Band fluxes against speclite, and filters of both hemispheres."""

import numpy as np
import pytest

from galsearch.simulate.sed.galaxy_sed import galaxy_seds
from galsearch.simulate.sed.photometry import line_fluxes
from galsearch.simulate.sed.stellar_grid import StellarLibrary
from tests.simulate.random_galaxies import random_galaxies


def test_band_fluxes_are_speclites_and_the_parts_add_up(library: StellarLibrary) -> None:
    import speclite.filters

    filters = speclite.filters.load_filters(*[f"decam2014-{band}" for band in "grz"])
    for galaxy, light in zip(
        random_galaxies(6), galaxy_seds(random_galaxies(6), library, ebv=[0.02] * 6), strict=True
    ):
        whole = light.continuum.sum(axis=0).astype(float) * 1e-17
        maggies = filters.get_ab_maggies(
            *filters.pad_spectrum(whole, light.wavelength_angstrom, method="edge")
        )
        slow = np.array([maggies[name][0] for name in maggies.colnames]) * 1e9
        lines = light.young_lines + light.nuclear_lines
        slow += line_fluxes(light.line_wavelength_angstrom, lines) * 1e-17
        np.testing.assert_allclose(light.band_flux.sum(axis=0), slow, rtol=2e-3)
        dimmed = 10 ** (-0.4 * 0.02 * 2.165)
        assert light.band_flux[:, 1].sum() == pytest.approx(
            dimmed * 10 ** (-0.4 * (galaxy.target.mag_r - 22.5)), rel=0.01
        )


def test_filters_of_the_north_are_not_those_of_the_south(library: StellarLibrary) -> None:
    one = random_galaxies(1)
    south, north = (
        galaxy_seds(one, library, ebv=[0.0], hemisphere=h)[0].band_flux.sum(axis=0)
        for h in ("south", "north")
    )
    assert south[1] == pytest.approx(north[1])
    assert 0.001 < abs(np.log(south[0] / north[0])) < 0.2
