"""Photometry of images and spectra of known flux, and the ranking by it."""

import numpy as np
import pytest

pytest.importorskip("speclite", reason="needs the extra sim")

from benchmarks.real_pairs.digitised_pairs import Pairs
from benchmarks.real_pairs.pair_photometry import (
    image_photometry,
    link_of,
    photometric_scores,
    spectrum_photometry,
)
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM


def test_an_image_of_known_flux_has_its_magnitude_and_colours() -> None:
    flux = np.zeros((1, 3, 96, 96), np.float32)
    flux[0, :, 47, 47] = [10, 20, 30]
    expected = [22.5 - 2.5 * np.log10(20), 2.5 * np.log10(2), 2.5 * np.log10(1.5)]
    np.testing.assert_allclose(image_photometry(flux)[0], expected, rtol=1e-5)


def test_a_flat_spectrum_in_frequency_has_its_magnitude() -> None:
    flat = 1e17 * 3.631e-20 * 2.99792458e18 / DESI_WAVELENGTH_ANGSTROM**2 * 10 ** (-0.4 * 19)
    ivar = np.ones_like(flat)
    ivar[1000:1200] = 0
    found = spectrum_photometry(flat[None].astype(np.float32), ivar[None])
    # The z filter reaches beyond the spectrum.
    np.testing.assert_allclose(found[0], [19, 0, 0], atol=0.1)
    np.testing.assert_allclose(found[0, :2], [19, 0], atol=0.003)


def test_pairs_that_differ_by_the_link_alone_are_ranked_first() -> None:
    rng = np.random.default_rng(7)
    n, level = 30, np.geomspace(0.5, 20, 30)
    flux = np.zeros((n, 3, 96, 96), np.float32)
    flux[:, :, 47, 47] = level[:, None] * np.exp(rng.normal(0, 0.02, (n, 3)))
    spectra = np.outer(level, 1e3 / DESI_WAVELENGTH_ANGSTROM).astype(np.float32)
    pairs = Pairs([str(i) for i in range(n)], flux, np.zeros(flux.shape, bool), spectra,
                  np.ones_like(spectra), np.zeros(n))  # fmt: skip
    score = photometric_scores(pairs, link_of(pairs))
    rank = (score >= score.diagonal()[:, None]).sum(axis=1)
    assert np.median(rank) == 1
