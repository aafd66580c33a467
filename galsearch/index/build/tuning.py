"""Tuning of search settings: the number of lists to probe, and of candidates to re-rank.

Cross-modal queries are out of the distribution of the vectors that they search, so each direction
is tuned on its own queries: galaxies of the index, each excluded from its own neighbours.
"""

import dataclasses
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from galsearch.core.arrays import BoolArray, Float64Array, Rows, TargetIds, Vectors
from galsearch.core.ids import find_rows
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.plan.cost import probe_cost, rerank_cost
from galsearch.index.plan.index_plan import IndexPlan
from galsearch.index.plan.index_recipe import IndexRecipe
from galsearch.index.search.exact_search import exact_search
from galsearch.index.search.search_result import SearchResult
from galsearch.index.search.search_settings import (
    MIN_DEPTH_K,
    SearchSettings,
    depth_of,
    least_probe,
)
from galsearch.index.vectors.stored_vectors import StoredVectors

RECALL_KS = (1, 10, 100)
"""Numbers of neighbours for which recall is measured."""
RERANK_FACTORS = (1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
"""Numbers of re-ranked candidates per requested neighbour that tuning tries."""
_MARGIN_IN_ERRORS = 2
"""Number of standard errors by which the recall in tuning must exceed the target."""
_RECALL_TOLERANCE = 0.002
"""Difference from the best recall within which the cheapest settings are chosen, where no settings
reach the recall target."""


@dataclass(frozen=True, eq=False)
class QuerySample:
    """Galaxies of the index that are used as queries, with their exact neighbours."""

    vectors: Vectors
    """Query vectors, shape (n, d)."""
    target_ids: TargetIds
    """TARGETIDs of the query galaxies, shape (n,); each is excluded from its own neighbours."""
    truth: SearchResult
    """Neighbours of each query by exact search, with which recall is measured."""
    outside: Rows | None = None
    """Ascending rows with which every query is compared besides; None for none."""

    def __len__(self) -> int:
        """Number of queries in the sample."""
        return len(self.target_ids)


def sample_query_ids(ids: TargetIds, *, n: int, seed: int) -> tuple[TargetIds, TargetIds]:
    """Random TARGETIDs of galaxies for tuning, and of other galaxies for measuring recall.

    Parameters
    ----------
    ids : (m,) int64
        TARGETIDs of the galaxies that may be queries.
    n
        Number of galaxies in each of the two samples.
    seed
        Seed of the random choice.

    Returns
    -------
    tuning, measuring : (n,) int64
        TARGETIDs in ascending order. Where there are fewer than 2 n galaxies, both samples are the
        same.
    """
    ids = np.random.default_rng(seed).permutation(ids)[: 2 * n]
    tuning = np.sort(ids[:n])
    return tuning, tuning if len(ids) < 2 * n else np.sort(ids[n:])


def search_exactly(using: StoredVectors, among: StoredVectors, ids: TargetIds) -> QuerySample:
    """A sample of queries: the vectors of stored galaxies, and their neighbours by exact search.

    Parameters
    ----------
    using
        Vectors of the modality of the queries.
    among
        Vectors that are searched.
    ids : (n,) int64
        TARGETIDs of the query galaxies.
    """
    vectors = using.take(using.rows_of(ids))
    rows, cosines = exact_search(among, vectors, k=max(RECALL_KS), exclude_rows=among.rows_of(ids))
    truth = SearchResult.of_rows(among, rows, cosines, np.ones(len(ids), bool))
    return QuerySample(vectors, ids, truth)


def tune(
    lists: InvertedLists, stored: StoredVectors, queries: QuerySample, recipe: IndexRecipe
) -> SearchSettings:
    """The cheapest search settings that reach the recall@10 of the recipe.

    The target counts as reached where the recall exceeds it by two standard errors, because recall
    varies between samples of queries, and the cheapest of many settings is a favourable sample.
    Where no settings reach it, the cheapest within 0.002 of the best recall are returned. Costs
    are counted, not timed, so that the result is the same on every machine.

    Parameters
    ----------
    lists
        Inverted lists over the stored vectors.
    stored
        Stored vectors that are searched.
    queries
        Queries with their exact neighbours among the stored vectors.
    recipe
        Recipe of the index, of which `recall_target` is used, and `n_probe` and `rerank` where they
        are set.
    """
    plan = dataclasses.replace(lists.plan, n_vectors=len(stored))
    factors = np.array([recipe.rerank] if recipe.rerank else RERANK_FACTORS)
    reached: list[_Trial] = []
    missed: list[_Trial] = []
    for n_probe in _n_probes_to_try(plan.n_lists, recipe.n_probe):
        cheapest = min((trial.cost for trial in reached), default=math.inf)
        if search_cost(plan, n_probe, float(factors[0])) >= cheapest:
            break
        recalls = _recall_by_factor(lists, stored, queries, n_probe, factors)
        mean, error = recalls.mean(axis=0), recalls.std(axis=0) / math.sqrt(len(recalls))
        enough = mean - _MARGIN_IN_ERRORS * error >= recipe.recall_target
        for i, rerank in enumerate(factors.tolist()):
            min_n_probe = least_probe(depth_of(MIN_DEPTH_K, rerank), plan.n_lists, len(stored))
            if recipe.n_probe is None and n_probe < min(min_n_probe, plan.n_lists):
                # A real query probes more lists than this trial, and so has other candidates.
                continue
            cost = search_cost(plan, n_probe, rerank)
            trial = _Trial(n_probe, rerank, float(mean[i]), cost)
            (reached if enough[i] else missed).append(trial)
    if not reached:
        best = max(trial.recall_at_10 for trial in missed)
        reached = [trial for trial in missed if trial.recall_at_10 >= best - _RECALL_TOLERANCE]
    chosen = min(reached, key=lambda trial: trial.cost)
    return SearchSettings(chosen.n_probe, chosen.rerank)


class _Trial(NamedTuple):
    """Search settings that tuning tries, with their recall@10 and cost."""

    n_probe: int
    rerank: float
    recall_at_10: float
    cost: float


def _n_probes_to_try(n_lists: int, fixed: int | None) -> list[int]:
    """Numbers of lists to probe that tuning tries, ascending, about four for each doubling.

    If the recipe sets the number (`fixed`), it is the only one.
    """
    if fixed is not None:
        return [min(fixed, n_lists)]
    powers = range(n_lists.bit_length())
    steps = {1, 2, 3, *(n * 2**power for n in (4, 5, 6, 7) for power in powers)}
    return [*sorted(step for step in steps if step < n_lists), n_lists]


def search_cost(plan: IndexPlan, n_probe: int, rerank: float) -> float:
    """Cost of a query for 10 neighbours that probes `n_probe` lists and re-ranks `rerank` times 10.

    The unit is the look-up of one 8-bit code, as in `galsearch.index.plan.cost`.
    """
    return probe_cost(n_probe, plan) + rerank_cost(MIN_DEPTH_K * rerank, plan.dim)


def _recall_by_factor(
    lists: InvertedLists,
    stored: StoredVectors,
    queries: QuerySample,
    n_probe: int,
    factors: Float64Array,
) -> Float64Array:
    """Recall@10 of each query after re-ranking, for each number of candidates per neighbour.

    The array has shape (n_queries, n_factors). Re-ranking moves every true neighbour among the
    candidates to the top. So the recall is the fraction of the true neighbours that are among the
    candidates, and one search serves all factors.
    """
    depths = np.array([depth_of(MIN_DEPTH_K, factor) for factor in factors.tolist()])
    max_depth = min(int(depths.max()), len(stored))
    candidates = lists.candidates(queries.vectors, n=max_depth, n_probe=n_probe)
    recalls = np.ones((len(queries), len(factors)))
    for i, rows in enumerate(candidates):
        is_neighbour, n_neighbours = _true_neighbours(stored, queries, i, rows)
        found = np.cumsum(is_neighbour)[np.minimum(depths, max_depth) - 1]
        if queries.outside is not None:
            compared = find_rows(queries.outside, rows) >= 0
            found = np.cumsum(is_neighbour & ~compared)[np.minimum(depths, max_depth) - 1]
            found += np.count_nonzero(_true_neighbours(stored, queries, i, queries.outside)[0])
        if n_neighbours:
            recalls[i] = np.minimum(found, n_neighbours) / n_neighbours
    return recalls


def _true_neighbours(
    stored: StoredVectors, queries: QuerySample, i: int, rows: Rows
) -> tuple[BoolArray, int]:
    """The candidates of a query that are among its 10 true neighbours.

    Parameters
    ----------
    stored
        Stored vectors that are searched.
    queries
        The queries, with their exact neighbours.
    i
        Number of the query.
    rows : (n,) int64
        Rows of its candidates, -1 for none.

    Returns
    -------
    found : (n,) bool
        True for candidates that are true neighbours.
    n_neighbours
        Number of true neighbours: 10, or fewer in a small index.
    """
    n_true = int(queries.truth.counts[i])
    true_ids = queries.truth.target_ids[i, :n_true]
    cosines = queries.truth.similarity[i, :n_true]
    n_neighbours = min(MIN_DEPTH_K, len(cosines))
    if not n_neighbours:
        return np.zeros(len(rows), bool), 0
    ids = np.where(rows >= 0, stored.ids_at(np.maximum(rows, 0)), 0)
    near_enough = cosines >= cosines[n_neighbours - 1]
    if not near_enough.all() or len(near_enough) < max(RECALL_KS):
        return (ids[:, None] == true_ids[near_enough]).any(axis=1), n_neighbours
    # Exact search may not have returned every galaxy with the cosine of the last true neighbour, so
    # cosines are compared instead of TARGETIDs.
    found = (rows >= 0) & (ids != queries.target_ids[i])
    limit = cosines[n_neighbours - 1]
    found[found] = stored.cosines(rows[found], queries.vectors[i]) >= limit
    return found, n_neighbours


def recall_of_each(
    found: SearchResult, queries: QuerySample, truth: StoredVectors, *, k: int
) -> Float64Array:
    """Fraction of the `k` exact neighbours that a search found, for each query that has any, (n,).

    A neighbour counts as found where its cosine is not below that of the k-th exact neighbour, so
    that ties and duplicates are not misses (the definition of ann-benchmarks).

    Parameters
    ----------
    found
        Neighbours that the search found for each query.
    queries
        Queries with at least `k` exact neighbours each, or all of them in a smaller index.
    truth
        Vectors with which cosines are computed: the original ones, even if stored vectors are
        compressed.
    k
        Number of neighbours.
    """
    fractions = []
    n_true, n_found = np.minimum(queries.truth.counts, k), found.counts
    for i in np.flatnonzero(n_true):
        min_cosine = queries.truth.similarity[i, n_true[i] - 1]
        rows = truth.rows_of(found.target_ids[i, : n_found[i]])
        cosines = truth.cosines(rows, queries.vectors[i])
        fractions.append(np.mean(cosines[: n_true[i]] >= min_cosine))
    return np.array(fractions, np.float64)


def standard_error(fractions: Float64Array) -> float:
    """Standard error of the mean of the recalls of single queries; 0 for none."""
    return float(fractions.std() / math.sqrt(len(fractions))) if len(fractions) else 0.0
