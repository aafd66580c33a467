"""What one way of answering costs beside another, counted rather than timed.

The unit is one looked-up 8-bit code. Counting makes the same choice on every machine, so the same
question has the same answer. The weights are ratios of times with one thread as
`python -m benchmarks.costs` prints them; on a busy machine with two cores they came out between
.02 and .16 for a 4-bit code, .17 and .37 for a component in sequence, .37 and 1.04 for a scattered
one.
"""

CODE = {8: 1.0, 4: 0.06}
"""A code by its bits; four bits are compared 32 vectors at a time in registers."""
SCANNED_COMPONENT = 0.3
"""Of a stored vector that is read in sequence and compared."""
GATHERED_COMPONENT = 0.5
"""Of a stored vector that is fetched from its place in a memory map, on top of comparing it."""


def codes_cost(n_vectors: float, n_subvectors: int, n_bits: int) -> float:
    """Of estimating so many cosines from their codes."""
    return n_vectors * n_subvectors * CODE.get(n_bits, CODE[8])


def rerank_cost(n_vectors: float, dim: int) -> float:
    """Of comparing so many scattered vectors."""
    return n_vectors * dim * (SCANNED_COMPONENT + GATHERED_COMPONENT)


def scan_cost(n_vectors: float, dim: int) -> float:
    """Of comparing so many vectors that lie side by side."""
    return n_vectors * dim * SCANNED_COMPONENT
