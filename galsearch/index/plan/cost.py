"""Cost model of the search methods, with which search and tuning choose the cheapest one.

Costs are computed from counts, not from measured times, so that the same query uses the same method
and returns the same neighbours on every machine. The unit of all costs is the look-up of one 8-bit
code. The weights are ratios of times with one thread for single queries, as
`python -m benchmarks.index.calibrate_costs` prints them.
"""

from galsearch.index.plan.index_plan import IndexPlan

LOOKED_UP_CODE = 1.0
"""Cost of one product-quantiser code of 5 to 8 bits, looked up in a table; the unit of costs."""
FAST_SCAN_CODE = 0.06
"""Cost of one 4-bit code in FAISS's fast scan, which compares 32 vectors at a time in registers."""
SCALAR_CODE = 0.5
"""Cost of comparing one component that an inverted list stores as an 8-bit scalar."""
PROBED_LIST = 4000.0
"""Cost of probing an inverted list: finding its centroid, and the first access to memory that is
not in the cache of the CPU."""
PROBED_LIST_INNER_PRODUCT = 1800.0
"""Cost of probing a list with inner-product PQ, where the lookup table is shared by all lists."""
SHORTENED_COMPONENT = 0.2
"""Cost of comparing one component of shortened float32 vectors in a sequential scan."""
SCANNED_COMPONENT = 0.5
"""Cost of comparing one component of stored vectors in a sequential scan."""
RANDOM_ACCESS_COMPONENT = 0.7
"""Additional cost for each component of a stored vector that is fetched from a random position of
the memory map."""
TEMPORARY_INDEX_VECTOR = 25.0
"""Cost of adding one vector to the temporary index of a filter, divided by 100 because a filter is
expected to be used for a hundred queries."""


def probe_cost(n_lists: float, plan: IndexPlan) -> float:
    """Cost of probing `n_lists` inverted lists: distances of all their vectors are estimated.

    The unit is the look-up of one 8-bit code.

    Examples
    --------
    >>> from galsearch.index.plan.index_recipe import IndexRecipe
    >>> from galsearch.index.plan.choose_plan import plan_index
    >>> plan = plan_index(IndexRecipe(), n_vectors=1_000_000, dim=256)
    >>> round(probe_cost(16, plan))
    94000
    """
    weight = {"ivfsq": SCALAR_CODE, "fastscan": FAST_SCAN_CODE}.get(plan.kind, LOOKED_UP_CODE)
    n_vectors = n_lists * plan.n_vectors / plan.n_lists
    visit = PROBED_LIST_INNER_PRODUCT if plan.metric == "ip" else PROBED_LIST
    return n_lists * visit + n_vectors * plan.n_subvectors * weight


def rerank_cost(n_vectors: float, dim: int) -> float:
    """Cost of comparing a query with `n_vectors` stored vectors of `dim` dimensions at random rows.

    The unit is the look-up of one 8-bit code.
    """
    return n_vectors * dim * (SCANNED_COMPONENT + RANDOM_ACCESS_COMPONENT)


def exact_cost(n_vectors: int, dim: int) -> float:
    """Cost of comparing a query with all vectors that a filter selects, which are in memory.

    The unit is the look-up of one 8-bit code.

    Examples
    --------
    >>> exact_cost(1000, 128)
    25600.0
    """
    return n_vectors * dim * SHORTENED_COMPONENT


def temporary_index_cost(n_compared: float, n_indexed: int, n_components: int) -> float:
    """Cost of comparing some of the shortened vectors in the temporary index of a filter.

    Parameters
    ----------
    n_compared
        Number of vectors that are compared with a query.
    n_indexed
        Number of vectors in the temporary index; a hundredth of the cost of making it is added.
    n_components
        Number of components of a shortened vector.
    """
    return n_compared * n_components * SHORTENED_COMPONENT + n_indexed * TEMPORARY_INDEX_VECTOR
