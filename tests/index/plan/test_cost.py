"""The cost model: costs grow with the work, and inner-product lists cost less to probe."""

import dataclasses

import pytest

from galsearch.index.plan.choose_plan import plan_index
from galsearch.index.plan.cost import (
    PROBED_LIST,
    PROBED_LIST_INNER_PRODUCT,
    probe_cost,
    rerank_cost,
    temporary_index_cost,
)
from galsearch.index.plan.index_recipe import IndexRecipe

PLAN = plan_index(IndexRecipe(family="fastscan"), n_vectors=1_000_000, dim=128)


def test_the_cost_of_probing_is_proportional_to_the_number_of_lists() -> None:
    assert probe_cost(8, PLAN) == pytest.approx(8 * probe_cost(1, PLAN))
    assert probe_cost(1, PLAN) > PROBED_LIST


def test_a_list_with_a_shared_lookup_table_costs_less() -> None:
    products = dataclasses.replace(PLAN, metric="ip")
    difference = probe_cost(3, PLAN) - probe_cost(3, products)
    assert difference == pytest.approx(3 * (PROBED_LIST - PROBED_LIST_INNER_PRODUCT))


def test_comparing_a_shortened_vector_costs_less_than_reranking() -> None:
    assert temporary_index_cost(100, 0, 128) < rerank_cost(100, 128)
    assert temporary_index_cost(100, 50, 128) > temporary_index_cost(100, 0, 128)
