"""Inputs of the supervised networks."""

import numpy as np
import pytest

from benchmarks.downstream.data.network_inputs import ImageInput, spectrum_input
from galsearch.dataset import GalaxyBatch


def galaxy(flux: np.ndarray, spectrum: np.ndarray, ivar: np.ndarray) -> GalaxyBatch:
    n, zeros, yes = len(flux), np.zeros(len(flux)), np.ones(len(flux), bool)
    mask = np.zeros(flux.shape, bool)
    ids = np.arange(1, n + 1)
    return GalaxyBatch(ids, zeros, zeros, zeros, yes, yes, flux, mask, spectrum, ivar, ivar <= 0)


def test_inputs_are_binned_means_and_robustly_scaled() -> None:
    flux = np.random.default_rng(5).normal(size=(2, 3, 152, 152)).astype(np.float32)
    spectrum = np.full((2, 7781), 4.0, np.float32)
    ivar = np.ones((2, 7781), np.float32)
    ivar[:, :100], spectrum[:, :100] = 0, 1e9
    batch = galaxy(flux, spectrum, ivar)
    small = ImageInput(96, 2).prepare(batch)
    assert small.shape == (2, 3, 48, 48)
    mean = flux[1, 2, 28:30, 28:30].mean()
    assert small[1, 2, 0, 0] == pytest.approx(np.arcsinh(mean / 0.03) / 3, rel=1e-2)
    pixels, log_scale = spectrum_input(batch)
    assert (pixels[:, :100] == 0).all()
    np.testing.assert_allclose(pixels[:, 100:], np.arcsinh(1), rtol=1e-3)
    np.testing.assert_allclose(log_scale, np.log10(4), rtol=1e-6)
