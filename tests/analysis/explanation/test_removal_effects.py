"""Contributions are those of the parts that carry the similarity, alone or together."""

import numpy as np
import pytest

from galsearch.analysis.explanation.removal_effects import (
    N_GROUPS,
    contributions,
    falls_alone,
    removal_test,
    similarities,
)
from galsearch.core.modality import Modality

N = 30
OTHER = np.array([0.0, 1.0], np.float32)


class Sum:
    """A sum of weights, and 0.4 more while one of the parts 3 and 8 is there."""

    modality, removed_share = Modality.IMAGE, 0.5

    def __init__(self, weight: np.ndarray, *, redundant: bool = False) -> None:
        self.weight, self.redundant = weight, redundant

    def __len__(self) -> int:
        return N

    def embed(self, removed: np.ndarray) -> np.ndarray:
        cosine = (~removed).astype(float) @ self.weight
        if self.redundant:
            cosine += 0.4 * ~removed[:, [3, 8]].all(axis=1)
        return np.stack([np.sqrt(1 - cosine**2), cosine], axis=1).astype(np.float32)

    def columns(self) -> dict:
        return {}


def test_the_cosine_without_any_set_of_parts() -> None:
    weight = np.linspace(-0.01, 0.03, N)
    removed = np.random.default_rng(2).random((150, N)) < 0.5
    reports: list[tuple[int, int]] = []
    found = similarities(Sum(weight), OTHER, removed, lambda *report: reports.append(report))
    assert np.allclose(found, (~removed).astype(float) @ weight, atol=1e-6)
    assert reports == [(64, 150), (128, 150), (150, 150)]


def test_contributions_of_a_sum_are_its_terms() -> None:
    weight = np.linspace(-0.01, 0.03, N)
    whole = weight.sum()
    assert np.allclose(falls_alone(Sum(weight), OTHER, whole), weight, atol=1e-6)
    found = contributions(Sum(weight), OTHER, whole)
    assert found == pytest.approx(weight, abs=0.002)
    assert np.corrcoef(found, weight)[0, 1] > 0.99


def test_parts_that_tell_the_same_are_found() -> None:
    weight = np.full(N, 0.001)
    parts, whole = Sum(weight, redundant=True), 0.4 + N * 0.001
    assert falls_alone(parts, OTHER, whole) == pytest.approx(weight, abs=1e-5)
    found = contributions(parts, OTHER, whole)
    assert set(np.argsort(-found)[:2]) == {3, 8}


def test_removal_compares_the_first_with_random_ones() -> None:
    weight = np.where(np.arange(N) < 3, 0.2, 0.0)
    found = removal_test(Sum(weight), OTHER, weight)
    assert found.n_removed == 3
    assert found.named == pytest.approx(0, abs=1e-6)
    assert 0.4 < found.random < 0.6
    assert found == removal_test(Sum(weight), OTHER, weight)


def test_the_progress_counts_all_embeddings() -> None:
    reports: list[tuple[int, int]] = []
    contributions(Sum(np.zeros(N)), OTHER, 0.0, lambda *report: reports.append(report))
    assert reports[-1] == (N + N_GROUPS, N + N_GROUPS)
