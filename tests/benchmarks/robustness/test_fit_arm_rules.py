"""The rule for a missing arm is a least-squares fit of the change of the summary."""

import numpy as np

from benchmarks.robustness.fit_arm_rules import fit_rule
from galsearch.encoders.preprocess.missing_arm import ARMS_ANGSTROM

WAVELENGTH = np.geomspace(3600, 9824, 512)


def test_a_rule_leaves_less_than_there_was() -> None:
    rng = np.random.default_rng(3)
    n = 200
    slope = rng.normal(0, 1, (n, 1))
    level = np.exp(rng.normal(0, 1, (n, 1)))
    value = level * (1 + 0.3 * slope * np.log(WAVELENGTH / 6000)) + rng.normal(size=(n, 512)) * 0.5
    value = value.astype(np.float32)
    precision, covered = np.full(value.shape, 4, np.float32), np.ones(value.shape, bool)
    for arm in range(len(ARMS_ANGSTROM)):
        rule, before, after = fit_rule(value, precision, covered, WAVELENGTH, arm)
        assert rule.shape == (4, 3)
        assert (after <= before + 1e-9).all()
        assert after[0] < 0.7 * before[0]
        # The noise is the same everywhere, so the depth does not change.
        np.testing.assert_allclose(rule[:, 2], 0, atol=1e-6)
