"""Candidates of the inverted lists, decided by their stored vectors, many questions at once."""

import numpy as np

from galsearch.core.arrays import Rows, TargetIds, Vectors
from galsearch.index.search.exact_search import Answer
from galsearch.index.vectors.stored_vectors import StoredVectors

_COMPONENTS = 1 << 17
"""Components brought to double precision at a time: 1 MB, which a core keeps at hand."""


def decide(
    stored: StoredVectors,
    candidates: Rows,
    questions: Vectors,
    *,
    k: int,
    exclude: TargetIds | None = None,
) -> list[Answer]:
    """The best `k` of each question's candidates by true cosine, without `exclude`.

    Parameters
    ----------
    candidates : (q, n)
        Rows, each once, -1 for none.
    questions : (q, d) unit rows
    exclude : (q,)
        TARGETIDs, 0 for none.
    """
    if len(candidates) == 1:
        one = -1 if exclude is None else int(stored.rows_of(exclude)[0])
        return [_ranked_one(stored, candidates[0], questions[0], one, k)]
    step = max(1, _COMPONENTS // (candidates.shape[1] * stored.dim))
    own = None if exclude is None else stored.rows_of(exclude)
    answers: list[Answer] = []
    for start in range(0, len(candidates), step):
        part = slice(start, start + step)
        barred = None if own is None else own[part]
        answers += _ranked(stored, candidates[part], questions[part], barred, k)
    return answers


def _ranked(
    stored: StoredVectors, rows: Rows, questions: Vectors, barred: Rows | None, k: int
) -> list[Answer]:
    ascending = len(stored.segments) == 1
    if ascending:
        # Rows of one segment ascend as their ids do, so a stable order breaks ties by id.
        rows = np.sort(rows, axis=1)
    kept = rows >= 0
    if barred is not None:
        kept &= rows != barred[:, None]
    whole = bool(kept.all())
    if not whole:
        rows = np.where(kept, rows, 0)
    cosines = stored.cosines(rows, questions)
    falling = -cosines
    if not whole:
        falling[~kept] = np.inf
    if ascending:
        order = np.argsort(falling, axis=1, kind="stable")[:, :k]
    else:
        order = np.lexsort((stored.ids_at(rows), falling), axis=-1)[:, :k]
    at = np.arange(len(rows))[:, None]
    ids, cosines = stored.ids_at(rows[at, order]), cosines[at, order]
    if whole:
        return list(zip(ids, cosines, strict=True))
    counts = np.minimum(kept.sum(axis=1), k).tolist()
    return [(ids[i, :n], cosines[i, :n]) for i, n in enumerate(counts)]


def _ranked_one(
    stored: StoredVectors, rows: Rows, question: Vectors, barred: int, k: int
) -> Answer:
    """As `_ranked`, for one question: half its time is the calls, so there are fewer."""
    if rows[-1] < 0:
        rows = rows[rows >= 0]
    if barred >= 0:
        rows = rows[rows != barred]
    cosines = stored.cosines(rows, question)
    ids = rows if len(stored.segments) == 1 else stored.ids_at(rows)
    order = np.lexsort((ids, -cosines))[:k]
    return stored.ids_at(rows[order]), cosines[order]
