"""Pictures are resampled to the survey's pixels, and the SDSS pairs are matched by object."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("speclite", reason="needs the extra sim")

from benchmarks.real_pairs.pair_photometry import image_photometry, spectrum_photometry
from benchmarks.real_pairs.sdss_pairs import on_survey_pixels, read_sdss_pairs


def test_surface_brightness_and_position_are_kept() -> None:
    y, x = np.mgrid[:256, :256] - 127.5
    flux = np.stack([1 + 0.01 * x, np.ones_like(x), np.exp(-0.5 * (x**2 + y**2) / 30**2)])
    new = on_survey_pixels(flux.astype(np.float32))
    assert new.shape == (3, 97, 97)
    np.testing.assert_allclose(new[1], 1, atol=1e-5)
    np.testing.assert_allclose(new[0][:, 48], 1, atol=0.01)
    assert np.unravel_index(new[2].argmax(), new[2].shape) == (48, 48)


def test_the_real_pairs_are_those_of_one_object(real: Path) -> None:
    pairs = read_sdss_pairs(real / "pairs-sdss-ls")
    assert len(pairs) == 10
    assert ((pairs.z > 0.02) & (pairs.z < 0.15)).all()
    image = image_photometry(pairs.flux)[:, 0]
    spectrum = spectrum_photometry(pairs.spectrum_flux, pairs.spectrum_ivar)[:, 0]
    # The fibres of SDSS have a radius of 1.5 arcsec, as the aperture; the centres of bright
    # galaxies are saturated in the pictures, so their images are too faint.
    assert (image - spectrum > 0).all()
    assert (image - spectrum < 1.7).all()
    assert np.corrcoef(image, spectrum)[0, 1] > 0.8
