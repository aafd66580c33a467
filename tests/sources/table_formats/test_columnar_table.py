"""Parquet and VOTable tables give the values of the same table in ECSV, with exact integers."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.table import MaskedColumn, Table

from galsearch.core.errors import SourceError
from galsearch.sources.table_formats.columnar_table import read_votable
from galsearch.sources.tables import read_table, read_tables
from tests.damaged_files import assert_only_galsearch_errors

IDS = [39627848784286003, 39633345008634465, 7]


def write_both(folder: Path) -> list[Path]:
    """The same table as Parquet and as VOTable, with a missing value in each column."""
    table = Table(
        {
            "TARGETID": MaskedColumn(np.array(IDS), mask=[False, False, True]),
            "COUNT": MaskedColumn(np.array([2**62 + 1, 3, 0]), mask=[False, True, False]),
            "Z": MaskedColumn([0.5, 0.25, 0.0], mask=[False, False, True]),
            "KIND": ["disk", "", "\u00e9"],
            "GOOD": [True, False, True],
        }
    )
    paths = [folder / "labels.vot", folder / "labels.parquet"]
    table.write(paths[0], format="votable", overwrite=True)
    columns = {
        "TARGETID": pa.array([*IDS[:2], None], pa.int64()),
        "COUNT": pa.array([2**62 + 1, None, 0], pa.int64()),
        "Z": pa.array([0.5, 0.25, None]),
        "KIND": pa.array(["disk", None, "\u00e9"]),
        "GOOD": pa.array([True, False, True]),
        "WHEN": pa.array([1, 2, 3], pa.timestamp("s")),
    }
    pq.write_table(pa.table(columns), paths[1])
    return paths


@pytest.mark.parametrize("number", [0, 1])
def test_missing_values_are_masked_and_digits_kept(tmp_path: Path, number: int) -> None:
    read = read_table(str(write_both(tmp_path)[number]))
    assert read["target_id"].dtype == np.int64
    assert read["target_id"].tolist() == [*IDS[:2], None]
    assert read["count"].tolist() == [2**62 + 1, None, 0]
    assert np.ma.filled(np.ma.asarray(read["z"]), np.nan).tolist()[:2] == [0.5, 0.25]
    assert not np.isfinite(np.ma.filled(np.ma.asarray(read["z"]), np.nan)[2])
    assert read["kind"].tolist() == ["disk", "", "\u00e9"]
    assert read["good"].tolist() == [True, False, True]
    assert set(read) == {"target_id", "count", "z", "kind", "good"}


def test_ids_as_floats_and_unsigned_integers_beyond_int64_are_refused(tmp_path: Path) -> None:
    for ids in (pa.array([1.0, 2.0]), pa.array([1, 2**63], pa.uint64())):
        pq.write_table(pa.table({"TARGETID": ids}), tmp_path / "a.parquet")
        with pytest.raises(SourceError, match="expected an int64"):
            read_table(str(tmp_path / "a.parquet"))
    large = pa.array([1, 2**64 - 1], pa.uint64())
    pq.write_table(pa.table({"target_id": pa.array([1, 2]), "U": large}), tmp_path / "a.parquet")
    assert read_table(str(tmp_path / "a.parquet"))["u"].tolist() == [1, 2**64 - 1]


def test_a_table_without_target_ids_names_its_columns(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": [1], "z": [0.5]}), tmp_path / "a.parquet")
    with pytest.raises(SourceError) as caught:
        read_table(str(tmp_path / "a.parquet"))
    assert str(caught.value) == (
        f"{tmp_path}/a.parquet: no column TARGETID or target_id. Columns: id, z."
    )


def test_damaged_tables_raise_only_source_errors(tmp_path: Path) -> None:
    originals = [path.read_bytes() for path in write_both(tmp_path)]

    def read(content: bytes) -> None:
        (tmp_path / "changed").write_bytes(content)
        read_tables(str(tmp_path / "changed"))

    assert_only_galsearch_errors(read, originals, copies=100)


@pytest.mark.parametrize("unit", ["10+2147483648m", "10&#43;2147483648m", "10**2147483648m"])
def test_a_unit_that_would_keep_the_parser_busy_is_refused(unit: str) -> None:
    content = f"""<?xml version="1.0"?><VOTABLE version="1.4"><RESOURCE><TABLE>
        <FIELD name="z" datatype="double" unit="{unit}"/></TABLE></RESOURCE></VOTABLE>"""
    with pytest.raises(SourceError, match=r"cannot be read as a VOTable \(.* that no unit has"):
        read_votable("a.vot", content.encode())
