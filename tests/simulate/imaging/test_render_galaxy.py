"""Rendered components and the fibre aperture against GalSim and slow sums."""

import numpy as np
import pytest

from galsearch.simulate.imaging.render_galaxy import (
    component_transforms,
    fibre_fraction,
    psf_transform,
    render_image,
)
from galsearch.simulate.population.morphology import Shape

galsim = pytest.importorskip("galsim", reason="needs the extra sim")


SHAPE = Shape(0.9, 0.8, 3.0, 1.1, 0.5, 30.0, 0, 15.0, 0.5)


def test_an_image_is_galsims_own_drawing() -> None:
    psf = psf_transform(1.2, 3.0)
    bulge = component_transforms(SHAPE, np.random.default_rng(0))[0]
    fast = render_image([bulge], np.array([7.0], np.float32), psf)
    profile = galsim.Sersic(3.0, half_light_radius=0.9 * np.sqrt(0.8), flux=7.0)
    profile = profile.shear(q=0.8, beta=120 * galsim.degrees)
    slow = galsim.Convolve(profile, galsim.Moffat(3.0, fwhm=1.2))
    slow = slow.drawImage(nx=152, ny=152, scale=0.262).array
    assert np.abs(fast - slow).max() < 0.004 * slow.max()
    assert fast.sum() == pytest.approx(slow.sum(), rel=0.01)


def test_position_angles_run_from_north_to_east_which_is_left() -> None:
    psf = psf_transform(0.9, 3.0)
    shape = Shape(0.3, 1.0, 1.0, 3.0, 0.25, 30.0, 0, 15.0, 0.5)
    disk = component_transforms(shape, np.random.default_rng(0))[1]
    image = render_image([disk], np.ones(1, np.float32), psf)
    y, x = np.mgrid[:152, :152] - 75.5
    xx, yy, xy = ((image * q).sum() for q in (x * x, y * y, x * y))
    angle_from_right = np.rad2deg(0.5 * np.arctan2(2 * xy, xx - yy)) % 180
    assert angle_from_right == pytest.approx(120, abs=1)
    assert (image * x).sum() / image.sum() == pytest.approx(0, abs=0.01)


def test_the_fibre_flux_is_that_of_the_pixels_in_its_aperture() -> None:
    psf = psf_transform(1.1, 3.5)
    for shape in (SHAPE, Shape(0.5, 0.9, 4.0, 4.0, 0.7, 80.0, 2, 18.0, 0.6)):
        for part in component_transforms(shape, np.random.default_rng(1)):
            image = render_image([part], np.ones(1, np.float32), psf)
            fine = np.kron(image, np.ones((10, 10))) / 100
            y, x = (np.mgrid[:1520, :1520] - 759.5) * 0.0262
            slow = fine[np.hypot(x, y) < 0.75].sum()
            assert fibre_fraction(part, psf) == pytest.approx(slow, rel=0.05)


@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"bar_fraction": 0.3, "bar_angle_deg": 40.0},
        {"ring_fraction": 0.5},
        {"companion_fraction": 0.4},
    ],
)
def test_components_of_every_pattern_have_unit_flux(extra: dict[str, float]) -> None:
    shape = Shape(0.5, 0.9, 4.0, 4.0, 0.7, 80.0, 3, -18.0, 0.6, **extra)
    for part in component_transforms(shape, np.random.default_rng(2)):
        assert part[0, 0].real == pytest.approx(1, abs=1e-4)
