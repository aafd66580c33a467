"""Apertures and flux bins of galaxies whose values are known."""

import numpy as np

from benchmarks.retrieval.plain_features import (
    RADII_ARCSEC,
    SOFTENING_FLUX,
    SOFTENING_NANOMAGGIES,
    aperture_magnitudes,
    wide_bins,
)
from galsearch.dataset import GalaxyBatch


def batch(image: np.ndarray, spectrum: np.ndarray) -> GalaxyBatch:
    n = len(image)
    zeros = np.zeros(n)
    return GalaxyBatch(
        np.arange(1, n + 1),
        zeros,
        zeros,
        zeros,
        np.ones(n, bool),
        np.ones(n, bool),
        image,
        np.zeros(image.shape, bool),
        spectrum,
        np.ones(spectrum.shape, np.float32),
        np.zeros(spectrum.shape, bool),
    )


def test_apertures_hold_the_flux_inside_and_bins_the_mean() -> None:
    image = np.zeros((1, 3, 152, 152), np.float32)
    image[0, 1, 75:77, 75:77] = 0.25  # a point of one nanomaggie in r, in the middle
    image[0, 2] = 1.0
    spectrum = np.repeat(np.arange(39), 200)[None, :7781].astype(np.float32)
    galaxies = batch(image, spectrum)
    apertures = np.sinh(aperture_magnitudes(galaxies)) * SOFTENING_NANOMAGGIES
    assert apertures.shape == (1, 15)
    np.testing.assert_allclose(apertures[0, 1::3], 1, rtol=1e-4)
    assert (apertures[0, 0::3] == 0).all()
    area = np.pi * (np.array(RADII_ARCSEC) / 0.262) ** 2
    np.testing.assert_allclose(apertures[0, 2::3], area, rtol=0.03)
    bins = np.sinh(wide_bins(galaxies)) * SOFTENING_FLUX
    np.testing.assert_allclose(bins[0], np.arange(38), rtol=1e-4, atol=1e-6)
