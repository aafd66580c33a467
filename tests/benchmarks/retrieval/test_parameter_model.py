"""The statistical model of shared parameters, on galaxies that follow it exactly."""

import numpy as np
import pytest

from benchmarks.retrieval.parameter_model import fit_model, mean_of, sample_scores
from benchmarks.retrieval.ranks import ranks


def gaussian_world(n: int = 900, p: int = 3) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Parameters and posterior means of two modalities that follow the model exactly."""
    generator = np.random.default_rng(8)
    theta = generator.normal(size=(n, p))
    explained = {"image": np.diag([0.9, 0.5, 0.2]), "spectrum": np.diag([0.8, 0.7, 0.1])}
    guesses = {
        m: theta @ a + generator.normal(size=(n, p)) @ np.sqrt(a - a @ a)
        for m, a in explained.items()
    }
    return theta, guesses


def test_covariances_are_measured_from_errors() -> None:
    theta, guesses = gaussian_world(20000)
    train, validation = np.split(np.arange(20000), [10000])
    model = fit_model(theta, guesses, train, validation, np.zeros(20000, int))
    # Whitening rotates the axes: compare the explained variance in the parameters' own axes.
    for modality, wanted in {"image": [0.9, 0.5, 0.2], "spectrum": [0.8, 0.7, 0.1]}.items():
        back = np.linalg.inv(model.whiten)
        own = back.T @ model.explained[modality][0] @ back
        np.testing.assert_allclose(np.diag(own), wanted, atol=0.05)
        sampled = model.sample(theta, np.zeros(20000, int), modality, seed=1)
        covariance = sampled.T @ sampled / len(sampled)
        np.testing.assert_allclose(covariance, model.explained[modality][0], atol=0.05)


def test_the_score_is_the_likelihood_ratio_of_the_joint_normal() -> None:
    theta, guesses = gaussian_world()
    bins = np.arange(900) % 2
    model = fit_model(theta, guesses, np.arange(450), np.arange(450, 900), bins)
    a, b = (guesses[m][:6] @ model.whiten for m in ("image", "spectrum"))
    found = model.score(a, b, bins[:6])

    def log_normal(x: np.ndarray, covariance: np.ndarray) -> float:
        return float(
            -0.5 * x @ np.linalg.solve(covariance, x) - 0.5 * np.linalg.slogdet(covariance)[1]
        )

    for i in range(6):
        for j in range(6):
            A = model.explained["image"][bins[i]]
            B = model.explained["spectrum"][bins[j]]
            joint = np.block([[A, A @ B], [B @ A, B]])
            slow = log_normal(np.concatenate([a[i], b[j]]), joint)
            slow -= log_normal(a[i], A) + log_normal(b[j], B)
            assert found[i, j] == pytest.approx(slow, abs=1e-3)


def test_no_other_ranking_of_the_model_recalls_more_and_exact_spectra_help() -> None:
    theta, guesses = gaussian_world(3000)
    bins = np.zeros(3000, int)
    model = fit_model(theta, guesses, np.arange(1500), np.arange(1500, 3000), bins)
    test = np.arange(1500, 2100)
    sampled = next(sample_scores(model, theta[test], bins[test], seed=3))
    exact = model.with_exact("spectrum")
    better = next(sample_scores(exact, theta[test], bins[test], seed=3))
    image, spectrum = (guesses[m][test] for m in ("image", "spectrum"))
    distance = -((image[:, None] - spectrum[None]) ** 2).sum(axis=2)
    recall = [(ranks(score) <= 10).mean() for score in (distance, sampled, better)]
    assert 10 / 600 < recall[0] < recall[1] < recall[2]


def test_metrics_are_averaged_over_samples_and_labels_stay() -> None:
    lines = [{"size": 10, "r10": [0.1, 0.2], "deep": {"x": x}, "none": None} for x in (0.0, 1.0)]
    assert mean_of(lines) == {
        "size": 10,
        "r10": [0.1, 0.2],
        "deep": {"x": 0.5},
        "none": None,
    }
