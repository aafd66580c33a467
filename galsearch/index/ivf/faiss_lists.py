"""Reading and reordering the inverted lists inside a FAISS index.

FAISS has no interface for this, so some functions change its memory directly. The codes of IVF-PQ
fast scan are stored in blocks of 32 vectors, in the layout of faiss 1.15 (pq4_fast_scan.cpp).
"""

from typing import Any

import numpy as np

from galsearch.core.arrays import Float32Array, Rows, UInt8Array
from galsearch.index.ivf.faiss_api import faiss

VECTORS_PER_BLOCK = 32
"""Number of vectors whose 4-bit codes fast scan packs into one block."""
_VECTOR_ORDER = np.array([0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15])
"""Order in which fast scan stores the vectors of half a block of codes."""


def split_rotation(index: Any) -> tuple[Any, Float32Array | None]:
    """The inverted lists of a FAISS index, and the rotation that it applies to vectors, if any.

    Parameters
    ----------
    index
        A FAISS index as read from a file.

    Returns
    -------
    lists
        A FAISS index of the IVF family.
    rotation : (n_components, d) float32 or None
        Axes of the rotation in rows; None if the index does not rotate vectors.
    """
    index = faiss.downcast_index(index)
    if not isinstance(index, faiss.IndexPreTransform):
        return index, None
    matrix = faiss.downcast_VectorTransform(index.chain.at(0))
    rotation = faiss.vector_to_array(matrix.A).reshape(matrix.d_out, matrix.d_in)
    return faiss.downcast_index(index.index), rotation


def rows_of_list(index: Any, list_number: int) -> Rows:
    """Row numbers of the vectors in one inverted list, shape (n,), int64."""
    lists = index.invlists
    size = lists.list_size(list_number)
    if not size:
        return np.empty(0, np.int64)
    ids = lists.get_ids(list_number)
    rows = np.array(faiss.rev_swig_ptr(ids, size), np.int64)
    lists.release_ids(list_number, ids)
    return rows


def unpack_codes(blocks: UInt8Array) -> UInt8Array:
    """The 4-bit codes of fast scan, unpacked from its blocks to one vector in each row.

    Parameters
    ----------
    blocks : (n, code_size, 32) uint8
        Blocks as fast scan stores them.

    Returns
    -------
    (32 n, code_size) uint8
    """
    codes = np.empty((len(blocks), VECTORS_PER_BLOCK, blocks.shape[1]), np.uint8)
    low, high = blocks[:, :, :16].transpose(0, 2, 1), blocks[:, :, 16:].transpose(0, 2, 1)
    codes[:, _VECTOR_ORDER] = low & 15 | (high & 15) << 4
    codes[:, _VECTOR_ORDER + 16] = low >> 4 | high & 0xF0
    return codes.reshape(-1, blocks.shape[1])


def pack_codes(codes: UInt8Array) -> UInt8Array:
    """The 4-bit codes of vectors, packed into blocks as fast scan stores them.

    This is the inverse of `unpack_codes`.

    Parameters
    ----------
    codes : (32 n, code_size) uint8
        One vector in each row.

    Returns
    -------
    (n, code_size, 32) uint8
    """
    rows = codes.reshape(-1, VECTORS_PER_BLOCK, codes.shape[1])
    first, second = rows[:, _VECTOR_ORDER], rows[:, _VECTOR_ORDER + 16]
    low, high = first & 15 | (second & 15) << 4, first >> 4 | second & 0xF0
    return np.concatenate([low, high], axis=1).transpose(0, 2, 1)


def remap_list(index: Any, list_number: int, new_rows: Rows) -> None:
    """Renumber the vectors of one inverted list in place, and sort them by their new row number.

    The vector with row number `row` receives the number `new_rows[row]`.
    """
    lists, size = index.invlists, index.invlists.list_size(list_number)
    if not size:
        return
    rows = faiss.rev_swig_ptr(lists.get_ids(list_number), size)
    rows[:] = new_rows[rows]
    order = np.argsort(rows)
    if (np.diff(order) > 0).all():
        return
    rows[:] = rows[order]
    if isinstance(index, faiss.IndexIVFFastScan):
        blocks = _blocks(index, list_number)
        codes = unpack_codes(blocks)
        codes[:size] = codes[order]
        blocks[:] = pack_codes(codes)
        return
    codes = faiss.rev_swig_ptr(lists.get_codes(list_number), size * index.code_size)
    codes[:] = codes.reshape(size, -1)[order].reshape(-1)


def clear_padding(index: Any) -> None:
    """Set the unused end of the last block of each inverted list of a fast scan index to 0.

    Otherwise lists with equal content could differ in these bytes.
    """
    for list_number in range(index.nlist):
        if n_last := index.invlists.list_size(list_number) % VECTORS_PER_BLOCK:
            last = _blocks(index, list_number)[-1:]
            codes = unpack_codes(last)
            codes[n_last:] = 0
            last[:] = pack_codes(codes)


def _blocks(index: Any, list_number: int) -> UInt8Array:
    """The blocks of codes of one inverted list of a fast scan index, shape (n, code_size, 32).

    The array is a view of the memory of FAISS, so writing to it changes the list.
    """
    n_blocks = -(-index.invlists.list_size(list_number) // VECTORS_PER_BLOCK)
    n_bytes = n_blocks * VECTORS_PER_BLOCK * index.code_size
    codes: UInt8Array = faiss.rev_swig_ptr(index.invlists.get_codes(list_number), n_bytes)
    return codes.reshape(n_blocks, index.code_size, VECTORS_PER_BLOCK)
