"""Fibres of several sizes, depths over two decades and missing arms."""

import numpy as np

from galsearch.simulate.spectroscopy.arm_grid import arm_wavelengths
from galsearch.simulate.spectroscopy.fibre_conditions import (
    draw_fibre_conditions,
    without_missing_arms,
)
from galsearch.simulate.spectroscopy.spectrograph import observe_spectrum


def test_conditions_have_the_distributions_that_they_imitate() -> None:
    rng = np.random.default_rng(2)
    drawn = [draw_fibre_conditions(rng, bright=False) for _ in range(3000)]
    depth = np.array([each.exposure.effective_seconds for each in drawn])
    assert np.percentile(depth, 1) < 180
    assert np.percentile(depth, 99) > 15_000
    ratio = np.array([each.exposure.calibration for each in drawn])
    low, middle, high = np.percentile(ratio, [25, 50, 75])
    assert abs(middle - 1.35) < 0.03
    assert 1.2 < low < 1.3 < 1.4 < high < 1.55
    assert 0.6 < np.mean([each.diameter_arcsec == 1.5 for each in drawn]) < 0.8
    assert 0.05 < np.mean([bool(each.missing_arms) for each in drawn]) < 0.11


def test_ordinary_spectra_are_those_of_desi_alone() -> None:
    rng = np.random.default_rng(2)
    drawn = [draw_fibre_conditions(rng, bright=True, ordinary=True) for _ in range(1000)]
    assert {each.diameter_arcsec for each in drawn} == {1.5}
    assert {each.missing_arms for each in drawn} == {()}
    depth = np.log([each.exposure.effective_seconds / 180 for each in drawn])
    assert abs(depth.std() - 0.2) < 0.02
    ratio = np.log([each.exposure.calibration / 1.35 for each in drawn])
    assert abs(ratio.std() - 0.09) < 0.01


def test_a_missing_arm_has_neither_flux_nor_weight() -> None:
    rng = np.random.default_rng(3)
    drawn = (draw_fibre_conditions(rng, bright=True) for _ in range(1000))
    conditions = next(each for each in drawn if each.missing_arms == ("r",))
    flux = {arm: np.ones(grid.size) for arm, grid in arm_wavelengths().items()}
    seen = without_missing_arms(observe_spectrum(flux, conditions.exposure, rng), conditions)
    assert not seen.ivar["r"].any()
    assert not seen.flux["r"].any()
    assert (seen.ivar["b"] > 0).mean() > 0.99
