"""What lies in a FAISS file: the matrix before the inverted lists, the lists, their rows."""

from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.index.ivf.faiss_api import faiss

Bytes = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]


PACKED_TOGETHER = 32
"""Vectors whose 4-bit codes fast scan packs into one block."""
_LANES = np.array([0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15])
"""Which vectors of half a block follow each other in it (faiss 1.15, pq4_fast_scan.cpp)."""


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


def unpacked(blocks: Bytes) -> Bytes:
    """(32 n, code_size) codes, one vector a row, from blocks (n, code_size, 32) of fast scan."""
    rows = np.empty((len(blocks), PACKED_TOGETHER, blocks.shape[1]), np.uint8)
    low, high = blocks[:, :, :16].transpose(0, 2, 1), blocks[:, :, 16:].transpose(0, 2, 1)
    rows[:, _LANES] = low & 15 | (high & 15) << 4
    rows[:, _LANES + 16] = low >> 4 | high & 0xF0
    return rows.reshape(-1, blocks.shape[1])


def packed(codes: Bytes) -> Bytes:
    """Blocks (n, code_size, 32) of fast scan from (32 n, code_size) codes, one vector a row."""
    rows = codes.reshape(-1, PACKED_TOGETHER, codes.shape[1])
    first, second = rows[:, _LANES], rows[:, _LANES + 16]
    low, high = first & 15 | (second & 15) << 4, first >> 4 | second & 0xF0
    return np.concatenate([low, high], axis=1).transpose(0, 2, 1)


def sort_list(index: Any, number: int, new_rows: Rows) -> None:
    """Give the rows of one list their new numbers, and bring them and their codes into order."""
    lists, size = index.invlists, index.invlists.list_size(number)
    if not size:
        return
    rows = faiss.rev_swig_ptr(lists.get_ids(number), size)
    rows[:] = new_rows[rows]
    order = np.argsort(rows)
    if (np.diff(order) > 0).all():
        return
    rows[:] = rows[order]
    if isinstance(index, faiss.IndexIVFFastScan):
        blocks = _blocks(index, number)
        plain = unpacked(blocks)
        plain[:size] = plain[order]
        blocks[:] = packed(plain)
        return
    codes = faiss.rev_swig_ptr(lists.get_codes(number), size * index.code_size)
    codes[:] = codes.reshape(size, -1)[order].reshape(-1)


def clear_padding(index: Any) -> None:
    """Zero what follows the last code of each list of fast scan: equal lists, equal files."""
    for number in range(index.nlist):
        if n_last := index.invlists.list_size(number) % PACKED_TOGETHER:
            last = _blocks(index, number)[-1:]
            plain = unpacked(last)
            plain[n_last:] = 0
            last[:] = packed(plain)


def _blocks(index: Any, number: int) -> Bytes:
    """(n, code_size, 32) of one list of fast scan, as they lie in memory."""
    n_blocks = -(-index.invlists.list_size(number) // PACKED_TOGETHER)
    n_bytes = n_blocks * PACKED_TOGETHER * index.code_size
    codes: Bytes = faiss.rev_swig_ptr(index.invlists.get_codes(number), n_bytes)
    return codes.reshape(n_blocks, index.code_size, PACKED_TOGETHER)
