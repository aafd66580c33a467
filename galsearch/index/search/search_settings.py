"""Numbers of inverted lists and of candidates by which recall is traded for speed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from galsearch.core.modality import Modality
from galsearch.index.storage.manifest import DirectionManifest

MIN_DEPTH_K = 10
"""For fewer neighbours than this, as many candidates are re-ranked as for this many."""


@dataclass(frozen=True)
class RareSettings:
    """Settings for queries that lie outside of the common axes."""

    above: float
    """Measure outside of the common axes from which a query counts as rare."""
    n_probe: int
    rerank: float


@dataclass(frozen=True)
class SearchSettings:
    """Settings of a search in inverted lists."""

    n_probe: int
    """Number of inverted lists to probe."""
    rerank: float
    """Candidates to re-rank for each neighbour wanted (FAISS: `k_factor` of IndexRefine)."""
    rare: RareSettings | None = None
    """Settings for rare queries; None where all queries have the same ones."""

    def replaced(self, n_probe: int | None, rerank: float | None) -> "SearchSettings":
        """The settings with the values that are given, also for rare queries."""
        rare = self.rare
        if rare is not None:
            rare = RareSettings(rare.above, n_probe or rare.n_probe, rerank or rare.rerank)
        return SearchSettings(n_probe or self.n_probe, rerank or self.rerank, rare)


def tuned_settings(
    directions: Sequence[DirectionManifest], using: Modality | None, among: Modality
) -> SearchSettings:
    """The settings that a build tuned for a direction.

    Where `using` is not known, or its direction was not tuned, the largest settings of all
    directions that search `among`.
    """
    entries = [
        entry for entry in directions if entry.among == among and using in (None, entry.using)
    ] or [entry for entry in directions if entry.among == among]
    rare = [entry.rare for entry in entries if entry.rare is not None]
    return SearchSettings(
        n_probe=max((entry.n_probe for entry in entries), default=1),
        rerank=max((entry.rerank for entry in entries), default=1),
        rare=RareSettings(
            above=min(entry.above for entry in rare),
            n_probe=max(entry.n_probe for entry in rare),
            rerank=max(entry.rerank for entry in rare),
        )
        if rare
        else None,
    )


def depth_of(k: int, rerank: float) -> int:
    """Number of candidates to re-rank for `k` neighbours; one may be the query galaxy itself.

    Examples
    --------
    >>> depth_of(20, 1.5)
    31
    """
    return math.ceil(max(k, MIN_DEPTH_K) * rerank) + 1


def least_probe(depth: int, n_lists: int, n_vectors: int) -> int:
    """Number of lists that hold, on average, twice as many vectors as are re-ranked.

    Examples
    --------
    >>> least_probe(31, n_lists=64, n_vectors=1000)
    4
    """
    return math.ceil(2 * depth * n_lists / n_vectors)
