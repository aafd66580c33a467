"""Ranks, pools and their statistics, against slow and obvious versions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.retrieval.ranks import (
    draw_pools,
    histogram,
    in_pools,
    paired_gain,
    pool_ranks,
    rank_statistics,
    ranks,
    same_redshift,
    summary,
)


@given(st.integers(2, 12), st.integers(0, 1000))
def test_a_rank_is_the_position_in_a_sorted_list_and_ties_count_against(n: int, seed: int) -> None:
    score = np.random.default_rng(seed).integers(0, 4, (n, n)).astype(np.float32)
    slow = [sum(other >= row[i] for other in row) for i, row in enumerate(score.tolist())]
    assert ranks(score).tolist() == slow


def test_random_vectors_are_found_at_chance_and_own_vectors_always() -> None:
    generator = np.random.default_rng(1)
    one, other = generator.normal(size=(2, 500, 16)).astype(np.float32)
    assert (ranks(one @ other.T) <= 10).mean() == pytest.approx(0.02, abs=0.02)
    unit = one / np.linalg.norm(one, axis=1, keepdims=True)
    assert (ranks(unit @ unit.T) == 1).all()


def test_statistics_of_pools_are_those_of_each_pool_by_itself() -> None:
    score = np.random.default_rng(4).normal(size=(60, 60)) + 2 * np.eye(60)
    pools = draw_pools(60, 20, 5, seed=1)
    found = in_pools(pool_ranks(score, pools))
    for number, rows in enumerate(pools):
        slow = ranks(score[rows][:, rows])
        assert len(set(rows.tolist())) == 20
        assert found["r5"][number] == pytest.approx((slow <= 5).mean())
        assert found["mrr"][number] == pytest.approx((1 / slow).mean(), abs=1e-5)
        assert found["median"][number] == np.median(slow)
    assert sum(found["histogram"]) == 100
    assert 0 < found["sd_over_galaxies"]["r5"] < 0.2


def test_a_gain_is_the_difference_of_recalls_with_a_smaller_error_than_either() -> None:
    generator = np.random.default_rng(11)
    score = generator.normal(size=(200, 200)) + 2 * np.eye(200)
    pools = draw_pools(200, 150, 6, seed=2)
    base = pool_ranks(score, pools)
    better = pool_ranks(score + 0.2 * np.eye(200), pools)
    gain = paired_gain(better, base)
    recalls = [np.mean(in_pools(found)["r10"]) for found in (better, base)]
    assert 0 < gain["r10"] == pytest.approx(recalls[0] - recalls[1], abs=0.01)
    assert gain["sd"] < in_pools(base)["sd_over_galaxies"]["r10"]
    assert paired_gain(base, base) == {"r10": 0.0, "sd": 0.0}


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=40))
def test_a_summary_counts_every_query(values: list[int]) -> None:
    rank = np.array(values)
    found = summary(rank, 3000)
    assert sum(found["histogram"]) == len(values) == found["n"]
    assert found["r1"] <= found["r5"] <= found["r10"]
    assert found["histogram"][0] == sum(value == 1 for value in values)
    assert rank_statistics(rank)["r10"] == pytest.approx(sum(histogram(rank)[:7]) / len(values))
    assert found["chance_r10"] == pytest.approx(10 / 3000, abs=1e-6)


def test_redshift_alone_is_no_better_than_chance_among_galaxies_of_one_redshift() -> None:
    generator = np.random.default_rng(2)
    z = np.repeat(np.linspace(0.1, 0.5, 10), 40)
    angle = z[:, None] * 3 + 2e-2 * generator.normal(size=(2, 400, 1))
    one, other = np.concatenate([np.cos(angle), np.sin(angle)], axis=2)
    score = (one @ other.T).astype(np.float32)
    assert (ranks(score) <= 40).mean() > 0.9
    control = same_redshift(score, z)
    assert control is not None
    assert control["candidates"] == 40
    assert control["r10"] == pytest.approx(10 / 40, abs=0.1)
    assert control["chance_r10"] == pytest.approx(10 / 40)
    assert same_redshift(score, np.linspace(0, 10, 400)) is None
