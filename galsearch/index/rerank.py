"""Candidates of the inverted lists, decided by their stored vectors, many questions at once."""

import numpy as np
import numpy.typing as npt

from galsearch.index.library import faiss
from galsearch.index.scan import Answer, rounding_margin
from galsearch.index.stored import Ids, Rows, StoredVectors, Vectors, decode

_DECODED_COMPONENTS = 1 << 22
"""Components brought to double precision at a time: 32 MB."""


def decide(
    stored: StoredVectors, candidates: Rows, questions: Vectors, *, k: int, exclude: Ids
) -> list[Answer]:
    """The best `k` of each question's candidates by true cosine, without `exclude`.

    Parameters
    ----------
    candidates : (q, n)
        Rows, each once, -1 for none.
    questions : (q, d) unit rows
    exclude : (q,)
    """
    rough = inner_products(stored, candidates, questions)
    rough[candidates == stored.rows_of(exclude)[:, None]] = -np.inf
    rough[candidates < 0] = -np.inf
    n = candidates.shape[1]
    # Single precision decides only what certainly is not among the best.
    least = np.partition(rough, n - k, axis=1)[:, n - k] if k < n else np.full(len(rough), -np.inf)
    near = (rough >= least[:, None] - rounding_margin(stored.dim)) & np.isfinite(rough)
    width = max(1, int(near.sum(axis=1).max(initial=0)))
    best = np.argpartition(~near, width - 1, axis=1)[:, :width] if width < n else np.arange(n)
    best = np.broadcast_to(best, (len(rough), width))
    rows = np.take_along_axis(np.where(near, candidates, -1), best, axis=1)
    step = max(1, _DECODED_COMPONENTS // (width * stored.dim))
    answers: list[Answer] = []
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        answers += _ranked(stored, rows[part], questions[part], k)
    return answers


def _ranked(stored: StoredVectors, rows: Rows, questions: Vectors, k: int) -> list[Answer]:
    kept = rows >= 0
    safe = np.where(kept, rows, 0)
    ids, cosines = stored.ids_at(safe), stored.cosines(safe, questions)
    order = np.lexsort((ids, np.where(kept, -cosines, np.inf)), axis=-1)[:, :k]
    ids = np.take_along_axis(ids, order, axis=1)
    cosines = np.take_along_axis(cosines, order, axis=1)
    counts = np.minimum(kept.sum(axis=1), k).tolist()
    return [(ids[i, :n], cosines[i, :n]) for i, n in enumerate(counts)]


def inner_products(
    stored: StoredVectors, rows: Rows, questions: Vectors
) -> npt.NDArray[np.float32]:
    """(q, n) cosines in single precision; meaningless where a row is -1."""
    found = np.full(rows.shape, -np.inf, np.float32)
    for segment, start in zip(stored.segments, stored.starts, strict=False):
        local = rows - start
        mine = (local >= 0) & (local < len(segment.ids))
        if not mine.any():
            continue
        if segment.vectors.dtype == np.float32:
            products = _float_products(segment.vectors, np.where(mine, local, -1), questions)
        else:
            products = _decoded_products(segment.vectors, np.where(mine, local, 0), questions)
        found = np.where(mine, products, found)
    return found


def _float_products(vectors: Vectors, rows: Rows, questions: Vectors) -> npt.NDArray[np.float32]:
    """As FAISS computes them from the memory map, without a copy of the rows."""
    products = np.empty(rows.shape, np.float32)
    rows, questions = np.ascontiguousarray(rows), np.ascontiguousarray(questions, np.float32)
    faiss.fvec_inner_products_by_idx(
        faiss.swig_ptr(products),
        faiss.swig_ptr(questions),
        faiss.swig_ptr(vectors),
        faiss.swig_ptr(rows),
        vectors.shape[1],
        *rows.shape,
    )
    return products


def _decoded_products(
    vectors: npt.NDArray[np.generic], rows: Rows, questions: Vectors
) -> npt.NDArray[np.float32]:
    products = np.empty(rows.shape, np.float32)
    for number, question in enumerate(questions):
        products[number] = decode(vectors[rows[number]]) @ question
    return products
