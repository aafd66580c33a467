"""Tables that are joined to embeddings keep their types and missing values."""

import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.table import Table

from galsearch.core.errors import SourceError
from galsearch.embeddings.imported.catalogue_table import read_catalogue

WHEN = datetime.datetime(2024, 1, 2, 3, 4, 5, 678901)
COLUMNS = {
    "TARGETID": pa.array([9, None, 7]),
    "Note": pa.array(["a", "", None]),
    "when": pa.array([WHEN, None, WHEN], pa.timestamp("us", "UTC")),
    "day": pa.array([WHEN.date(), None, None]),
    "dur": pa.array([None, 5, 6], pa.duration("ms")),
    "kind": pa.array(["x", None, "y"]).dictionary_encode(),
    "flag": pa.array([True, None, False]),
    "number": pa.array([None, 2**62 + 1, 3]),
    "mag": pa.array([1.5, None, float("nan")], pa.float32()),
}


def test_a_parquet_table_keeps_types_and_nulls(tmp_path: Path) -> None:
    left_out = {"bytes": [b"x"] * 3, "list": [[1.0]] * 3, "none": pa.nulls(3)}
    pq.write_table(pa.table({**COLUMNS, **left_out}), tmp_path / "a.parquet")
    ids, table = read_catalogue(str(tmp_path / "a.parquet"))
    assert ids.tolist() == [9, 0, 7]
    assert table.column_names == ["note", "when", "day", "dur", "kind", "flag", "number", "mag"]
    wanted = pa.table({name.lower(): column for name, column in COLUMNS.items()})
    for name in table.column_names:
        if name != "kind":
            assert table[name].type == wanted[name].type
        assert repr(table[name].to_pylist()) == repr(wanted[name].to_pylist())


def test_an_empty_text_of_a_csv_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("targetid,note,when\n9,,2024-01-02T03:04:05\n7,b,\n")
    ids, table = read_catalogue(str(tmp_path / "a.csv"))
    assert ids.tolist() == [9, 7]
    assert table.to_pydict() == {"note": [None, "b"], "when": ["2024-01-02T03:04:05", None]}


def test_an_empty_text_of_a_fits_table_is_a_text(tmp_path: Path) -> None:
    table = Table({"TARGETID": np.array([9, 7]), "NOTE": ["", "b"]})
    table.write(tmp_path / "a.fits")
    assert read_catalogue(str(tmp_path / "a.fits"))[1].to_pydict() == {"note": ["", "b"]}


def test_a_table_of_ids_alone(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("targetid\n9\n7\n")
    pq.write_table(pa.table({"target_id": [9, 7]}), tmp_path / "a.parquet")
    for name in ("a.csv", "a.parquet"):
        ids, table = read_catalogue(str(tmp_path / name))
        assert (ids.tolist(), table.column_names) == ([9, 7], [])


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"id": [9]}, "no column TARGETID or target_id. Columns: id."),
        (
            {"TARGETID": [9], "target_id": [9]},
            "has both a column TARGETID and a column target_id.",
        ),
        (
            {"TARGETID": [9], "a": [1], "A": [2]},
            "the names of two columns, 'a', differ in case only.",
        ),
        (
            {"TARGETID": [9.0]},
            "TARGETID is of type double; expected an int64 (a float cannot hold one exactly).",
        ),
        (
            {"TARGETID": pa.array([2**63], pa.uint64())},
            "TARGETID is of type uint64; expected an int64 (a float cannot hold one exactly).",
        ),
    ],
)
def test_a_table_without_usable_ids_is_refused(
    tmp_path: Path, columns: dict[str, list[int]], message: str
) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table(columns), path)
    with pytest.raises(SourceError) as caught:
        read_catalogue(str(path))
    assert str(caught.value) == f"{path}: {message}"
