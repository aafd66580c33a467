"""Class probabilities are calibrated, and sets hold the true class as often as stated."""

import numpy as np
import pytest

from galsearch.analysis.bank.labelled_bank import BankNeighbours
from galsearch.analysis.bank.property_labels import Labels
from galsearch.analysis.calibration.class_estimate import SET_COVERAGE, ClassCalibration

FREQUENCIES = np.array([0.7, 0.25, 0.05])
LABELS = Labels(
    "kind", np.arange(1000) + 1, np.repeat([0.0, 1.0, 2.0], [700, 250, 50]), ("a", "b", "c"), 0
)


def drawn(n: int, seed: int) -> tuple[BankNeighbours, np.ndarray]:
    """Eight neighbours each, drawn from the probabilities that the true class is drawn from."""
    generator = np.random.default_rng(seed)
    probability = generator.dirichlet(4 * FREQUENCIES, n)
    limits = probability.cumsum(axis=1)
    true, *codes = (
        (generator.random(n)[:, None] > limits).sum(axis=1).clip(max=2) for _ in range(9)
    )
    first_rows = np.array([0, 700, 950])
    rows = first_rows[np.stack(codes, axis=1)]
    return BankNeighbours(np.full((n, 8), 0.9, np.float32), rows), true.astype(float)


@pytest.fixture(scope="module")
def calibration() -> ClassCalibration:
    return ClassCalibration(LABELS, *drawn(3000, 1))


def test_probabilities_are_calibrated(calibration: ClassCalibration) -> None:
    found, true = drawn(6000, 2)
    probability = calibration.estimate(found).probability
    np.testing.assert_allclose(probability.sum(axis=1), 1)
    assert probability.min() > 0
    for number in range(3):
        chosen = probability[:, number]
        for low, high in ((0, 0.3), (0.3, 0.7), (0.7, 1)):
            rows = (chosen >= low) & (chosen < high)
            if rows.sum() > 300:
                assert abs(chosen[rows].mean() - (true[rows] == number).mean()) < 0.06


def test_sets_hold_the_true_class(calibration: ClassCalibration) -> None:
    found, true = drawn(6000, 3)
    in_set = calibration.estimate(found).in_set
    held = in_set[np.arange(len(true)), true.astype(int)].mean()
    assert held > SET_COVERAGE - 0.01
    assert in_set.sum(axis=1).mean() < 2.9


def test_agreement_is_one_for_one_class(calibration: ClassCalibration) -> None:
    rows = np.array([[0] * 8, [0] * 4 + [700] * 4])
    agreement = calibration.estimate(
        BankNeighbours(np.full((2, 8), 0.5, np.float32), rows)
    ).agreement
    assert agreement[0] == 1
    assert agreement[1] < 0.2


def test_a_bank_of_one_class_agrees() -> None:
    labels = Labels("kind", np.arange(30) + 1, np.zeros(30), ("a",), 0)
    found = BankNeighbours(np.full((30, 4), 0.5, np.float32), np.zeros((30, 4), np.int64))
    estimates = ClassCalibration(labels, found, labels.values).estimate(found)
    assert estimates.probability.tolist() == [[1.0]] * 30
    assert estimates.agreement.tolist() == [1.0] * 30
