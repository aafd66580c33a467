"""Tables of every format are read in batches, and give the same rows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.table import Table

from galsearch.core.errors import SourceError
from galsearch.sources.table_formats.batches.open_batches import open_batches
from tests.damaged_files import assert_only_galsearch_errors

N, DIM = 10, 4
IDS = 39627848784286003 + np.arange(N)
VECTORS = np.arange(N * DIM, dtype=np.float32).reshape(N, DIM)
NAMES = np.array([f"g{n}" for n in range(N)])


def arrow_table() -> pa.Table:
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(VECTORS.reshape(-1)), DIM)
    return pa.table({"TARGETID": IDS, "name": NAMES.tolist(), "vector": vectors})


def write_parquet(path: Path) -> None:
    pq.write_table(arrow_table(), path, row_group_size=4)


def write_arrow(path: Path, new: Callable[..., Any]) -> None:
    with new(path, arrow_table().schema) as writer:
        writer.write_table(arrow_table(), max_chunksize=4)


def write_fits(path: Path) -> None:
    table = Table({"TARGETID": IDS, "name": NAMES, "vector": VECTORS})
    table.write(path, format="fits")


def write_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["TARGETID"], file["name"], file["vector"] = IDS, NAMES.astype("S"), VECTORS


def write_groups(path: Path) -> None:
    with h5py.File(path, "w") as file:
        for number, rows in enumerate((slice(0, 3), slice(3, N))):
            group = file.create_group(f"{number}")
            group["TARGETID"], group["name"] = IDS[rows], NAMES[rows].astype("S")
            group["vector"] = VECTORS[rows]


def write_records(path: Path) -> None:
    Table({"TARGETID": IDS, "name": NAMES, "vector": VECTORS}).write(
        path, path="data", format="hdf5"
    )


WRITERS: dict[str, Callable[[Path], None]] = {
    "parquet": write_parquet,
    "arrow file": lambda path: write_arrow(path, pa.ipc.new_file),
    "arrow stream": lambda path: write_arrow(path, pa.ipc.new_stream),
    "fits": write_fits,
    "hdf5": write_hdf5,
    "hdf5 groups": write_groups,
    "hdf5 records": write_records,
}


@pytest.mark.filterwarnings("ignore::astropy.utils.exceptions.AstropyUserWarning")
@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_every_format_gives_the_same_rows(write: Callable[[Path], None], tmp_path: Path) -> None:
    write(tmp_path / "table")
    with open_batches(str(tmp_path / "table")) as table:
        assert set(table.schema.names) == {"TARGETID", "name", "vector"}
        batches = list(table.batches(["vector", "TARGETID", "name"], 3))
    assert max(batch.num_rows for batch in batches) <= 3
    found = pa.Table.from_batches(batches)
    assert found.column_names == ["vector", "TARGETID", "name"]
    assert found["TARGETID"].to_pylist() == IDS.tolist()
    assert found["name"].to_pylist() == NAMES.tolist()
    assert found["vector"].to_pylist() == VECTORS.tolist()


@pytest.mark.parametrize("write", [write_parquet, write_fits, write_hdf5])
def test_a_missing_column_is_named(write: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "table"
    write(path)
    with open_batches(str(path)) as table, pytest.raises(SourceError) as caught:
        next(iter(table.batches(["vectors"], 3)))
    assert str(caught.value).startswith(f"{path}: no column vectors. Columns: ")


@pytest.mark.parametrize("name", ["parquet", "arrow file", "fits", "hdf5"])
def test_a_damaged_file_is_an_error_of_ours(name: str, tmp_path: Path) -> None:
    path = tmp_path / "table"
    WRITERS[name](path)

    def read(content: bytes) -> None:
        path.write_bytes(content)
        with open_batches(str(path)) as table:
            list(table.batches(table.schema.names, 3))

    assert_only_galsearch_errors(read, [path.read_bytes()], copies=100)


def test_another_kind_of_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "table"
    path.write_text("target_id,vector\n")
    with pytest.raises(SourceError) as caught, open_batches(str(path)):
        pass
    assert str(caught.value) == (
        f"{path}: is text that begins 'target_id,vector'; expected a table in Parquet, Arrow "
        "(IPC), FITS or HDF5."
    )
