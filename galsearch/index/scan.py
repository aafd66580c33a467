"""The exact answer: every stored vector is compared. Slow for millions, the measure of recall."""

import numpy as np
import numpy.typing as npt

from galsearch.core.vectors import answer_order
from galsearch.index.stored import Ids, StoredVectors, Vectors

_ROWS, _QUESTIONS = 32_768, 64
"""Stored vectors and questions compared at a time: 8 MB of cosines."""

Answer = tuple[Ids, npt.NDArray[np.float32]]
"""TARGETIDs and cosines, descending, equal cosines by ascending TARGETID."""


def exact_search(
    stored: StoredVectors, questions: Vectors, *, k: int, exclude: Ids
) -> list[Answer]:
    """The `k` stored vectors of largest cosine for each question, without `exclude`.

    Parameters
    ----------
    questions : (n, d) unit rows
    exclude : (n,)
        For each question a TARGETID that must not answer; 0 for none.

    Returns
    -------
    list of (target_ids, cosines)
        `min(k, stored)` of each, or one fewer where the excluded galaxy is stored.
    """
    answers: list[Answer] = []
    for start in range(0, len(questions), _QUESTIONS):
        part = slice(start, start + _QUESTIONS)
        # One more than asked: the excluded galaxy is dropped afterwards.
        rows = _candidate_rows(stored.vectors, questions[part], k + 1)
        for found, question, own in zip(rows, questions[part], exclude[part], strict=True):
            answers.append(rank(stored, found, question, k=k, exclude=int(own)))
    return answers


def rank(
    stored: StoredVectors,
    rows: npt.NDArray[np.int64],
    question: Vectors,
    *,
    k: int,
    exclude: int,
) -> Answer:
    """The best `k` of the stored vectors at `rows`, by true cosine; never `exclude`."""
    ids = stored.ids[rows]
    kept = ids != exclude
    rows, ids = rows[kept], ids[kept]
    cosines = stored.cosines(rows, question)
    order = answer_order(cosines, ids)[:k]
    return ids[order], cosines[order]


def _candidate_rows(vectors: Vectors, questions: Vectors, k: int) -> list[npt.NDArray[np.int64]]:
    """For each question every row that can be among its best `k`.

    Single precision decides only what certainly is not: the margin is twice the largest error
    of a dot product of two unit vectors, d * 2**-24.
    """
    margin = np.float32(2 * vectors.shape[1] * 2.0**-24 + 1e-6)
    rows = [np.empty(0, np.int64) for _ in questions]
    cosines = [np.empty(0, np.float32) for _ in questions]
    for start in range(0, len(vectors), _ROWS):
        block = questions @ vectors[start : start + _ROWS].T
        for number, found in enumerate(block):
            kept = np.flatnonzero(found >= _kth(found, k) - margin)
            joined = np.concatenate([cosines[number], found[kept]])
            names = np.concatenate([rows[number], kept + start])
            best = joined >= _kth(joined, k) - margin
            rows[number], cosines[number] = names[best], joined[best]
    return rows


def _kth(values: npt.NDArray[np.float32], k: int) -> np.float32:
    """The k-th largest value; minus infinity where there are not more than k."""
    if len(values) <= k:
        return np.float32(-np.inf)
    return np.float32(np.partition(values, len(values) - k)[len(values) - k])
