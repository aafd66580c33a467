"""Pixel noise of simulated images."""

import numpy as np
import pytest

from galsearch.simulate.imaging.exposure import IMAGING_SURVEYS, observe_image
from galsearch.simulate.imaging.render_galaxy import psf_transform
from galsearch.simulate.sed.galaxy_sed import GalaxySED, galaxy_seds
from galsearch.simulate.sed.stellar_grid import StellarLibrary
from galsearch.simulate.survey.colour_matching import draw_matched_galaxy

pytest.importorskip("galsim", reason="needs the extra sim")


@pytest.fixture(scope="module")
def sed(library: StellarLibrary) -> GalaxySED:
    return galaxy_seds(
        [draw_matched_galaxy(library, np.random.default_rng(5))], library, ebv=[0.02]
    )[0]


def test_pixel_noise_is_that_of_the_survey(sed: GalaxySED) -> None:
    nothing = np.zeros((256, 129), np.complex64)
    psfs = [psf_transform(1.2, 3.0)] * 3
    spread = []
    for seed in range(8):
        image = observe_image(sed, [nothing] * 3, psfs, np.random.default_rng(seed))
        spread.append(1.4826 * np.median(np.abs(image), axis=(1, 2)))
    np.testing.assert_allclose(
        np.median(spread, axis=0), IMAGING_SURVEYS["south"].pixel_noise, rtol=0.2
    )


def test_pixels_of_the_north_share_more_noise(sed: GalaxySED) -> None:
    nothing = np.zeros((256, 129), np.complex64)
    psfs = [psf_transform(1.2, 3.0)] * 3
    shared = {}
    for hemisphere in ("south", "north"):
        rng = np.random.default_rng(3)
        plane = observe_image(sed, [nothing] * 3, psfs, rng, hemisphere)[0]
        near, far = (np.median(np.abs(plane[:, lag:] - plane[:, :-lag])) for lag in (1, 8))
        shared[hemisphere] = 1 - (near / far) ** 2
    # A real brick of BASS g has 0.63, native cutouts of DECam 0.3 to 0.5.
    assert 0.25 < shared["south"] < 0.5
    assert 0.5 < shared["north"] < 0.72
