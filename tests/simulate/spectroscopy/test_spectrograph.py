"""Noise and masks of simulated spectra."""

import numpy as np
import pytest

from galsearch.simulate.spectroscopy.arm_grid import ARMS
from galsearch.simulate.spectroscopy.noise_table import noise_difference, noise_level
from galsearch.simulate.spectroscopy.spectrograph import (
    _MASKED_FRACTION,
    _MASKED_NEXT_FRACTION,
    Exposure,
    _masked,
    observe_spectrum,
)


def test_noise_has_the_scatter_that_ivar_states() -> None:
    flux = {arm: np.full(high - low, 2.0) for arm, (low, high) in ARMS.items()}
    recorded = observe_spectrum(flux, Exposure(1000.0, 1.0, 0.0), np.random.default_rng(1))
    for arm in flux:
        good = recorded.mask[arm] == 0
        pull = (recorded.flux[arm] - 2.0)[good] * np.sqrt(recorded.ivar[arm][good])
        assert 0.97 < 1.4826 * np.median(np.abs(pull)) < 1.12
        assert (recorded.ivar[arm][~good] == 0).all()


def test_masked_pixels_come_in_runs_and_mostly_in_the_red() -> None:
    rng = np.random.default_rng(7)
    masks = {arm: [_masked(arm, 1.0, rng) for _ in range(400)] for arm in "brz"}
    share = {arm: float(np.mean(rows)) for arm, rows in masks.items()}
    for arm in "brz":
        wanted = _MASKED_FRACTION[arm] * (1 + _MASKED_NEXT_FRACTION)
        assert share[arm] == pytest.approx(wanted, rel=0.25)
    assert share["b"] < 0.3 * share["z"]
    runs = np.concatenate([np.diff(np.flatnonzero(row)) for row in masks["z"]])
    assert 0.2 < np.mean(runs == 1) < 0.5
    assert not _masked("z", 0.0, rng).any()


def test_noise_differs_between_exposures_as_it_is_tabulated() -> None:
    flux = {arm: np.zeros(high - low) for arm, (low, high) in ARMS.items()}
    exposure = Exposure(1000.0, 1.0, 0.0, masked=0.0)
    seen = [observe_spectrum(flux, exposure, np.random.default_rng(i)) for i in range(200)]
    for arm in "brz":
        ln_sigma = -0.5 * np.log([one.ivar[arm] for one in seen])
        quiet = noise_level(arm)[1] < 0.01
        scatter = ln_sigma.std(axis=0)[quiet]
        wanted = noise_difference("scatter", arm)[quiet]
        # Straight lines between independent numbers scatter by .58 to 1 of what they do.
        assert (scatter > 0.5 * wanted).all()
        assert (scatter < 1.25 * wanted + 0.02).all()
