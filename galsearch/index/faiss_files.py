"""What lies in a FAISS file: the matrix before the inverted lists, the lists, their rows."""

from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.index.library import faiss

Rows = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]


def take_apart(whole: Any) -> tuple[Any, Vectors | None]:
    """The inverted lists of a FAISS index, and the matrix before them if there is one."""
    index = faiss.downcast_index(whole)
    turn = None
    if isinstance(index, faiss.IndexPreTransform):
        matrix = faiss.downcast_VectorTransform(index.chain.at(0))
        turn = faiss.vector_to_array(matrix.A).reshape(matrix.d_out, matrix.d_in)
        inner = faiss.downcast_index(index.index)
        index = inner
    return index, turn


def inverted_list(index: Any, number: int) -> Rows:
    """(n,) the rows in one list."""
    lists = index.invlists
    size = lists.list_size(number)
    if not size:
        return np.empty(0, np.int64)
    ids = lists.get_ids(number)
    rows = np.array(faiss.rev_swig_ptr(ids, size), np.int64)
    lists.release_ids(number, ids)
    return rows
