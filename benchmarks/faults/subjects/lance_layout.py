"""LanceDB, which galsearch is compared with: the same vectors and catalogue as one table of it.

`lancedb` is imported once, before processes are forked: an import takes four seconds, and LanceDB
starts its threads anew in a forked process.
"""

import importlib
import importlib.util
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.faults.subjects.small_survey import SEED, embedded_ids, embedded_vectors
from galsearch.core.modality import Modality

_K, _QUERIES = 5, (20, 40, 60)
_TABLE = "galaxies"
_N_LISTS = 4


def why_without_lancedb() -> str | None:
    """The reason for which LanceDB is left out; None where it is installed."""
    if importlib.util.find_spec("lancedb") is None:
        return "LanceDB is left out: pip install 'galsearch[lance]' adds it."
    return None


def write_lance_layout(out: Path, rows: slice, seed: int = SEED) -> Path:
    """Write the images of some of the 400 galaxies with an index; returns the directory."""
    vectors = embedded_vectors(seed)[Modality.IMAGE][rows]
    ids = embedded_ids()[rows]
    values = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
    columns = {"target_id": ids, "z": np.linspace(0, 1, len(ids)), "vector": values}
    out.mkdir()
    with warnings.catch_warnings():
        # The form of this call that is not deprecated differs between versions of LanceDB.
        warnings.simplefilter("ignore", DeprecationWarning)
        table = lancedb().connect(str(out)).create_table(_TABLE, pa.table(columns))
        table.create_index(
            metric="dot",
            index_type="IVF_FLAT",
            num_partitions=_N_LISTS,
            vector_column_name="vector",
        )
    return out


def answers_of_lance_layout(path: Path) -> list[Any]:
    """Neighbours of some galaxies and their redshifts."""
    table = lancedb().connect(str(path)).open_table(_TABLE)
    ids = embedded_ids()[list(_QUERIES)]
    found: list[Any] = []
    for target_id in ids.tolist():
        (galaxy,) = table.search().where(f"target_id = {target_id}").to_list()
        search = table.search(galaxy["vector"]).distance_type("dot").nprobes(_N_LISTS).limit(_K)
        nearest = search.to_arrow().to_pydict()
        found.append([nearest[name] for name in ("target_id", "_distance", "z")])
    return found


def lancedb() -> Any:
    """The module, without its warning that its support of forked processes is experimental."""
    warnings.filterwarnings("ignore", "lancedb fork support", RuntimeWarning)
    return importlib.import_module("lancedb")
