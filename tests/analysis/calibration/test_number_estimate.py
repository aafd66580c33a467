"""Intervals cover as stated, are as wide as the neighbours differ, and stay within the labels."""

import numpy as np
import pytest

from galsearch.analysis.bank.labelled_bank import BankNeighbours
from galsearch.analysis.bank.property_labels import Labels
from galsearch.analysis.calibration.number_estimate import COVERAGES, NumberCalibration

N_BANK = 400


def drawn(n: int, seed: int) -> tuple[Labels, BankNeighbours, np.ndarray]:
    """Skewed labels, and neighbours that scatter about the truth by a spread of their own."""
    generator = np.random.default_rng(seed)
    values = np.sort(np.random.default_rng(0).exponential(size=N_BANK))
    labels = Labels("x", np.arange(N_BANK) + 1, values, None, 0)
    true = generator.exponential(size=n)
    width = generator.uniform(0.01, 0.5, n)
    around = true[:, None] * np.exp(width[:, None] * generator.normal(size=(n, 16)))
    rows = np.abs(values - around[:, :, None]).argmin(axis=2)
    similarity = np.full((n, 16), 0.9, np.float32)
    return labels, BankNeighbours(similarity, rows), true


@pytest.fixture(scope="module")
def calibration() -> NumberCalibration:
    return NumberCalibration(*drawn(3000, 1))


def test_intervals_cover_as_stated(calibration: NumberCalibration) -> None:
    _, found, true = drawn(3000, 2)
    estimates = calibration.estimate(found)
    for name, coverage in COVERAGES.items():
        inside = (estimates.low[name] <= true) & (true <= estimates.high[name])
        assert abs(inside.mean() - coverage) < 0.02
    pit = calibration.pit(found, true)
    np.testing.assert_allclose(np.quantile(pit, [0.05, 0.5, 0.95]), [0.05, 0.5, 0.95], atol=0.03)


def test_limits_are_ordered_and_within_the_labels(calibration: NumberCalibration) -> None:
    labels, found, _ = drawn(500, 3)
    estimates = calibration.estimate(found)
    assert (estimates.low[95] <= estimates.low[68]).all()
    assert (estimates.high[68] <= estimates.high[95]).all()
    assert estimates.low[95].min() >= labels.values.min()
    assert estimates.high[95].max() <= labels.values.max()


def test_agreement_falls_with_the_spread(calibration: NumberCalibration) -> None:
    agreement = calibration.agreement(np.array([0.0, 0.1, 100.0]))
    assert agreement[0] == 1
    assert 0 < agreement[1] < 1
    assert agreement[2] == 0


def test_few_held_out_galaxies_give_the_range_of_the_labels() -> None:
    labels, found, true = drawn(20, 4)
    estimates = NumberCalibration(labels, found, true).estimate(found)
    assert (estimates.low[95] == labels.values.min()).all()
    assert (estimates.high[95] == labels.values.max()).all()


def test_equal_labels_are_estimated_exactly() -> None:
    labels = Labels("x", np.arange(50) + 1, np.full(50, 3.0), None, 0)
    found = BankNeighbours(np.full((50, 4), 0.5, np.float32), np.zeros((50, 4), np.int64))
    calibration = NumberCalibration(labels, found, labels.values)
    estimates = calibration.estimate(found)
    assert set(estimates.value) | set(estimates.low[95]) | set(estimates.high[68]) == {3.0}
    assert calibration.agreement(estimates.spread).tolist() == [1.0] * 50
