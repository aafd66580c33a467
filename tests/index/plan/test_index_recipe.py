"""Recipes of indexes: the committed ones, and messages about wrong ones."""

from pathlib import Path

import pytest

from galsearch.core.errors import ConfigError
from galsearch.index.plan.choose_plan import plan_index
from galsearch.index.plan.index_recipe import IndexRecipe, read_recipe, size_bytes

RECIPES = Path(__file__).parents[3] / "index_builds" / "recipes"


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.toml")), ids=lambda path: path.name)
def test_every_committed_recipe_can_be_read_and_planned(path: Path) -> None:
    recipe = read_recipe(path)
    assert recipe.name == path.stem
    plan = plan_index(recipe, n_vectors=20_000_000, dim=256, on_gpu=True)
    assert (plan.kind, plan.n_subvectors) == ("ivfpq", 64)
    assert plan_index(recipe, n_vectors=20_000_000, dim=256).kind == "fastscan"


def test_all_wrong_values_are_listed_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text("n_lists = 0\nn_bits = 9\nrecall_target = 1.5\n")
    with pytest.raises(ConfigError) as caught:
        read_recipe(path)
    assert str(caught.value) == (
        f"{path}: n_lists = 0 is less than 1. recall_target = 1.5 is not within 0 .. 1. "
        "n_bits = 9 is not within 4 .. 8."
    )


def test_an_unknown_key_is_refused_with_the_nearest_known_one(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text("nprobe = 4\n")
    with pytest.raises(ConfigError) as caught:
        read_recipe(path)
    assert str(caught.value) == f"{path}: unknown key 'nprobe': did you mean 'n_probe'?"


def test_unknown_families_stores_and_budgets_are_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        IndexRecipe(family="hnsw", store="int4", memory_budget="much")  # type: ignore[arg-type]
    assert str(caught.value) == (
        "memory_budget = 'much' is not a size such as '2 GB'. family = 'hnsw' is not one of auto, "
        "flat, ivfsq, ivfpq, fastscan. store = 'int4' is not one of float32, float16, int8."
    )
    with pytest.raises(ConfigError) as caught:
        IndexRecipe(family="fastscan", n_bits=8)
    assert str(caught.value) == "family = 'fastscan' has 4-bit codes, n_bits = 8."


@pytest.mark.parametrize("text", ["0 GB", "-1 GB", "2", "GB", "1e3 GB", ""])
def test_text_that_is_not_a_size_above_0_has_no_bytes(text: str) -> None:
    assert size_bytes(text) is None


@pytest.mark.parametrize("rerank", [1e300, float("inf"), float("nan")])
def test_numbers_of_candidates_are_bounded(rerank: float) -> None:
    with pytest.raises(ConfigError) as caught:
        IndexRecipe(rerank=rerank)
    assert str(caught.value) == f"rerank = {rerank} is more than 1,000,000."
