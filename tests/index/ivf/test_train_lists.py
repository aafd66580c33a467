"""Training of inverted lists: repeatable, and inner products preserved by scaled axes."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.index.ivf.train_lists import (
    sample_vectors,
    train_rotated_lists,
)
from galsearch.index.plan.choose_plan import plan_index
from galsearch.index.plan.index_recipe import IndexRecipe
from galsearch.index.vectors.pca import PrincipalAxes
from tests.index.ivf.filled_lists import filled_lists, random_unit_vectors, stored_in_memory


def test_the_same_vectors_give_the_same_lists() -> None:
    stored = stored_in_memory(random_unit_vectors(1000, 16, 1))
    one, other = (filled_lists(stored, family="ivfpq", n_lists=8) for _ in range(2))
    assert one.quantiser_digest() == other.quantiser_digest()
    np.testing.assert_array_equal(one.list_of_row, other.list_of_row)


@pytest.mark.parametrize("family", ["ivfpq", "fastscan"])
def test_few_training_vectors_and_large_seeds_train_without_warnings(
    family: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    stored = stored_in_memory(random_unit_vectors(300, 16, 1))
    lists = filled_lists(stored, family=family, n_lists=2, flat_below=1, seed=2**31)
    assert lists.n_vectors == 300
    assert "".join(capfd.readouterr()) == ""


def test_a_sample_has_each_row_once_in_the_order_of_rows() -> None:
    vectors = np.arange(1, 101, dtype=np.float32)[:, None]
    stored = stored_in_memory(vectors)
    sample = sample_vectors(stored, 30, seed=1)[:, 0]
    assert (np.diff(sample) > 0).all()
    assert len(sample) == 30
    assert len(sample_vectors(stored, 1000, seed=1)) == 100


@given(seed=st.integers(0, 50), n=st.sampled_from([16, 32]))
def test_inner_products_are_kept_by_scaled_axes(seed: int, n: int) -> None:
    generator = np.random.default_rng(seed)
    queries, vectors = generator.normal(size=(2, 300, 32)).astype(np.float32)
    queries[:, n:] = 0
    plan = dataclasses.replace(
        plan_index(IndexRecipe(), n_vectors=1000, dim=32),
        kind="ivfsq", n_components=n, n_subvectors=n, n_bits=8, n_lists=4, metric="ip",
    )  # fmt: skip
    pca = PrincipalAxes.fit(queries)
    scales = np.sqrt(np.maximum(pca.explained_variance_ratio[:n], 1e-6))[:, None]
    axes = np.asarray(pca.axes[:n] * scales, np.float32)
    lists = train_rotated_lists(plan, axes, vectors, seed=1)
    products = np.vecdot(lists.rotate_queries(queries), lists.rotate(vectors))
    assert np.allclose(products, np.vecdot(queries, vectors), atol=1e-3)
