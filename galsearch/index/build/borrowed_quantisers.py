"""Quantisers taken from another index, and the recipe of an index that is made with them."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from galsearch.core.errors import ConfigError, EncoderMismatchError, MissingModalityError
from galsearch.core.fingerprint import require_same_encoder
from galsearch.core.modality import Modality
from galsearch.embeddings import EmbeddingStore
from galsearch.index.build.quantisers import Quantisers, quantisers_of
from galsearch.index.plan.index_plan import IndexPlan, require_memory
from galsearch.index.plan.index_recipe import IndexRecipe
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.index.search.open_build import open_build

_KEYS_OF_LISTS = ("n_components", "n_lists", "n_subvectors", "n_bits")
_KEYS_OF_QUANTISERS = (
    *("family", "store", "rotation", *_KEYS_OF_LISTS),
    *("train_size", "flat_below"),
)
"""Keys of a recipe that decide how quantisers are made, and therefore not of their next index."""


def borrow_quantisers(
    index: Path, stores: Mapping[Modality, EmbeddingStore], embeddings: Path, recipe: IndexRecipe
) -> tuple[IndexRecipe, dict[Modality, Quantisers]]:
    """The quantisers of an existing index for embeddings, and the recipe that says what they make.

    Parameters
    ----------
    index
        Directory of the index.
    stores
        Embeddings of each modality that will be indexed with the quantisers.
    embeddings
        Directory of the embeddings, for messages.
    recipe
        Recipe of the new index.

    Returns
    -------
    recipe : IndexRecipe
        The recipe; values that it leaves open are those of the recipe of the existing index.
    quantisers : dict
        Quantisers of each modality.

    Raises
    ------
    MissingModalityError
        Where the index has no vectors of one of the modalities.
    EncoderMismatchError
        Where the index has vectors of another encoder or of another number of dimensions.
    ConfigError
        Where the recipe states another value than the quantisers have, or less memory than the
        lists need.
    ManifestError
        Where the index is damaged.
    """
    opened = open_build(index)
    modalities = opened.manifest.modalities
    for kind in stores:
        if kind not in modalities:
            raise MissingModalityError(
                f"{index}: has no {kind} vectors, and therefore no quantisers for them.",
                modality=kind,
            )
    require_comparable(opened, str(index), stores, embeddings)
    plans = {kind: modalities[kind].plan for kind in stores}
    recipe = _adopt_recipe(recipe, opened.manifest.recipe, plans, index)
    lists = []
    for kind, store in stores.items():
        query_aware = modalities[kind].query_aware
        own = [plans[kind], *([] if query_aware is None else [query_aware.plan])]
        lists += [dataclasses.replace(plan, n_vectors=len(store)) for plan in own]
    require_memory(recipe, lists)
    found = {kind: quantisers_of(opened, kind) for kind in stores}
    opened.release()
    return recipe, found


def require_comparable(
    opened: GalaxyIndex, name: str, stores: Mapping[Modality, EmbeddingStore], embeddings: Path
) -> None:
    """Check that embeddings have the encoder and the number of dimensions of an index.

    Parameters
    ----------
    opened
        The index.
    name
        Name of the index for messages.
    stores
        Embeddings of each modality; modalities that the index lacks are not compared.
    embeddings
        Directory of the embeddings, for messages.

    Raises
    ------
    EncoderMismatchError
        Where they differ.
    """
    for kind, store in stores.items():
        require_same_encoder(
            {name: opened.manifest.fingerprint, str(embeddings): store.fingerprint}
        )
        entry = opened.manifest.modalities.get(kind)
        if entry is not None and entry.plan.dim != store.dim:
            raise EncoderMismatchError(
                f"{name} has {kind} embeddings of {entry.plan.dim} dimensions, {embeddings} of "
                f"{store.dim}."
            )


def _adopt_recipe(
    recipe: IndexRecipe, lender: IndexRecipe, plans: Mapping[Modality, IndexPlan], index: Path
) -> IndexRecipe:
    """The recipe with what it leaves open about quantisers from the recipe of their index.

    A value that it states must be that of the quantisers.
    """
    default = IndexRecipe()
    adopted: dict[str, Any] = {}
    problems = []
    for key in _KEYS_OF_QUANTISERS:
        wanted = getattr(recipe, key)
        if wanted == getattr(default, key):
            adopted[key] = getattr(lender, key)
            continue
        made = {kind: _values(key, plan, lender) for kind, plan in plans.items()}
        if any(wanted not in values for values in made.values()):
            problems.append(f"{key} = {wanted!r} ({_describe(made)})")
    if problems:
        raise ConfigError(
            f"recipe '{recipe.name}' contradicts the quantisers of {index}: {', '.join(problems)}."
        )
    return dataclasses.replace(recipe, **adopted)


def _values(key: str, plan: IndexPlan, lender: IndexRecipe) -> list[Any]:
    """Values of a key with which the recipe of an index would have made the same quantisers.

    The first is the one for messages.
    """
    if key == "store":
        return [plan.store]
    if key == "family":
        return [plan.kind, *([lender.family] if plan.kind == "flat" else [])]
    if key in _KEYS_OF_LISTS and plan.kind != "flat":
        return [getattr(plan, key)]
    if key == "rotation" and plan.kind == "ivfsq":
        return ["pca"]
    return [getattr(lender, key)]


def _describe(made: Mapping[Modality, list[Any]]) -> str:
    """The value of each modality as text, such as `there 16`, or `there 16 for images`."""
    shown = {kind: repr(values[0]) for kind, values in made.items()}
    if len(set(shown.values())) == 1:
        return f"there {next(iter(shown.values()))}"
    return "there " + " and ".join(f"{value} for {kind} vectors" for kind, value in shown.items())
