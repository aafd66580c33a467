"""The test of explanations removes what each method names first, and counts how often it wins."""

import numpy as np
import pytest

from benchmarks.analysis.explanation_methods import Pool, falls_without, random_pairs, summary
from galsearch.core.modality import Modality
from galsearch.core.vectors import unit_rows


class Weights:
    """Forty parts whose cosine with the other galaxy is a sum of weights."""

    modality, removed_share, weight = Modality.IMAGE, 0.5, np.arange(40) / 1000

    def __len__(self) -> int:
        return 40

    def embed(self, removed: np.ndarray) -> np.ndarray:
        cosine = (~removed).astype(float) @ self.weight
        return np.stack([np.sqrt(1 - cosine**2), cosine], axis=1).astype(np.float32)

    def columns(self) -> dict:
        return {}


def test_the_first_parts_of_each_method_are_removed() -> None:
    weight, other = Weights.weight, np.array([0, 1], np.float32)
    ranked = {"best": weight, "worst": -weight}
    found = falls_without(Weights(), other, weight.sum(), ranked)
    assert found["best"] == pytest.approx([0.077, 0.150, 0.284], abs=1e-5)
    assert found["worst"] == pytest.approx([0.001, 0.006, 0.028], abs=1e-5)
    assert found["random"] == pytest.approx([0.039, 0.078, 0.156], abs=0.03)


def test_a_pair_is_a_galaxy_and_another_near_it() -> None:
    vectors = unit_rows(np.random.default_rng(1).normal(size=(60, 4)))
    pool = Pool(np.arange(60), {Modality.IMAGE: vectors})
    pairs = list(random_pairs(pool, Modality.IMAGE, Modality.IMAGE, 20, seed=3))
    assert len({row for row, _ in pairs}) == 20
    for row, other in pairs:
        order = np.argsort(-(vectors @ vectors[row]))
        assert other in order[1:6]


def test_the_summary_counts_wins_over_random_parts() -> None:
    found = summary({"a": [[0.2], [0.1]], "random": [[0.1], [0.3]]})
    assert found["a"] == {"fall": [0.15], "error": [0.0354], "above_random": [0.5]}
