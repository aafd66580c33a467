"""What one way of answering costs beside another, counted rather than timed.

The unit is one looked-up 8-bit code. Counting makes the same choice on every machine, so the same
question has the same answer. The weights are the ratios of times with one thread that
`python -m benchmarks.index.calibrate_costs` prints, for single questions.
"""

from galsearch.index.plan.index_plan import IndexPlan

LOOKED_UP_CODE = 1.0
"""Of a product quantiser, 5 to 8 bits."""
PACKED_CODE = 0.06
"""Of 4 bits, compared 32 vectors at a time in registers."""
SCALAR_CODE = 0.5
"""A component in 8 bits."""
VISITED_LIST = 4000.0
"""Finding a list by its centroid, and beginning to read where nothing was read before."""
LIST_BY_PRODUCTS = 1800.0
"""As much, where one table of a question's products serves all lists."""
SHORT_COMPONENT = 0.2
"""Of a shortened vector that is kept in single precision and compared in sequence."""
SCANNED_COMPONENT = 0.5
"""Of a stored vector that is read in sequence and compared."""
GATHERED_COMPONENT = 0.7
"""Of a stored vector that is fetched from its place in a memory map, on top of comparing it."""
KEPT_VECTOR = 25.0
"""Of shortening a vector for a filter and keeping it: shared by the hundred questions that a filter
is expected to be asked."""


def lists_cost(n_lists: float, plan: IndexPlan) -> float:
    """Of estimating the distances of all vectors in so many lists from their codes."""
    weight = {"ivfsq": SCALAR_CODE, "fastscan": PACKED_CODE}.get(plan.kind, LOOKED_UP_CODE)
    n_vectors = n_lists * plan.n_vectors / plan.n_lists
    visit = LIST_BY_PRODUCTS if plan.metric == "ip" else VISITED_LIST
    return n_lists * visit + n_vectors * plan.n_subvectors * weight


def rerank_cost(n_vectors: float, dim: int) -> float:
    """Of comparing so many scattered vectors."""
    return n_vectors * dim * (SCANNED_COMPONENT + GATHERED_COMPONENT)


def short_cost(n_read: float, n_kept: int, n_components: int) -> float:
    """Of comparing so many shortened vectors, of those that are kept for a filter."""
    return n_read * n_components * SHORT_COMPONENT + n_kept * KEPT_VECTOR
