"""How deep each direction must look to reach its recall, and what recall that gives.

Questions of one modality among another lie outside the other's distribution, so each direction is
tuned on its own questions: galaxies of the build, each excluded from its own answer.
"""

import dataclasses
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Rows, TargetIds, Vectors
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.plan.cost import probe_cost, rerank_cost
from galsearch.index.plan.index_plan import IndexPlan
from galsearch.index.plan.index_recipe import IndexRecipe
from galsearch.index.search.exact_search import exact_search
from galsearch.index.search.modality_index import (
    MIN_DEPTH_K,
    SearchSettings,
    depth_of,
    least_probe,
)
from galsearch.index.search.search_result import SearchResult
from galsearch.index.vectors.stored_vectors import StoredVectors

RECALL_KS = (1, 10, 100)
_SPARED_ERRORS = 2
_AS_GOOD = 0.002
RERANKS = (1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)


@dataclass(frozen=True, eq=False)
class Questions:
    """Stored galaxies that ask among a modality, with the exact answers."""

    vectors: Vectors
    target_ids: TargetIds
    truth: SearchResult

    def __len__(self) -> int:
        return len(self.target_ids)


def draw_ids(stored: StoredVectors, *, n: int, seed: int) -> tuple[TargetIds, TargetIds]:
    """`n` galaxies to tune with and `n` others to measure with; the same where they are few."""
    ids = np.random.default_rng(seed).permutation(stored.ids)[: 2 * n]
    tuning = np.sort(ids[:n])
    return tuning, tuning if len(ids) < 2 * n else np.sort(ids[n:])


def ask(using: StoredVectors, among: StoredVectors, ids: TargetIds) -> Questions:
    """What these galaxies ask, with the answers of exact search."""
    vectors = using.take(using.rows_of(ids))
    rows, cosines = exact_search(among, vectors, k=max(RECALL_KS), exclude_rows=among.rows_of(ids))
    truth = SearchResult.of_rows(among, rows, cosines, np.ones(len(ids), bool))
    return Questions(vectors, ids, truth)


def tune(
    lists: InvertedLists,
    stored: StoredVectors,
    questions: Questions,
    recipe: IndexRecipe,
) -> SearchSettings:
    """The cheapest settings that reach the recipe's recall@10, else those within .002 of the best.

    Reached means: with two standard errors to spare, because recall varies from one sample of
    questions to the next and the cheapest of many settings is the luckiest too. Cost is counted,
    not timed, so the outcome is the same on every machine.
    """
    plan = dataclasses.replace(lists.plan, n_vectors=len(stored))
    reranks = np.array([recipe.rerank] if recipe.rerank else RERANKS)
    reached: list[_Trial] = []
    short: list[_Trial] = []
    for n_probe in _probes(plan.n_lists, recipe.n_probe):
        cheapest = min((trial.cost for trial in reached), default=math.inf)
        if cost_of(plan, n_probe, float(reranks[0])) >= cheapest:
            break
        found = _recall_by_rerank(lists, stored, questions, n_probe, reranks)
        recalls, errors = found.mean(axis=0), found.std(axis=0) / math.sqrt(len(found))
        sure = recalls - _SPARED_ERRORS * errors >= recipe.recall_target
        for number, rerank in enumerate(reranks.tolist()):
            depth = depth_of(MIN_DEPTH_K, rerank)
            least = min(least_probe(depth, plan.n_lists, len(stored)), plan.n_lists)
            if recipe.n_probe is None and n_probe < least:
                continue  # a question would read more lists, and see other candidates
            cost = cost_of(plan, n_probe, rerank)
            trial = _Trial(n_probe, rerank, float(recalls[number]), cost)
            (reached if sure[number] else short).append(trial)
    if not reached:
        best = max(trial.recall_at_10 for trial in short)
        reached = [trial for trial in short if trial.recall_at_10 >= best - _AS_GOOD]
    chosen = min(reached, key=lambda trial: trial.cost)
    return SearchSettings(chosen.n_probe, chosen.rerank)


class _Trial(NamedTuple):
    n_probe: int
    rerank: float
    recall_at_10: float
    cost: float


def _probes(n_lists: int, fixed: int | None) -> list[int]:
    if fixed is not None:
        return [min(fixed, n_lists)]
    steps = {
        1,
        2,
        3,
        *(n * 2**power for n in (4, 5, 6, 7) for power in range(n_lists.bit_length())),
    }
    return [*sorted(step for step in steps if step < n_lists), n_lists]


def cost_of(plan: IndexPlan, n_probe: int, rerank: float) -> float:
    """What a question costs that reads so many lists and re-ranks so deeply."""
    return probe_cost(n_probe, plan) + rerank_cost(MIN_DEPTH_K * rerank, plan.dim)


def _recall_by_rerank(
    lists: InvertedLists,
    stored: StoredVectors,
    questions: Questions,
    n_probe: int,
    reranks: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """(n_questions, n_depths) recall@10 after re-ranking, for each depth at once.

    Re-ranking puts a true neighbour first wherever it is among the candidates, so the recall at
    a depth is the share of true neighbours among that many candidates.
    """
    depths = np.array([depth_of(MIN_DEPTH_K, rerank) for rerank in reranks.tolist()])
    deepest = min(int(depths.max()), len(stored))
    found = lists.candidates(questions.vectors, n=deepest, n_probe=n_probe)
    recalls = np.ones((len(questions), len(reranks)))
    for number, rows in enumerate(found):
        near, wanted = _true_neighbours(stored, questions, number, rows)
        counted = np.cumsum(near)[np.minimum(depths, deepest) - 1]
        if wanted:
            recalls[number] = np.minimum(counted, wanted) / wanted
    return recalls


def _true_neighbours(
    stored: StoredVectors, questions: Questions, number: int, rows: Rows
) -> tuple[npt.NDArray[np.bool_], int]:
    """(n,) which candidates are as near as the tenth exact neighbour, and how many should be."""
    n_true = int(questions.truth.counts[number])
    true_ids = questions.truth.target_ids[number, :n_true]
    cosines = questions.truth.similarity[number, :n_true]
    wanted = min(MIN_DEPTH_K, len(cosines))
    if not wanted:
        return np.zeros(len(rows), bool), 0
    ids = np.where(rows >= 0, stored.ids_at(np.maximum(rows, 0)), 0)
    as_near = cosines >= cosines[wanted - 1]
    if not as_near.all() or len(as_near) < max(RECALL_KS):
        return (ids[:, None] == true_ids[as_near]).any(axis=1), wanted
    # More equally near galaxies than the exact answer lists: compare cosines instead of ids.
    near = (rows >= 0) & (ids != questions.target_ids[number])
    near[near] = stored.cosines(rows[near], questions.vectors[number]) >= cosines[wanted - 1]
    return near, wanted


def recall(found: SearchResult, questions: Questions, truth: StoredVectors, *, k: int) -> float:
    """Mean share of the `k` exact neighbours found; an equal cosine counts as found.

    By cosine rather than by id, so that ties and duplicates are not counted as misses
    (ann-benchmarks' definition); by the cosine of the true vectors, whatever is stored.
    """
    shares = []
    n_true, n_found = np.minimum(questions.truth.counts, k), found.counts
    for i in np.flatnonzero(n_true):
        least = questions.truth.similarity[i, n_true[i] - 1]
        rows = truth.rows_of(found.target_ids[i, : n_found[i]])
        cosines = truth.cosines(rows, questions.vectors[i])
        shares.append(np.mean(cosines[: n_true[i]] >= least))
    return float(np.mean(shares)) if shares else 1.0
