"""Inverted lists for tests: trained on the CPU and filled with vectors in memory."""

from typing import Any

import numpy as np

from galsearch.core.arrays import Vectors
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.ivf.train_lists import fill_lists, train_lists
from galsearch.index.plan.choose_plan import plan_index
from galsearch.index.plan.index_recipe import IndexRecipe
from galsearch.index.vectors.pca import PrincipalAxes
from galsearch.index.vectors.stored_vectors import StoredVectors, VectorSegment


def random_unit_vectors(n: int, dim: int, seed: int) -> Vectors:
    """(n, dim) unit vectors in random directions."""
    vectors = np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def stored_in_memory(vectors: Vectors) -> StoredVectors:
    """Stored vectors with ascending TARGETIDs beyond 2^53."""
    ids = np.arange(len(vectors), dtype=np.int64) + 2**60
    return StoredVectors([VectorSegment.in_memory(ids, vectors)])


def filled_lists(stored: StoredVectors, **recipe: Any) -> InvertedLists:
    """Lists of a recipe that hold all stored vectors."""
    vectors = stored.take(np.arange(len(stored)))
    wanted = IndexRecipe(**recipe)
    plan = plan_index(wanted, n_vectors=len(stored), dim=stored.dim)
    lists = train_lists(plan, wanted, vectors, PrincipalAxes.fit(vectors))
    fill_lists(lists, stored, lambda *_: None)
    return lists
