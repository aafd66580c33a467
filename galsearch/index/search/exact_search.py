"""The exact answer: every vector that may answer is compared. Slow for millions, the measure
of recall; and the last word on the candidates of the inverted lists.
"""

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Rows, TargetIds, Vectors
from galsearch.core.vectors import neighbour_order
from galsearch.index.vectors.stored_vectors import StoredVectors

_QUESTIONS = 256
"""Questions compared at a time: 32 MB of cosines with a block of stored vectors."""

Answer = tuple[TargetIds, npt.NDArray[np.float32]]
"""TARGETIDs and cosines, descending, equal cosines by ascending TARGETID."""
Blocks = Iterable[tuple[Rows, Vectors]]


def exact_search(
    stored: StoredVectors,
    questions: Vectors,
    *,
    k: int,
    exclude: TargetIds,
    blocks: Callable[[], Blocks] | None = None,
) -> list[Answer]:
    """The `k` stored vectors of largest cosine for each question, without `exclude`.

    Parameters
    ----------
    questions : (n, d) unit rows
    exclude : (n,)
        For each question a TARGETID that must not answer; 0 for none.
    blocks
        Makes the rows and vectors that may answer; default: all that are stored.

    Returns
    -------
    list of (target_ids, cosines)
        `min(k, allowed)` of each, or one fewer where the excluded galaxy is among them.
    """
    answers: list[Answer] = []
    for start in range(0, len(questions), _QUESTIONS):
        part = slice(start, start + _QUESTIONS)
        allowed = stored.blocks() if blocks is None else blocks()
        # One more than asked: the excluded galaxy is dropped afterwards.
        rows = _candidate_rows(allowed, questions[part], k + 1)
        for found, question, own in zip(rows, questions[part], exclude[part], strict=True):
            answers.append(rank(stored, found, question, k=k, exclude=int(own)))
    return answers


def rank(stored: StoredVectors, rows: Rows, question: Vectors, *, k: int, exclude: int) -> Answer:
    """The best `k` of the stored vectors at `rows`, by true cosine; never `exclude`."""
    ids = stored.ids_at(rows)
    kept = ids != exclude
    rows, ids = rows[kept], ids[kept]
    cosines = stored.cosines(rows, question)
    order = neighbour_order(cosines, ids)[:k]
    return ids[order], cosines[order]


def rounding_margin(dim: int) -> np.float32:
    """Twice the largest error of a single-precision dot product of two unit vectors."""
    return np.float32(2 * dim * 2.0**-24 + 1e-6)


def _candidate_rows(blocks: Blocks, questions: Vectors, k: int) -> list[Rows]:
    """For each question every row that can be among its best `k`.

    Single precision decides only what certainly is not.
    """
    margin = rounding_margin(questions.shape[1])
    rows = [np.empty(0, np.int64) for _ in questions]
    cosines = [np.empty(0, np.float32) for _ in questions]
    for names, vectors in blocks:
        for number, found in enumerate(questions @ vectors.T):
            kept = np.flatnonzero(found >= _kth(found, k) - margin)
            joined = np.concatenate([cosines[number], found[kept]])
            named = np.concatenate([rows[number], names[kept]])
            best = joined >= _kth(joined, k) - margin
            rows[number], cosines[number] = named[best], joined[best]
    return rows


def _kth(values: npt.NDArray[np.float32], k: int) -> np.float32:
    """The k-th largest value; minus infinity where there are not more than k."""
    if len(values) <= k:
        return np.float32(-np.inf)
    return np.float32(np.partition(values, len(values) - k)[len(values) - k])
