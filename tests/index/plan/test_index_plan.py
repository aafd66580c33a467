"""The memory that plans of inverted lists state, compared with files and with FAISS."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from galsearch.core.errors import ConfigError
from galsearch.index.ivf.faiss_api import faiss
from galsearch.index.ivf.lists_file import read_lists, write_lists
from galsearch.index.plan.index_plan import IndexPlan, list_bytes, require_memory, table_bytes
from galsearch.index.plan.index_recipe import IndexRecipe
from tests.index.ivf.filled_lists import filled_lists, random_unit_vectors, stored_in_memory

PLAN = IndexPlan("ivfpq", 1_000_000, 256, 4096, 256, 64, 8, 159_744)


@pytest.mark.parametrize(
    "recipe",
    [
        {"family": "fastscan", "n_lists": 600},
        {"family": "fastscan", "n_lists": 7, "n_subvectors": 31},
        {"family": "ivfsq", "n_lists": 600},
        {"family": "ivfsq", "n_lists": 7, "n_components": 16},
        {"family": "ivfpq", "n_lists": 7, "n_bits": 6, "n_subvectors": 31},
    ],
    ids=str,
)
def test_files_of_lists_and_the_table_of_faiss_are_not_larger_than_planned(
    recipe: dict[str, Any], tmp_path: Path
) -> None:
    lists = filled_lists(stored_in_memory(random_unit_vectors(900, 31, 1)), **recipe)
    path = tmp_path / "lists.faiss"
    write_lists(lists, path)
    planned = list_bytes(lists.plan) - table_bytes(lists.plan)
    assert 0.5 * planned < path.stat().st_size <= planned
    index = read_lists(path, plan=lists.plan, n_vectors=900).faiss_index
    table = getattr(index, "precomputed_table", None)
    assert table_bytes(lists.plan) == (0 if table is None else 4 * table.size())


def test_a_table_that_faiss_would_not_compute_needs_no_memory() -> None:
    largest = dataclasses.replace(PLAN, n_lists=2**15)
    assert table_bytes(largest) == faiss.cvar.precomputed_table_max_bytes
    assert table_bytes(dataclasses.replace(PLAN, n_lists=2**15 + 1)) == 0


def test_plans_that_need_more_than_the_budget_together_are_refused() -> None:
    recipe = IndexRecipe(memory_budget="700 MB")
    require_memory(recipe, [PLAN, PLAN])
    with pytest.raises(ConfigError) as caught:
        require_memory(recipe, [PLAN, PLAN, PLAN])
    assert str(caught.value) == (
        "recipe 'default': the inverted lists need up to 1,037,932,032 bytes, memory_budget = "
        "'700 MB' is 700,000,000."
    )
