"""Digitisation is inverted to its rounding, and the real pairs can be read."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.real_pairs.digitised_pairs import (
    Pairs,
    digitised,
    flux_of_rgb,
    read_digitised_pairs,
)
from galsearch.core.rgb import legacy_rgb


@pytest.fixture(scope="module")
def pairs() -> Pairs:
    """A round galaxy of 152 pixels with noise and a bright core, and a spectrum of S/N 4."""
    rng = np.random.default_rng(6)
    y, x = np.mgrid[:152, :152] - 75.5
    galaxy = np.array([0.5, 1.0, 1.6])[:, None, None] * np.exp(-np.hypot(x, y) / 6)
    flux = galaxy + rng.normal(0, 0.003, (3, 152, 152))
    line = 2 + np.linspace(0, 2, 7781)
    spectrum = line + rng.normal(0, 0.5, line.size)
    return Pairs(
        ["a"],
        flux[None].astype(np.float32),
        np.zeros((1, 3, 152, 152), bool),
        spectrum[None].astype(np.float32),
        np.full((1, 7781), 4, np.float32),
        np.array([0.1]),
    )


def test_a_picture_gives_back_the_flux_to_its_rounding(pairs: Pairs) -> None:
    picture = np.rint(255 * np.moveaxis(legacy_rgb(pairs.flux[0]), 0, 2)).astype(np.uint8)
    flux = flux_of_rgb(picture)
    clean = ((picture > 0) & (picture < 255)).all(axis=2)
    assert clean.mean() > 0.9
    assert (flux[:, ~clean] < pairs.flux[0][:, ~clean] + 0.05).all()
    # A step of the picture is about a hundredth of the flux or a few ten thousandths nanomaggies.
    wrong = np.abs(flux - pairs.flux[0])[:, clean]
    assert (wrong < 0.003 + 0.03 * np.abs(pairs.flux[0][:, clean])).all()


def test_a_digitised_spectrum_has_the_flux_and_the_noise_of_the_spectrum(pairs: Pairs) -> None:
    again = digitised(pairs)
    good = again.spectrum_ivar[0] > 0
    assert good.mean() > 0.99
    assert np.median(again.spectrum_ivar[0, good]) == pytest.approx(4, rel=0.1)
    smooth = [np.convolve(one[0], np.ones(200) / 200, "valid") for one in
              (again.spectrum_flux, pairs.spectrum_flux)]  # fmt: skip
    np.testing.assert_allclose(smooth[0][50:-50], smooth[1][50:-50], atol=0.25)


def test_the_real_pairs_are_read(real: Path) -> None:
    found = read_digitised_pairs(real / "pairs-desi-ls")
    assert len(found) == 11
    assert found.flux.shape == (11, 3, 152, 152)
    assert np.isfinite(found.z).all()
    # The sky of the pictures is near zero, and every galaxy is bright in its centre.
    assert (np.abs(np.median(found.flux, axis=(2, 3))) < 0.02).all()
    assert (found.flux[:, 1, 73:79, 73:79].mean(axis=(1, 2)) > 0.05).all()
