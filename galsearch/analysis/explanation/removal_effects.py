"""The fall of the similarity of two galaxies when parts of one of them are removed."""

from typing import NamedTuple

import numpy as np

from galsearch.analysis.explanation.removable_parts import RemovableParts
from galsearch.core.arrays import BoolArray, Float64Array, Vectors
from galsearch.core.progress import StageProgress, no_stage_progress

BLOCK_SIZE = 64
"""Number of embeddings that are computed together."""
N_GROUPS = 128
"""Number of random groups of parts that are removed together."""
TESTED_SHARE = 0.1
"""Share of the parts that are removed to test an explanation."""
N_RANDOM = 16
"""Number of random choices of as many parts, with which the test compares."""


def similarities(
    parts: RemovableParts,
    other: Vectors,
    removed: BoolArray,
    report: StageProgress = no_stage_progress,
) -> Float64Array:
    """(m,) cosines of one galaxy without some of its parts with a whole one.

    Parameters
    ----------
    parts
        The galaxy whose parts are removed.
    other : (d,)
        Unit vector of the whole galaxy.
    removed : (m, n)
        True for the parts that are removed.
    report
        Called with the number of embeddings that are computed.
    """
    out = np.empty(len(removed))
    for start in range(0, len(removed), BLOCK_SIZE):
        block = slice(start, start + BLOCK_SIZE)
        out[block] = parts.embed(removed[block]).astype(np.float64) @ other.astype(np.float64)
        report(min(block.stop, len(removed)), len(removed))
    return out


def falls_alone(parts: RemovableParts, other: Vectors, whole: float) -> Float64Array:
    """(n,) fall of the cosine when each part alone is removed; below 0 where it rises.

    Parameters
    ----------
    parts
        The galaxy whose parts are removed.
    other : (d,)
        Unit vector of the other galaxy.
    whole
        Cosine of both galaxies with all parts.
    """
    return whole - similarities(parts, other, np.eye(len(parts), dtype=bool))


def contributions(
    parts: RemovableParts, other: Vectors, whole: float, report: StageProgress = no_stage_progress
) -> Float64Array:
    """(n,) contributions of the parts to the cosine; below 0 where it rises without a part.

    Each part alone, then `N_GROUPS` random groups of parts are removed. The contributions are the
    coefficients of a linear model of the fall of the cosine, by ridge regression. A part alone says
    little where others tell the same: the core of a galaxy is filled from around it, and a redshift
    shows in several lines. Random groups remove these together.

    Parameters
    ----------
    parts
        The galaxy whose parts are removed.
    other : (d,)
        Unit vector of the other galaxy.
    whole
        Cosine of both galaxies with all parts.
    report
        Called with the number of embeddings that are computed.
    """
    n, generator = len(parts), np.random.default_rng(1)
    groups = generator.random((N_GROUPS, n)) < parts.removed_share
    removed = np.concatenate([np.eye(n, dtype=bool), groups])
    falls = whole - similarities(parts, other, removed, report)
    present = removed.astype(np.float64)
    return np.asarray(np.linalg.solve(present.T @ present + np.eye(n), present.T @ falls))


class RemovalTest(NamedTuple):
    """The similarity without the parts that are named first, and without random ones."""

    n_removed: int
    """Number of parts that are removed."""
    named: float
    """Cosine without the parts of the largest contributions."""
    random: float
    """Mean cosine without as many parts, chosen at random."""


def removal_test(
    parts: RemovableParts, other: Vectors, contribution: Float64Array, n_random: int = N_RANDOM
) -> RemovalTest:
    """The similarity after the tenth of the parts that is named first is removed.

    Parameters
    ----------
    parts
        The galaxy whose parts are removed.
    other : (d,)
        Unit vector of the other galaxy.
    contribution : (n,)
        Contribution of each part.
    n_random
        Number of random choices of as many parts, which are made with a fixed seed.
    """
    n = max(1, round(TESTED_SHARE * len(parts)))
    first = np.argsort(-contribution, kind="stable")[:n]
    generator = np.random.default_rng(1)
    chosen = [first] + [generator.permutation(len(parts))[:n] for _ in range(n_random)]
    removed = np.zeros((1 + n_random, len(parts)), bool)
    for row, some in zip(removed, chosen, strict=True):
        row[some] = True
    found = similarities(parts, other, removed)
    return RemovalTest(n, float(found[0]), float(found[1:].mean()))
