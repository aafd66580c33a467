"""Reading and writing of inverted lists in FAISS's own file format."""

from pathlib import Path
from typing import Any

import numpy as np

from galsearch.core.errors import ManifestError
from galsearch.files.disk_errors import write_errors
from galsearch.files.held_files import OpenFile, open_binary
from galsearch.index.ivf.faiss_api import faiss, faiss_errors
from galsearch.index.ivf.faiss_lists import clear_padding, split_rotation
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.plan.index_plan import IndexPlan

_FAISS_CLASSES = {
    "ivfsq": "IndexIVFScalarQuantizer",
    "ivfpq": "IndexIVFPQ",
    "fastscan": "IndexIVFPQFastScan",
}


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
        Where FAISS cannot read the file, or the lists have other parameters.
    """
    with faiss_errors(f"{path}", ManifestError):
        with open_file(path) as file:
            whole = faiss.read_index(faiss.PyCallbackIOReader(file.read))
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
    return InvertedLists(index, plan, rotation, owner=whole)


def write_lists(lists: InvertedLists, path: Path) -> None:
    """Write inverted lists, and the rotation of their vectors if there is one, to a file.

    Equal lists give equal bytes. `path` must be a temporary path or be in a temporary directory,
    because FAISS does not write atomically.
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
    with write_errors(path):
        faiss.write_index(index, str(path))
