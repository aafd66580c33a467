"""What one way of answering costs beside another, counted rather than timed.

The unit is one looked-up 8-bit code. Counting makes the same choice on every machine, so the same
question has the same answer. The weights are ratios of times with one thread, of the order that
`python -m benchmarks.costs` prints for single questions; components that lie side by side weigh
less, because questions in one call share them.
"""

from galsearch.index.plan import IndexPlan

LOOKED_UP_CODE = 1.0
"""Of a product quantiser, 5 to 8 bits."""
PACKED_CODE = 0.06
"""Of 4 bits, compared 32 vectors at a time in registers."""
SCALAR_CODE = 0.15
"""A component in 8 bits."""
SHORT_COMPONENT = 0.07
"""Of a shortened vector that is kept in single precision and compared in sequence."""
SCANNED_COMPONENT = 0.3
"""Of a stored vector that is read in sequence and compared."""
GATHERED_COMPONENT = 0.5
"""Of a stored vector that is fetched from its place in a memory map, on top of comparing it."""


def codes_cost(n_vectors: float, plan: IndexPlan) -> float:
    """Of estimating so many distances from their codes."""
    weight = {"ivfsq": SCALAR_CODE, "fastscan": PACKED_CODE}.get(plan.kind, LOOKED_UP_CODE)
    return n_vectors * plan.n_subvectors * weight


def rerank_cost(n_vectors: float, dim: int) -> float:
    """Of comparing so many scattered vectors."""
    return n_vectors * dim * (SCANNED_COMPONENT + GATHERED_COMPONENT)


def short_cost(n_vectors: float, n_components: int) -> float:
    """Of comparing so many shortened vectors that lie side by side."""
    return n_vectors * n_components * SHORT_COMPONENT
