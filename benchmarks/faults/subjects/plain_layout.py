"""The plain layout that galsearch is compared with: vectors in `.npy`, Parquet, and FAISS.

It is what a careful script writes: one file after another to its place, and no manifest.
"""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.faults.subjects.small_survey import SEED, embedded_ids, embedded_vectors
from galsearch.core.modality import Modality
from galsearch.files.atomic import new_file, write_array, write_bytes

_K, _QUERIES = 5, (20, 40, 60)


def write_plain_layout(out: Path, rows: slice, seed: int = SEED) -> Path:
    """Write the images of some of the 400 galaxies; returns the directory."""
    faiss: Any = importlib.import_module("faiss")
    vectors = np.ascontiguousarray(embedded_vectors(seed)[Modality.IMAGE][rows])
    ids = embedded_ids()[rows]
    write_array(out / "vectors.npy", vectors)
    with new_file(out / "catalogue.parquet") as temporary:
        table = {"target_id": ids, "z": np.linspace(0, 1, len(ids))}
        pq.write_table(pa.table(table), temporary)
    index = faiss.IndexHNSWFlat(vectors.shape[1], 16, faiss.METRIC_INNER_PRODUCT)
    index.add(vectors)
    write_bytes(out / "index.faiss", faiss.serialize_index(index).tobytes())
    return out


def answers_of_plain_layout(path: Path) -> list[Any]:
    """Neighbours of some galaxies and their redshifts."""
    faiss: Any = importlib.import_module("faiss")
    vectors = np.load(path / "vectors.npy", mmap_mode="r")
    table = pq.read_table(path / "catalogue.parquet")
    index = faiss.read_index(str(path / "index.faiss"))
    similarity, rows = index.search(np.ascontiguousarray(vectors[list(_QUERIES)]), _K)
    ids = np.asarray(table["target_id"])[rows]
    return [ids.tolist(), similarity.tolist(), np.asarray(table["z"])[rows].tolist()]


def verify_nothing(_: Path) -> int:
    """1: the plain layout has nothing that could be verified."""
    return 1
