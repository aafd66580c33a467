"""Image vectors and catalogue of an index, as files that services without galsearch can read.

    python -m benchmarks.service.exported_vectors INDEX --out FOLDER

The folder has `ids.npy`, `vectors.npy` (float32, unit length), `catalogue.arrow` in the same order,
and rows of random galaxies (`query_rows.npy`) with those of their ten nearest, found exactly
(`nearest_rows.npy`).
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from galsearch.core.modality import Modality
from galsearch.files.atomic import new_binary_file, write_array
from galsearch.query import open_index

K = 10
_BLOCK = 200_000


def export(index: Path, out: Path, *, n_queries: int = 200) -> None:
    """Write the files of a folder that does not exist yet."""
    engine = open_index(index)
    stored = engine.index.stored(Modality.IMAGE)
    ids = np.asarray(stored.ids)
    out.mkdir(parents=True)
    write_array(out / "ids.npy", ids)
    vectors = np.asarray(stored.take(np.arange(len(ids))), np.float32)
    write_array(out / "vectors.npy", vectors)
    table: pa.Table = engine.catalogue.columns.take(ids)
    with (
        new_binary_file(out / "catalogue.arrow") as file,
        pa.ipc.new_file(file, table.schema) as writer,
    ):
        writer.write(table.combine_chunks())
    rows = np.random.default_rng(2).choice(len(ids), min(n_queries, len(ids)), replace=False)
    write_array(out / "query_rows.npy", rows)
    write_array(out / "nearest_rows.npy", nearest_rows(vectors, rows))


def nearest_rows(vectors: npt.NDArray[np.float32], rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """(n, 10) Rows of the most similar vectors of some rows, without these themselves."""
    best = np.full((len(rows), K), -np.inf, np.float32)
    found = np.zeros((len(rows), K), np.int64)
    for start in range(0, len(vectors), _BLOCK):
        block = vectors[start : start + _BLOCK]
        similarity = vectors[rows] @ block.T
        own = np.flatnonzero((rows >= start) & (rows < start + len(block)))
        similarity[own, rows[own] - start] = -np.inf
        here = np.argpartition(-similarity, min(K, len(block)) - 1, axis=1)[:, :K]
        both = np.concatenate([best, np.take_along_axis(similarity, here, 1)], axis=1)
        places = np.concatenate([found, here + start], axis=1)
        order = np.argsort(-both, axis=1, kind="stable")[:, :K]
        best = np.take_along_axis(both, order, 1)
        found = np.take_along_axis(places, order, 1)
    return found


def main() -> int:
    """Write the files that the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("index", type=Path, help="directory of an index with images")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    arguments = parser.parse_args()
    export(arguments.index, arguments.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
