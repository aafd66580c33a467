"""The coarse quantiser: few centroids by the graph, many by comparing all."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from galsearch.index.ivf.coarse_quantiser import CoarseQuantiser
from galsearch.index.ivf.faiss_api import flat_index
from galsearch.index.ivf.train_lists import (
    make_quantizer,
)
from galsearch.index.plan.choose_plan import plan_index
from galsearch.index.plan.index_recipe import IndexRecipe
from tests.index.ivf.filled_lists import random_unit_vectors


@pytest.mark.parametrize("metric", ["l2", "ip"])
@pytest.mark.parametrize("n_probe", [3, 60])
def test_the_nearest_centroids_are_found(metric: Any, n_probe: int) -> None:
    plan = dataclasses.replace(
        plan_index(IndexRecipe(n_lists=600), n_vectors=100_000, dim=16), metric=metric
    )
    centroids, queries = random_unit_vectors(600, 16, 1), random_unit_vectors(20, 16, 2)
    coarse = CoarseQuantiser(make_quantizer(plan, centroids), metric)
    assert coarse.n_lists == 600
    np.testing.assert_array_equal(coarse.centroids(np.array([5, 3])), centroids[[5, 3]])
    _, numbers = coarse.nearest(queries, n_probe)
    expected = np.argsort(-(queries @ centroids.T), axis=1)[:, :n_probe]
    found = [len(np.intersect1d(a, b)) / n_probe for a, b in zip(numbers, expected, strict=True)]
    # The search in the graph is approximate; random centroids are the hardest case.
    assert np.mean(found) > 0.8 if coarse.faiss_finds(n_probe) else np.mean(found) == 1


def test_faiss_finds_few_centroids_by_distance_only() -> None:
    flat = flat_index(4, "l2")
    assert CoarseQuantiser(flat, "l2").faiss_finds(48)
    assert not CoarseQuantiser(flat, "l2").faiss_finds(49)
    assert not CoarseQuantiser(flat, "ip").faiss_finds(1)
