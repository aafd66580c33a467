"""Changes of spectra do what their names say."""

import numpy as np
import pytest

from benchmarks.robustness.spectrum_changes import GivenSpectra, spectrum_changes
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM as GRID


@pytest.fixture(scope="module")
def spectra() -> tuple[np.ndarray, np.ndarray]:
    """Two spectra with a line at 6000 A, S/N 4, and a few masked pixels."""
    flux = 2 + 8 * np.exp(-0.5 * ((GRID - 6000) / 4) ** 2)
    flux = np.stack([flux, flux]).astype(np.float32)
    ivar = np.full(flux.shape, 4, np.float32)
    flux[:, 100:103] = ivar[:, 100:103] = 0
    return flux, ivar


def changed(name: str, spectra: tuple[np.ndarray, np.ndarray]) -> GivenSpectra:
    return spectrum_changes()[name](*spectra, np.random.default_rng(3))


def test_masked_pixels_stay_masked(spectra: tuple[np.ndarray, np.ndarray]) -> None:
    # Wrong wavelengths move the masked pixels too.
    for name in (name for name in spectrum_changes() if "wavelengths" not in name):
        given = changed(name, spectra)
        assert given.flux.shape == spectra[0].shape
        bad = np.zeros(given.flux.shape, bool) if given.mask is None else given.mask
        bad = bad if given.ivar is None else bad | (given.ivar <= 0)
        assert bad[:, 101].all(), name


def test_an_arm_is_missing_between_its_limits(spectra: tuple[np.ndarray, np.ndarray]) -> None:
    given = changed("arm R missing", spectra)
    assert given.ivar is not None
    missing = GRID[given.ivar[0] == 0]
    assert missing[missing > 5000].min() == pytest.approx(5780, abs=0.8)
    assert missing.max() == pytest.approx(7570, abs=0.8)


def test_scaled_flux_keeps_its_signal_to_noise(spectra: tuple[np.ndarray, np.ndarray]) -> None:
    for name in ("flux x 2", "flux x 0.5", "tilt of 10 %", "step of 5 % between the arms"):
        given = changed(name, spectra)
        assert given.ivar is not None
        expected = spectra[0] * np.sqrt(spectra[1])
        np.testing.assert_allclose(given.flux * np.sqrt(given.ivar), expected, rtol=1e-5)


def test_a_line_moves_by_the_stated_velocity(spectra: tuple[np.ndarray, np.ndarray]) -> None:
    near = (GRID > 5950) & (GRID < 6060)
    for km_s in (80, 300, 1000):
        line = changed(f"wavelengths off by {km_s} km/s", spectra).flux[0, near] - 2
        centre = float((line * GRID[near]).sum() / line.sum())
        assert (centre / 6000 - 1) * 299_792.458 == pytest.approx(km_s, abs=2)


def test_added_noise_doubles_the_variance(spectra: tuple[np.ndarray, np.ndarray]) -> None:
    given = changed("noise added, to twice the variance", spectra)
    good = spectra[1] > 0
    assert (given.flux - spectra[0])[good].std() == pytest.approx(0.5, rel=0.03)
