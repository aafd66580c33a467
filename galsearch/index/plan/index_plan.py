"""The parameters of the inverted lists of an index, and the memory that they need."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from galsearch.core.errors import ConfigError
from galsearch.index.plan.index_recipe import IndexRecipe, size_bytes

Kind = Literal["flat", "ivfsq", "ivfpq", "fastscan"]
Metric = Literal["l2", "ip"]
_MAX_PADDING_VECTORS = 31
"""Largest number of vectors that fill the last block of codes of a `fastscan` list."""
_BYTES_PER_LIST = 200
"""Largest number of bytes for each list beside its vectors and its centroid: its lengths, and the
links of its centroid in a graph."""
_BYTES_OF_HEADERS = 4096
"""Largest number of bytes of all other values in a file of inverted lists."""
_MAX_TABLE_BYTES = 1 << 31
"""Largest size in bytes of a table of inner products that FAISS computes (its
`precomputed_table_max_bytes`)."""


@dataclass(frozen=True)
class IndexPlan:
    """The parameters of an index over the vectors of one modality, with no value left open."""

    kind: Kind
    """Family of the index; `flat` has no inverted lists, every query is an exact search."""
    n_vectors: int
    dim: int
    n_lists: int
    """Number of inverted lists; 0 for a flat index."""
    n_components: int
    """Number of components of a rotated vector that the inverted lists keep; 0 for a flat index."""
    n_subvectors: int
    """Number of codes that describe a vector in the inverted lists; 0 for a flat index."""
    n_bits: int
    """Number of bits of each code; 0 for a flat index."""
    n_training: int
    """Number of vectors that train the quantisers; 0 for a flat index."""
    store: str = "float32"
    """Encoding of the stored vectors: `float32`, `float16` or `int8`."""
    metric: Metric = "l2"
    """Metric by which the inverted lists rank vectors: squared distance (`l2`) or inner product
    (`ip`). Inner products are used in query-aware lists, whose axes are scaled."""

    @property
    def code_bytes(self) -> float:
        """Number of bytes of the codes of one vector in the inverted lists, without its row number.

        It may be a fraction, such as 0.5 for a single 4-bit code.
        """
        return self.n_subvectors * self.n_bits / 8


def list_bytes(plan: IndexPlan) -> float:
    """Largest number of bytes of memory that the inverted lists of a plan need for a search.

    It is the sum of the codes and row numbers of the vectors, the centroids and the graph over
    them, the residual quantiser, the rotation, and the table of `table_bytes`. All but the table is
    also in the file of the lists.

    Examples
    --------
    >>> plan = IndexPlan("ivfpq", 1_000_000, 256, 4096, 256, 64, 8, 159_744)
    >>> plan.code_bytes, list_bytes(plan), table_bytes(plan)
    (64.0, 345977344.0, 268435456)
    """
    if plan.kind == "flat":
        return 0.0
    n_coded = plan.n_vectors
    if plan.kind == "fastscan":
        # The codes of each list fill whole blocks.
        n_coded += _MAX_PADDING_VECTORS * min(plan.n_lists, plan.n_vectors)
    quantiser_rows = 2 if plan.kind == "ivfsq" else 1 << plan.n_bits
    rows = plan.n_lists + quantiser_rows + plan.dim
    return (
        8.0 * plan.n_vectors
        + math.ceil(plan.code_bytes) * n_coded
        + 4.0 * plan.n_components * rows
        + _BYTES_PER_LIST * plan.n_lists
        + _BYTES_OF_HEADERS
        + table_bytes(plan)
    )


def table_bytes(plan: IndexPlan) -> int:
    """Number of bytes of the table that FAISS computes when it reads lists with product codes.

    It holds the inner products of the centroids and the values that the codes stand for. FAISS
    searches without a table that would be larger than 2 GiB.
    """
    if plan.kind not in ("ivfpq", "fastscan"):
        return 0
    n_bytes = 4 * plan.n_lists * plan.n_subvectors << plan.n_bits
    return n_bytes if n_bytes <= _MAX_TABLE_BYTES else 0


def require_memory(recipe: IndexRecipe, plans: Sequence[IndexPlan]) -> None:
    """Check that the inverted lists of several plans together fit the memory budget of a recipe.

    Raises
    ------
    ConfigError
        Where they need more.
    """
    needed, available = sum(map(list_bytes, plans)), available_bytes(recipe, 1.0)
    if needed > available:
        raise ConfigError(
            f"recipe '{recipe.name}': the inverted lists need up to {needed:,.0f} bytes, "
            f"memory_budget = '{recipe.memory_budget}' is {available:,.0f}."
        )


def available_bytes(recipe: IndexRecipe, share_of_memory: float) -> float:
    """Bytes of memory for the inverted lists of one modality; infinite without a memory budget."""
    budget = None if recipe.memory_budget is None else size_bytes(recipe.memory_budget)
    return math.inf if budget is None else budget * share_of_memory
