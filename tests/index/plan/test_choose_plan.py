"""Index plans: legal for any number of vectors, within memory, contradictions refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import ConfigError
from galsearch.index.plan.choose_plan import plan_index
from galsearch.index.plan.index_plan import list_bytes
from galsearch.index.plan.index_recipe import IndexRecipe


def test_codes_that_do_not_divide_the_dimension_are_refused_with_those_that_do() -> None:
    with pytest.raises(ConfigError) as caught:
        plan_index(IndexRecipe(n_subvectors=5), n_vectors=10_000, dim=12)
    assert str(caught.value) == (
        "recipe 'default': n_subvectors = 5 does not divide the dimension 12 "
        "(1, 2, 3, 4, 6, 12 do)."
    )


def test_too_few_vectors_for_the_lists_are_refused_with_numbers() -> None:
    with pytest.raises(ConfigError) as caught:
        plan_index(IndexRecipe(n_lists=4096), n_vectors=1000, dim=64)
    assert str(caught.value) == (
        "recipe 'default': 4096 lists and 8-bit codes need at least 4,096 training vectors, "
        "there are 1,000 (of 1,000 stored). Use fewer n_lists or n_bits, a larger train_size, "
        "or flat_below = 1001."
    )


@given(n_vectors=st.integers(0, 10**9), dim=st.integers(1, 2048))
def test_the_default_recipe_has_a_legal_plan_for_any_number_of_vectors(
    n_vectors: int, dim: int
) -> None:
    plan = plan_index(IndexRecipe(), n_vectors=n_vectors, dim=dim)
    if n_vectors < 512:
        assert plan.kind == "flat"
        return
    assert dim % plan.n_subvectors == 0
    assert 1 <= plan.n_subvectors <= (64 if plan.kind != "fastscan" else 128)
    assert plan.n_lists * 39 <= n_vectors
    assert max(16, plan.n_lists) <= plan.n_training <= n_vectors


@given(
    n_vectors=st.integers(1000, 10**8), dim=st.sampled_from([64, 128, 256]), on_gpu=st.booleans()
)
def test_a_plan_fits_in_the_memory_budget_or_is_refused(
    n_vectors: int, dim: int, on_gpu: bool
) -> None:
    recipe = IndexRecipe(memory_budget="1 GB")
    try:
        plan = plan_index(recipe, n_vectors=n_vectors, dim=dim, on_gpu=on_gpu, share_of_memory=0.5)
    except ConfigError:
        assert n_vectors * 9 > 5e8 - 4 * dim * 2**17
        return
    assert list_bytes(plan) <= 5e8
    assert 4 * dim * plan.n_training <= 5e8
    free = plan_index(IndexRecipe(), n_vectors=n_vectors, dim=dim, on_gpu=on_gpu)
    assert plan.n_subvectors <= free.n_subvectors


def test_a_budget_that_is_too_small_is_refused_with_the_numbers() -> None:
    with pytest.raises(ConfigError) as caught:
        plan_index(
            IndexRecipe(memory_budget="200 MB", n_subvectors=64, n_lists=1024),
            n_vectors=10_000_000,
            dim=128,
        )
    assert str(caught.value) == (
        "recipe 'default': 10,000,000 vectors in 1024 lists of 64 codes need up to 406,017,024 "
        "bytes, their share of memory_budget = '200 MB' is 200,000,000."
    )


def test_a_memory_budget_counts_the_padding_of_lists() -> None:
    recipe = IndexRecipe(family="fastscan", n_lists=600, memory_budget="300 kB")
    with pytest.raises(ConfigError) as caught:
        plan_index(recipe, n_vectors=1500, dim=64)
    assert str(caught.value) == (
        "recipe 'default': 1,500 vectors in 600 lists of 1 codes need up to 368,676 bytes, their "
        "share of memory_budget = '300 kB' is 300,000."
    )
