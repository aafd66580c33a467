"""Images in wide conditions have the seeing, noise, position and sky that were asked for."""

from dataclasses import replace

import numpy as np
import pytest

from galsearch.simulate.imaging.exposure import Seeing
from galsearch.simulate.imaging.image_conditions import (
    ImageConditions,
    draw_image_conditions,
    observe_in_conditions,
)
from galsearch.simulate.imaging.render_galaxy import (
    PIXEL_SCALE_ARCSEC,
    exponential_disk,
    point_source,
    quick_exponential_disk,
)

STAR = np.array([[200.0, 200.0, 200.0], *np.zeros((3, 3))])
CONDITIONS = ImageConditions(
    "south", Seeing((1.3, 1.2, 1.1), 3.0), 1.0, (0.0, 0.0), (0.0, 0.0, 0.0)
)


@pytest.fixture(autouse=True)
def _needs_galsim() -> None:
    pytest.importorskip("galsim", reason="needs the extra sim")


def image(conditions: ImageConditions) -> np.ndarray:
    parts = [point_source()] * 3
    return observe_in_conditions(STAR, parts, conditions, np.random.default_rng(8))


def test_an_object_lies_at_its_offset_from_the_centre() -> None:
    middle = image(CONDITIONS)[1, 66:86, 66:86]
    moved = image(replace(CONDITIONS, offset_arcsec=(0.7, -0.4)))[1, 66:86, 66:86]
    y, x = np.mgrid[:20, :20]
    for axis, wanted in ((x, 0.7), (y, -0.4)):
        step = (axis * moved).sum() / moved.sum() - (axis * middle).sum() / middle.sum()
        assert step * PIXEL_SCALE_ARCSEC == pytest.approx(wanted, abs=0.05)


def test_noise_and_sky_follow_the_conditions() -> None:
    quiet = image(CONDITIONS)[2, :20, :20]
    loud = image(replace(CONDITIONS, noise=2.5))[2, :20, :20]
    assert np.std(np.diff(loud)) / np.std(np.diff(quiet)) == pytest.approx(2.5, rel=0.05)
    lifted = image(replace(CONDITIONS, sky_sigmas=(0.0, 0.0, 2.0)))[2, :20, :20]
    assert np.mean(lifted - quiet) == pytest.approx(2 * 0.0118, rel=1e-3)


def test_drawn_conditions_reach_over_the_whole_range() -> None:
    rng = np.random.default_rng(9)
    drawn = [draw_image_conditions(rng, "north") for _ in range(2000)]
    noise = np.array([each.noise for each in drawn])
    assert np.percentile(noise, 2) < 0.8
    assert np.percentile(noise, 98) > 1.9
    fwhm = np.array([each.seeing.fwhm_arcsec[1] for each in drawn]) / 1.47
    assert np.percentile(fwhm, 2) < 0.8
    assert np.percentile(fwhm, 98) > 1.9
    radius = np.hypot(*np.array([each.offset_arcsec for each in drawn]).T)
    assert 0.2 < np.median(radius) < 0.35


def test_ordinary_images_have_the_usual_seeing_noise_position_and_sky() -> None:
    rng = np.random.default_rng(9)
    drawn = [draw_image_conditions(rng, "north", ordinary=True) for _ in range(1000)]
    assert np.log([each.noise for each in drawn]).std() == pytest.approx(0.12, abs=0.01)
    fwhm = np.log([each.seeing.fwhm_arcsec[1] for each in drawn])
    assert fwhm.std() == pytest.approx(np.hypot(0.10, 0.06), abs=0.01)
    assert np.std([each.sky_sigmas for each in drawn]) == pytest.approx(0.03, abs=0.003)
    radius = np.hypot(*np.array([each.offset_arcsec for each in drawn]).T)
    assert np.percentile(radius, 99) < 0.8


def test_the_quick_disk_is_the_exponential_disk() -> None:
    for arguments in ((0.3, 0.4, 20.0), (2.0, 1.0, 150.0)):
        np.testing.assert_allclose(
            quick_exponential_disk(*arguments), exponential_disk(*arguments), rtol=2e-4, atol=1e-6
        )
