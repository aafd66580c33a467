"""Physical properties of random galaxies: trends and limits."""

import numpy as np

from tests.simulate.random_galaxies import random_galaxies


def test_star_forming_galaxies_have_more_dust_and_longer_star_formation() -> None:
    many = random_galaxies(300)
    forming = [galaxy for galaxy in many if galaxy.star_forming]
    quiet = [galaxy for galaxy in many if not galaxy.star_forming and not galaxy.post_starburst]
    dust = [np.median([g.dust_av for g in group]) for group in (forming, quiet)]
    assert dust[0] > 2 * dust[1]
    assert min(g.disk.tau_gyr for g in forming) > max(g.disk.tau_gyr for g in quiet)


def test_elg_targets_form_stars_and_lrg_targets_do_not() -> None:
    many = random_galaxies(300)
    assert not any(g.star_forming for g in many if g.target.sample == "LRG")
    assert all(g.star_forming or g.post_starburst for g in many if g.target.sample == "ELG")


def test_bright_bulges_have_high_velocity_dispersions() -> None:
    many = random_galaxies(300)
    mags = np.array([g.target.absolute_mag_r for g in many])
    sigma = np.log10([g.sigma_bulge_km_s for g in many])
    assert np.corrcoef(-mags, sigma)[0, 1] > 0.8
