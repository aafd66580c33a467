"""Normal scores and regressors, on parameters whose relations are known."""

import numpy as np

from benchmarks.retrieval.parameter_estimates import (
    estimate_parameters,
    explained_variance,
    normal_scores,
)


def test_normal_scores_keep_order_share_ties_and_are_standard() -> None:
    values = np.concatenate([np.exp(np.random.default_rng(9).normal(size=500)), np.full(100, 9.0)])
    values = values[:, None]
    found = normal_scores(values, np.arange(600))[:, 0]
    order = np.argsort(values[:, 0], kind="stable")
    assert (np.diff(found[order]) >= 0).all()
    assert len(set(found[500:].tolist())) == 1
    assert abs(found.mean()) < 0.1
    assert np.isfinite(normal_scores(np.array([[0.0], [1.0], [-1e9]]), np.arange(2))).all()


def test_regressors_find_linear_and_nonlinear_relations() -> None:
    generator = np.random.default_rng(10)
    x = generator.normal(size=(1200, 3)).astype(np.float32)
    theta = np.stack([2 * x[:, 0] - x[:, 1], np.abs(x[:, 2]) * 2], axis=1).astype(np.float64)
    train, validation = np.arange(900), np.arange(900, 1200)
    found = estimate_parameters(x, theta, train, validation, epochs=12, seed=1)
    shares = explained_variance(theta, {"image": found}, validation, ["linear", "nonlinear"])
    assert shares["image"]["linear"] > 0.99
    assert shares["image"]["nonlinear"] > 0.8
