"""Pixels and positions of a simulated survey."""

import numpy as np

from galsearch.simulate.survey.footprint import chunk_pixels, random_positions


def test_a_longer_survey_begins_with_the_pixels_of_a_shorter_one() -> None:
    assert chunk_pixels(3, 40)[:7].tolist() == chunk_pixels(3, 7).tolist()
    assert len(set(chunk_pixels(3, 40).tolist())) == 40


def test_positions_lie_in_their_pixel() -> None:
    from astropy.units import deg
    from astropy_healpix import lonlat_to_healpix

    ra, dec = random_positions(20_000, 200, np.random.default_rng(0))
    assert (lonlat_to_healpix(ra * deg, dec * deg, 64, order="nested") == 20_000).all()
