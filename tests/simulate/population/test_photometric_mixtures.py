"""Photometry sampled from mixtures fitted to real surveys."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from galsearch.simulate.population.luminosity_functions import SAMPLES, draw_target
from galsearch.simulate.population.photometric_mixtures import draw_photometry
from galsearch.simulate.sed.stellar_grid import StellarLibrary


@given(st.sampled_from(["bgs", "lrg", "elg", "sdss"]), st.floats(14, 24), st.integers(0, 10**6))
def test_photometry_is_possible_at_any_magnitude(target: str, mag_r: float, seed: int) -> None:
    look = draw_photometry(target, mag_r, np.random.default_rng(seed))
    assert -3 < look.colour_gr < 5
    assert -3 < look.colour_rz < 5
    assert 0.19 < look.r_eff_arcsec < 16
    assert 0 <= look.ellipticity <= 0.7
    assert (look.z is not None) == (target == "sdss")


def test_nearby_galaxies_have_redshifts_and_colours_of_sdss(library: StellarLibrary) -> None:
    sample = next(sample for sample in SAMPLES if sample.name == "NEARBY")
    looks = [draw_photometry("sdss", 17.0, np.random.default_rng([3, i])) for i in range(2000)]
    # What the 1,153 SDSS galaxies of 16.9 < r < 17.1 have at 16, 50 and 84 per cent.
    z, gr = (np.array([getattr(look, name) for look in looks]) for name in ("z", "colour_gr"))
    np.testing.assert_allclose(np.percentile(z, (16, 50, 84)), (0.080, 0.119, 0.159), rtol=0.08)
    np.testing.assert_allclose(np.percentile(gr, (16, 50, 84)), (0.744, 0.939, 1.086), atol=0.04)
    assert np.corrcoef(z, gr)[0, 1] > 0.4
    targets = [draw_target(sample, 17.0, np.random.default_rng(i), z=0.123) for i in range(50)]
    assert {target.z for target in targets} == {0.123}
    assert {target.red for target in targets} == {True, False}
