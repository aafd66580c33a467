"""Quasars have their lines at their redshifts, stars their bands, and both their magnitudes."""

import numpy as np
import pytest

from galsearch.simulate.population.wide_samples import QUASAR, STAR, draw_point_source
from galsearch.simulate.sed.point_source_sed import point_source_sed

pytest.importorskip("speclite", reason="needs the extra sim")


def test_a_quasar_has_its_magnitude_and_a_line_of_magnesium_at_its_redshift() -> None:
    rng = np.random.default_rng(4)
    for _ in range(8):
        quasar = draw_point_source(QUASAR, 19.0, rng)
        sed = point_source_sed(quasar, 0.0, rng)
        total = sed.band_flux.sum(axis=0)
        assert total[1] == pytest.approx(10 ** (-0.4 * (19.0 - 22.5)), rel=1e-4)
        centre = 2798.8 * (1 + quasar.target.z)
        if not 3600 < centre < 9500:
            continue
        near = np.abs(sed.wavelength_angstrom / centre - 1)
        on_line = sed.continuum[0][near < 0.003].mean()
        beside = sed.continuum[0][(near > 0.03) & (near < 0.04)].mean()
        assert on_line > 1.15 * beside


def test_dust_dims_and_reddens_a_point_source() -> None:
    star = draw_point_source(STAR, 17.0, np.random.default_rng(5))
    clear, dusty = (
        point_source_sed(star, ebv, np.random.default_rng(6)).band_flux.sum(axis=0)
        for ebv in (0.0, 0.2)
    )
    dimming = -2.5 * np.log10(dusty / clear)
    np.testing.assert_allclose(dimming, 0.2 * np.array([3.214, 2.165, 1.211]), rtol=0.12)


def test_stars_span_the_colours_of_the_stellar_locus() -> None:
    rng = np.random.default_rng(7)
    colours = []
    for _ in range(60):
        flux = point_source_sed(draw_point_source(STAR, 17.0, rng), 0.0, rng).band_flux.sum(axis=0)
        colours.append(-2.5 * np.log10(flux[:2] / flux[1:]))
    blue, red = np.percentile(colours, [5, 95], axis=0)
    assert blue[0] < 0.3
    assert red[0] > 1.1
    assert red[1] > 0.7
