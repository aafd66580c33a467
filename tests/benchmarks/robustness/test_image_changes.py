"""Changes of images do what their names say."""

import numpy as np
import pytest

from benchmarks.robustness.image_changes import image_changes


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """Two round galaxies with noise."""
    y, x = np.mgrid[:152, :152] - 75.5
    galaxy = np.exp(-np.hypot(x, y) / 5)
    noise = np.random.default_rng(1).normal(0, 0.003, (2, 3, 152, 152))
    return (galaxy + noise).astype(np.float32)


def changed(name: str, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    before = images.copy()
    flux, mask = image_changes()[name](images, np.random.default_rng(2))
    np.testing.assert_array_equal(images, before)
    assert (flux.dtype, flux.shape, mask.dtype) == (np.float32, mask.shape, bool)
    return flux, mask


def test_masked_pixels_are_zero_and_the_others_unchanged(images: np.ndarray) -> None:
    for name in image_changes():
        if "mask" in name or "missing" in name:
            flux, mask = changed(name, images)
            assert not flux[mask].any(), name
            np.testing.assert_array_equal(flux[~mask], images[~mask])
            assert mask.any()


def test_the_stated_pixels_are_masked(images: np.ndarray) -> None:
    _, rows = changed("4 masked rows through the centre", images)
    assert rows[0, 0].any(axis=1).nonzero()[0].tolist() == [74, 75, 76, 77]
    _, band = changed("band r missing", images)
    assert band.all(axis=(2, 3)).tolist() == [[False, True, False]] * 2
    _, edge = changed("outer 43 % masked", images)
    assert edge[0, 0, 28:124, 28:124].mean() == pytest.approx(0.4375)


def test_a_shift_moves_the_centre_of_light_by_its_length(images: np.ndarray) -> None:
    y, x = np.mgrid[:152, :152] - 75.5
    for pixels, name in ((4, "shifted by 1.05 arcsec (4 pixels)"),):
        flux, _ = changed(name, images)
        light = flux[0].mean(axis=0) * (np.hypot(x, y) < 30)
        centre = [float((light * axis).sum() / light.sum()) for axis in (x, y)]
        assert np.hypot(*centre) == pytest.approx(pixels, rel=0.1)


def test_noise_dust_and_blur_have_the_stated_size(images: np.ndarray) -> None:
    flux, _ = changed("noise x 2.2", images)
    assert (flux - images)[:, 0].std() == pytest.approx(0.0024 * np.sqrt(2.2**2 - 1), rel=0.02)
    flux, _ = changed("dust, E(B-V) + 0.1", images)
    ratio = (flux / images)[0, :, 75, 75]
    np.testing.assert_allclose(-2.5 * np.log10(ratio), [0.3214, 0.2165, 0.1211], rtol=1e-4)
    flux, _ = changed("star of r = 19 at 8 arcsec", images)
    added = (flux - images)[0].sum(axis=(1, 2))
    np.testing.assert_allclose(22.5 - 2.5 * np.log10(added), 19, atol=0.01)
