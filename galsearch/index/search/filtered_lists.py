"""A filtered question among the inverted lists of an index: those that hold what may answer.

Lists are taken from the nearest on, and those without a selected vector are skipped: where filter
and question disagree, the lists that matter lie far away.
"""

import math

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Rows, Vectors
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.plan.cost import probe_cost
from galsearch.index.search.row_filter import HeldLists, Selection

_ASKED_AT_A_TIME = 256
_PROBE_SLACK = 2
"""Lists looked at first: so many times as would do if the selected vectors lay evenly."""


def cost_among(lists: InvertedLists, selection: Selection, n_enough: int) -> float:
    """What looking at so many selected vectors costs, if they lie evenly."""
    read = min(len(selection), n_enough) / max(selection.density(lists), 1e-9)
    return probe_cost(read * lists.n_lists / max(1, lists.n_vectors), lists.plan)


def candidates_among(
    lists: InvertedLists, questions: Vectors, *, n: int, selection: Selection, n_enough: int
) -> Rows:
    """(n_questions, n) selected rows, from lists that hold `n_enough` of them together."""
    counts, held = selection.counts_by_list(lists), selection.held_lists(lists)
    found = np.full((len(questions), n), -1)
    for start in range(0, len(questions), _ASKED_AT_A_TIME):
        part = slice(start, start + _ASKED_AT_A_TIME)
        asking = lists.rotate_queries(questions[part])
        numbers, measures = _lists_with(lists, asking, counts, held, n_enough)
        found[part] = lists.search_lists(asking, numbers, measures, n, selection.bitmap)
    return found


def _lists_with(
    lists: InvertedLists,
    questions: Vectors,
    counts: npt.NDArray[np.int64],
    held: HeldLists,
    n_enough: int,
) -> tuple[npt.NDArray[np.int64], Vectors]:
    """(q, width) the nearest lists that hold enough, -1 for none; what tells it."""
    n_enough, n_held = min(n_enough, int(counts.sum())), len(held.numbers)
    typical = math.ceil(_PROBE_SLACK * n_enough / max(1, counts.sum()) * n_held)
    for width in (min(typical, n_held), n_held):
        if n_held == lists.n_lists:
            measures, numbers = lists.nearest_lists(questions, width)
        else:
            measures, places = held.centroids.search(questions, width)
            numbers = held.numbers[places]
        inside = np.where(numbers >= 0, counts[numbers], 0)
        before = np.cumsum(inside, axis=1) - inside
        if (before[:, -1] + inside[:, -1] >= n_enough).all():
            break
    numbers = np.where((before < n_enough) & (inside > 0), numbers, -1)
    used = max(1, int(np.flatnonzero((numbers >= 0).any(axis=0)).max(initial=0)) + 1)
    return np.ascontiguousarray(numbers[:, :used]), np.ascontiguousarray(measures[:, :used])
