"""Ranks of pairs and repeats are those of their definitions."""

import numpy as np
import pytest

from benchmarks.real_pairs.pair_scores import both_directions, repeat_ranks, statistics
from galsearch.core.modality import Modality
from galsearch.core.vectors import unit_rows


def test_both_directions_rank_the_diagonal() -> None:
    score = np.array([[0.9, 0.95, 0.1], [0.2, 0.8, 0.3], [0.1, 0.1, 0.7]])
    found = both_directions(score)
    assert found["image"]["ranks"] == [2, 1, 1]
    assert found["spectrum"]["ranks"] == [1, 2, 1]


def test_further_candidates_add_to_the_rank() -> None:
    score = np.eye(2)
    others = {Modality.IMAGE: np.full((2, 3), 1.5), Modality.SPECTRUM: np.zeros((2, 3))}
    found = both_directions(score, others)
    assert found["image, among simulated ones too"]["ranks"] == [4, 4]
    assert found["spectrum, among simulated ones too"]["ranks"] == [1, 1]


def test_errors_are_those_of_resampling() -> None:
    found = statistics(np.array([1, 20] * 50))
    assert found["r1"][0] == 0.5
    assert found["r1"][1] == pytest.approx(0.05, rel=0.15)


def test_repeats_of_a_galaxy_are_found() -> None:
    vectors = unit_rows(np.array([[1, 0], [0.99, 0.1], [0, 1], [0.7, 0.7]]))
    found = repeat_ranks(vectors, np.array([0, 0, 2, 3]))
    assert (found["n"], found["first_rank"], found["a repeat is first"]) == (2, [1, 1], 1.0)
    far = repeat_ranks(vectors, np.array([0, 1, 0, 3]))
    assert far["first_rank"] == [3, 3]
    assert far["all repeats are first"] == 0.0
