"""Neighbours of query spectra, and spectra that are made noisier for queries."""

import numpy as np
import pytest

pytest.importorskip("speclite", reason="needs the extra sim")

from benchmarks.realism.transfer.neighbour_redshifts import (
    K_REDSHIFT,
    _neighbours,
    _shallow,
    _without_self,
    with_noise,
)
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM, Spectrum


def test_neighbours_are_the_most_similar_spectra_nearest_first() -> None:
    generator = np.random.default_rng(1)
    similar, z = generator.normal(size=(3, 30)), generator.uniform(0, 1, 30)
    found = _neighbours(similar, z)
    for row, redshifts in zip(similar, found, strict=True):
        ranked = sorted(range(30), key=lambda i, row=row: -row[i])[: max(K_REDSHIFT)]
        assert redshifts == [round(float(z[i]), 5) for i in ranked]


def test_a_query_of_the_survey_does_not_find_itself() -> None:
    vectors = np.random.default_rng(2).normal(size=(20, 4)).astype(np.float32)
    rows = np.array([3, 17])
    similar = _without_self(vectors, rows)
    assert similar[0, 3] == similar[1, 17] == -np.inf
    others = np.ones((2, 20), bool)
    others[[0, 1], rows] = False
    np.testing.assert_allclose(similar[others], (vectors[rows] @ vectors.T)[others], rtol=1e-6)


@pytest.fixture
def spectrum() -> Spectrum:
    """A flat spectrum of inverse variance 16 with a masked stretch."""
    n = DESI_WAVELENGTH_ANGSTROM.size
    ivar = np.full(n, 16, np.float32)
    ivar[:500] = 0
    flux = np.full(n, 3, np.float32)
    return Spectrum(DESI_WAVELENGTH_ANGSTROM, flux, ivar, ivar == 0)


def test_added_noise_has_the_stated_inverse_variance(spectrum: Spectrum) -> None:
    noisy = with_noise(spectrum, 4.0, np.random.default_rng(3))
    assert np.median(noisy.ivar[noisy.good]) == pytest.approx(4)
    added = noisy.flux - spectrum.flux
    # The variance rises from 1/16 to 1/4.
    assert added[spectrum.good].std() == pytest.approx(np.sqrt(1 / 4 - 1 / 16), rel=0.03)
    assert not added[~spectrum.good].any()


def test_a_shallow_spectrum_has_less_inverse_variance_and_the_same_flux(
    spectrum: Spectrum,
) -> None:
    (shallow,) = _shallow([spectrum])
    assert np.median(shallow.ivar[shallow.good]) == pytest.approx(3)
    np.testing.assert_array_equal(shallow.flux, spectrum.flux)
