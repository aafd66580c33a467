"""Two-sample test on samples that agree and that differ."""

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="needs scikit-learn")
pytest.importorskip("speclite", reason="needs the extra sim")
pytest.importorskip("matplotlib", reason="needs the extra plot")

from benchmarks.realism.compare.two_sample import two_sample_test


@pytest.mark.timeout(600)
def test_equal_samples_have_an_auc_of_a_half_and_others_name_the_feature_that_differs() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(2, 300, 3))
    alike = two_sample_test(one, other, ["a", "b", "c"], seed=1)
    assert abs(alike["auc"] - 0.5) < 3 * alike["auc_error"] + 0.03
    other[:, 1] += 2.0
    apart = two_sample_test(one, other, ["a", "b", "c"], seed=1)
    assert apart["auc"] > 0.85
    assert next(iter(apart["auc_falls_without"])) == "b"
