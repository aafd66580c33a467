"""Quantisers that are taken from another index."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from galsearch.core.errors import ConfigError, EncoderMismatchError, MissingModalityError
from galsearch.core.modality import Modality
from galsearch.index import IndexRecipe, build_index, open_build
from tests.index.toy_index import TOY_RECIPE


def refused(error: type[Exception], recipe: IndexRecipe, embeddings: Path, index: Path) -> str:
    """The message with which a build that borrows quantisers is refused; it leaves nothing."""
    out = embeddings.parent / "refused"
    with pytest.raises(error) as caught:
        build_index(recipe, embeddings=embeddings, out=out, quantisers=index)
    assert not out.exists()
    return str(caught.value)


def test_quantisers_of_a_build_without_the_modality_are_refused(
    make_sky: Callable[..., Any], tmp_path: Path
) -> None:
    only = tmp_path / "only"
    images = make_sky(300).write(tmp_path / "images", spectrum=slice(0))
    build_index(IndexRecipe(), embeddings=images, out=only)
    both = make_sky(300).write(tmp_path / "both")
    assert refused(MissingModalityError, IndexRecipe(), both, only) == (
        f"{only}: has no spectrum vectors, and therefore no quantisers for them."
    )
    assert Modality.SPECTRUM not in open_build(only).manifest.modalities


def test_quantisers_of_vectors_of_another_encoder_or_dimension_are_refused(
    make_sky: Callable[..., Any], toy_index: Path, tmp_path: Path
) -> None:
    other = make_sky(30).write(tmp_path / "other", fingerprints=("b" * 64, "b" * 64))
    assert refused(EncoderMismatchError, TOY_RECIPE, other, toy_index) == (
        f"{toy_index} has embeddings of encoder {'a' * 16}, {other} of encoder {'b' * 16}. "
        "Similarities between embeddings of different encoders have no meaning."
    )
    short = make_sky(30, dim=8).write(tmp_path / "short")
    assert refused(EncoderMismatchError, TOY_RECIPE, short, toy_index) == (
        f"{toy_index} has image embeddings of 16 dimensions, {short} of 8."
    )


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"store": "int8"}, "store = 'int8' (there 'float32')"),
        ({"family": "flat"}, "family = 'flat' (there 'fastscan')"),
        ({"rotation": "opq"}, "rotation = 'opq' (there 'none')"),
        ({"train_size": 90}, "train_size = 90 (there None)"),
        ({"flat_below": 9}, "flat_below = 9 (there 100)"),
        (
            {"n_lists": 4, "n_components": 8, "n_subvectors": 2, "n_bits": 4},
            "n_components = 8 (there 16), n_lists = 4 (there 2), n_subvectors = 2 (there 16)",
        ),
    ],
)
def test_a_recipe_that_contradicts_the_quantisers_is_refused(
    make_sky: Callable[..., Any], lender: Path, tmp_path: Path, values: Any, problem: str
) -> None:
    embeddings = make_sky(30).write(tmp_path / "part")
    recipe = IndexRecipe(name="mine", **values)
    assert refused(ConfigError, recipe, embeddings, lender) == (
        f"recipe 'mine' contradicts the quantisers of {lender}: {problem}."
    )


@pytest.fixture(scope="module")
def lender(make_sky: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index that lends its quantisers."""
    home = tmp_path_factory.mktemp("lender")
    recipe = IndexRecipe(
        family="fastscan", rotation="none", flat_below=100, n_tuning_queries=20, n_lists=2
    )
    embeddings = make_sky(200).write(home / "embeddings")
    build_index(recipe, embeddings=embeddings, out=home / "lender")
    return home / "lender"


def test_the_recipe_of_a_manifest_says_how_the_quantisers_were_made(
    make_sky: Callable[..., Any], lender: Path, tmp_path: Path
) -> None:
    embeddings = make_sky(40).write(tmp_path / "part")
    recipe = IndexRecipe(name="mine", n_subvectors=16, n_tuning_queries=5, recall_target=0.5)
    found = build_index(recipe, embeddings=embeddings, out=tmp_path / "mine", quantisers=lender)
    assert found.recipe == dataclasses.replace(
        recipe, family="fastscan", rotation="none", flat_below=100, n_lists=2
    )
    assert {entry.plan.kind for entry in found.modalities.values()} == {"fastscan"}
    assert {entry.plan.n_lists for entry in found.modalities.values()} == {2}


def test_lists_of_a_flat_index_are_not_compared(
    make_sky: Callable[..., Any], tmp_path: Path
) -> None:
    recipe = IndexRecipe(family="ivfsq", n_lists=4, store="float16", n_tuning_queries=5)
    embeddings = make_sky(40).write(tmp_path / "part")
    build_index(recipe, embeddings=embeddings, out=tmp_path / "flat")
    found = build_index(
        recipe, embeddings=embeddings, out=tmp_path / "again", quantisers=tmp_path / "flat"
    )
    assert found.recipe == recipe
    stated = IndexRecipe(store="float32")
    assert refused(ConfigError, stated, embeddings, tmp_path / "flat") == (
        f"recipe 'default' contradicts the quantisers of {tmp_path / 'flat'}: store = 'float32' "
        "(there 'float16')."
    )


@pytest.mark.parametrize("store", ["float16", "int8", None])
def test_a_recipe_that_leaves_the_store_open_has_that_of_the_quantisers(
    make_sky: Callable[..., Any], tmp_path: Path, store: Any
) -> None:
    """Otherwise the parts of a survey could be merged only if each recipe repeated the store."""
    embeddings = make_sky(40).write(tmp_path / "part")
    recipe = IndexRecipe(store=store, n_tuning_queries=5)
    build_index(recipe, embeddings=embeddings, out=tmp_path / "lender")
    mine = IndexRecipe(n_tuning_queries=5)
    found = build_index(
        mine, embeddings=embeddings, out=tmp_path / "mine", quantisers=tmp_path / "lender"
    )
    assert found.recipe.store == store
    assert {entry.plan.store for entry in found.modalities.values()} == {store or "float32"}


def test_values_that_differ_between_modalities_are_all_named(
    make_sky: Callable[..., Any], tmp_path: Path
) -> None:
    sky = make_sky(400).write(tmp_path / "sky", spectrum=slice(0, 160))
    recipe = IndexRecipe(family="ivfsq", flat_below=100, n_tuning_queries=20, n_components=16)
    build_index(recipe, embeddings=sky, out=tmp_path / "lender")
    part = make_sky(30).write(tmp_path / "part")
    wanted = IndexRecipe(n_lists=8)
    assert refused(ConfigError, wanted, part, tmp_path / "lender") == (
        f"recipe 'default' contradicts the quantisers of {tmp_path / 'lender'}: n_lists = 8 "
        "(there 8 for image vectors and 4 for spectrum vectors)."
    )


def test_borrowed_lists_fit_the_memory_budget_or_are_refused(
    make_sky: Callable[..., Any], lender: Path, tmp_path: Path
) -> None:
    embeddings = make_sky(40).write(tmp_path / "part")
    recipe = IndexRecipe(name="mine", memory_budget="10 kB")
    message = refused(ConfigError, recipe, embeddings, lender)
    assert message == (
        "recipe 'mine': the inverted lists need up to 19,712 bytes, memory_budget = '10 kB' is "
        "10,000."
    )
