"""Scores of embeddings agree with their definitions in cases that can be worked out by hand."""

import numpy as np
import pytest

from benchmarks.robustness.robustness_scores import Bank, robustness_scores
from galsearch.core.vectors import unit_rows


@pytest.fixture(scope="module")
def bank() -> Bank:
    rng = np.random.default_rng(4)
    own = unit_rows(rng.normal(size=(60, 8)))
    other = unit_rows(own + 0.1 * rng.normal(size=(60, 8)))
    return Bank(own, other, np.linspace(0, 0.5, 60))


def test_unchanged_embeddings_find_themselves(bank: Bank) -> None:
    rows = np.array([3, 8, 41])
    found = robustness_scores(bank.own[rows], rows, bank, "image")
    assert (found.n, found.itself_first, found.itself_in_10) == (3, 1.0, 1.0)
    assert found.moved_deg == pytest.approx(0, abs=0.05)
    similar = bank.own @ bank.other.T
    ranks = [(similar[r] >= similar[r, r]).sum() for r in rows]
    assert found.median_rank == np.median(ranks)
    assert found.r10 == pytest.approx(np.mean(np.array(ranks) <= 10))


def test_opposite_embeddings_are_last_and_half_a_circle_away(bank: Bank) -> None:
    rows = np.arange(20)
    found = robustness_scores(-bank.own[rows], rows, bank, "spectrum")
    assert found.moved_deg == pytest.approx(180, abs=0.1)
    assert (found.itself_first, found.r10) == (0.0, 0.0)
    assert found.median_rank > 50


def test_the_redshift_is_that_of_the_neighbours_without_the_query_itself() -> None:
    angles = np.radians(np.arange(12) * 5)
    own = unit_rows(np.column_stack([np.cos(angles), np.sin(angles)]))
    bank = Bank(own, own, np.array([0.9] + [0.1] * 11))
    found = robustness_scores(own[:1], np.array([0]), bank, "spectrum")
    assert found.z_outliers == 1.0
    assert found.as_dict()["n"] == 1
