"""Reading and writing of inverted lists in FAISS's own file format."""

import math
import os
from pathlib import Path
from typing import Any

import numpy as np

from galsearch.core.arrays import Float32Array
from galsearch.core.errors import ManifestError
from galsearch.files.atomic import new_binary_file
from galsearch.files.held_files import OpenFile, open_binary
from galsearch.index.ivf.faiss_api import faiss, faiss_errors, largest_vector_read
from galsearch.index.ivf.faiss_lists import clear_padding, rows_of_list, split_rotation
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.ivf.list_sizes import CheckedListReader
from galsearch.index.plan.index_plan import IndexPlan, table_bytes

_FAISS_CLASSES = {
    "ivfsq": "IndexIVFScalarQuantizer",
    "ivfpq": "IndexIVFPQ",
    "fastscan": "IndexIVFPQFastScan",
}

_LARGEST_VALUE = 1e6
"""Limit of the values in lists of unit vectors, which are about 1 at most; NaN is beyond it."""


def read_lists(
    path: Path, *, plan: IndexPlan, n_vectors: int, open_file: OpenFile = open_binary
) -> InvertedLists:
    """The inverted lists in a file that `write_lists` made.

    The caller must have checked the digest of the file, because FAISS does not validate files.

    Parameters
    ----------
    path
        The file.
    plan
        Parameters that the lists must have.
    n_vectors
        Number of vectors that the lists must hold.
    open_file
        Opens the file; by default the one that is at the path now.

    Raises
    ------
    ManifestError
        Where FAISS cannot read the file, or the lists have other parameters or rows.
    """
    with faiss_errors(f"{path}", ManifestError):
        with open_file(path) as file:
            n_bytes = file.seek(0, os.SEEK_END)
            file.seek(0)
            # FAISS computes a table beside what it reads.
            with largest_vector_read(max(n_bytes, table_bytes(plan)) + 8):
                reader = CheckedListReader(file, path, n_lists=plan.n_lists, n_vectors=n_vectors)
                whole = faiss.read_index(faiss.PyCallbackIOReader(reader.read))
        index, rotation = split_rotation(whole)
    found = (type(index).__name__, whole.d, index.ntotal, getattr(index, "nlist", 0), index.d)
    expected = (_FAISS_CLASSES[plan.kind], plan.dim, n_vectors, plan.n_lists, plan.n_components)
    if found != expected:
        raise ManifestError(
            f"{path}: {found[0]} of {found[2]:,} vectors of {found[1]} components, "
            f"{found[4]} of them kept, in {found[3]} lists; manifest.json says {expected[0]}, "
            f"{expected[2]:,}, {expected[1]}, {expected[4]} and {expected[3]}.",
            path=path,
        )
    if not _is_as_planned(index, plan, rotation):
        raise ManifestError(
            f"{path}: its codes, centroids or rotation are not those of the plan in manifest.json.",
            path=path,
        )
    if not _is_usable(index, plan, rotation):
        raise ManifestError(
            f"{path}: its centroids, rotation or quantiser hold values that are not finite or out "
            "of all proportion.",
            path=path,
        )
    if not _has_every_row(index, n_vectors):
        raise ManifestError(
            f"{path}: its lists do not hold each of the {n_vectors:,} rows once.", path=path
        )
    return InvertedLists(index, plan, rotation, owner=whole)


def _is_as_planned(index: Any, plan: IndexPlan, rotation: Float32Array | None) -> bool:
    """True where the parts of a FAISS index have the sizes that a search relies on."""
    quantizer, lists = faiss.downcast_index(index.quantizer), index.invlists
    code_bytes = math.ceil(plan.code_bytes)
    found = [index.by_residual, index.is_trained, index.code_size, lists.nlist]
    found += [quantizer.ntotal, quantizer.d, quantizer.metric_type]
    expected = [True, True, code_bytes, plan.n_lists]
    expected += [plan.n_lists, plan.n_components, faiss.METRIC_L2]
    if plan.kind == "ivfsq":
        scalar = index.sq
        found += [scalar.qtype, scalar.d, scalar.code_size, scalar.trained.size(), lists.code_size]
        expected += [faiss.ScalarQuantizer.QT_8bit, plan.n_components, code_bytes]
        expected += [2 * plan.n_components, code_bytes]
    else:
        product = index.pq
        found += [product.d, product.M, product.nbits, product.centroids.size()]
        expected += [plan.n_components, plan.n_subvectors, plan.n_bits]
        expected += [plan.n_components << plan.n_bits]
    if rotation is not None:
        found += rotation.shape
        expected += [plan.n_components, plan.dim]
    return found == expected and (rotation is not None or plan.n_components == plan.dim)


def _is_usable(index: Any, plan: IndexPlan, rotation: Float32Array | None) -> bool:
    """True where the values that were trained are finite, as those of unit vectors are.

    Codes are bytes, of which each value stands for a number.
    """
    quantizer = faiss.downcast_index(index.quantizer)
    centroids = quantizer.reconstruct_n(0, plan.n_lists)
    residuals = index.sq.trained if plan.kind == "ivfsq" else index.pq.centroids
    trained = [centroids, faiss.vector_to_array(residuals)]
    trained += [] if rotation is None else [rotation]
    if not all((np.abs(values) < _LARGEST_VALUE).all() for values in trained):
        return False
    # Axes of query-aware lists are scaled; no axis may have a length of 0.
    return rotation is None or bool((np.abs(rotation).max(axis=1) > 1 / _LARGEST_VALUE).all())


def _has_every_row(index: Any, n_vectors: int) -> bool:
    """True where the lists of a FAISS index hold each row number below `n_vectors` once."""
    sizes = [index.invlists.list_size(number) for number in range(index.nlist)]
    if sum(sizes) != n_vectors:
        return False
    held = np.zeros(n_vectors, bool)
    for number in range(index.nlist):
        rows = rows_of_list(index, number)
        if len(rows) and not 0 <= rows.min() <= rows.max() < n_vectors:
            return False
        held[rows] = True
    return bool(held.all())


def write_lists(lists: InvertedLists, path: Path) -> None:
    """Write inverted lists, and the rotation of their vectors if there is one, to a file.

    Equal lists give equal bytes. The file is written atomically.
    """
    index = lists.faiss_index
    if lists.plan.kind == "fastscan":
        clear_padding(index)
    if lists.rotation is None:
        _write(index, path)
        return
    transform = faiss.LinearTransform(lists.plan.dim, lists.plan.n_components, False)
    faiss.copy_array_to_vector(np.ascontiguousarray(lists.rotation).reshape(-1), transform.A)
    transform.is_trained = True
    _write(faiss.IndexPreTransform(transform, index), path)


def _write(index: Any, path: Path) -> None:
    failures: list[OSError] = []
    with faiss_errors(f"{path}", ManifestError), new_binary_file(path) as file:

        def write(block: bytes) -> None:
            try:
                file.write(block)
            except OSError as error:
                failures.append(error)
                raise

        # FAISS would not notice that the last bytes of a file of its own could not be written.
        try:
            faiss.write_index(index, faiss.PyCallbackIOWriter(write))
        except RuntimeError:
            if not failures:
                raise
            # FAISS does not pass on the error of the callback.
            raise failures[0] from None
