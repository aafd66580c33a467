"""The rules for a missing band are least-squares fits of logarithms of fluxes."""

import numpy as np
import pytest

from benchmarks.robustness.fit_band_rules import fit_rules


def test_an_exact_relation_between_bands_is_found() -> None:
    rng = np.random.default_rng(1)
    g, z = rng.normal(size=(2, 50))
    rules = fit_rules(np.column_stack([g, 0.1 + 0.5 * g + 0.4 * z, z]))
    values, scatter = rules[1, (0, 2)]
    assert values == pytest.approx((0.1, 0.5, 0.4))
    assert scatter == pytest.approx(0, abs=1e-12)
    assert sorted(rules) == [
        (0, (1,)), (0, (1, 2)), (0, (2,)), (1, (0,)), (1, (0, 2)), (1, (2,)),
        (2, (0,)), (2, (0, 1)), (2, (1,)),
    ]  # fmt: skip


def test_a_single_band_predicts_with_scatter() -> None:
    rng = np.random.default_rng(2)
    r = rng.normal(size=4000)
    rules = fit_rules(np.column_stack([r - 0.3 + rng.normal(0, 0.1, 4000), r, r]))
    values, scatter = rules[0, (1,)]
    assert values == pytest.approx((-0.3, 1.0), abs=0.01)
    assert scatter == pytest.approx(0.1, rel=0.05)
