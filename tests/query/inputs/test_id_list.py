"""Lists of TARGETIDs from files of every form."""

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.table import Table

from galsearch.core.errors import SourceError
from galsearch.query import read_ids
from tests.damaged_files import assert_only_galsearch_errors

IDS = [7, 39627848784286003, 2**63 - 1]
TEXTS = {
    "lines": "39627848784286003\n7\n\n# near ones\n9223372036854775807\n7\n",
    "header": "\ufeffTARGETID\r\n7\r\n39627848784286003\r\n9223372036854775807\r\n",
    "csv": 'z,target_id\n0.1,7\n,"39627848784286003"\n0.2,9223372036854775807\n',
}


@pytest.mark.parametrize("name", TEXTS)
def test_texts_and_csv_tables_are_read(name: str, tmp_path: Path) -> None:
    path = tmp_path / "ids"
    path.write_text(TEXTS[name], "utf-8")
    assert read_ids(path).tolist() == IDS
    path.write_bytes(gzip.compress(TEXTS[name].encode(), mtime=0))
    assert read_ids(path).tolist() == IDS


def test_columns_of_tables_are_read(tmp_path: Path) -> None:
    path = tmp_path / "ids"
    for kind in (pa.int64(), pa.uint64(), pa.string()):
        column = pa.array([str(i) if kind == pa.string() else i for i in IDS], kind)
        pq.write_table(pa.table({"z": [1.0] * 3, "host": column}), path)
        assert read_ids(path, "HOST").tolist() == IDS
    table = Table({"TARGETID": IDS, "HOST": IDS[::-1]})
    for name, kind in (("ids.fits", "fits"), ("ids.ecsv", "ascii.ecsv")):
        table.write(tmp_path / name, format=kind)
        assert read_ids(tmp_path / name).tolist() == IDS
        assert read_ids(tmp_path / name, "host").tolist() == IDS


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("a,b\n1,2\n", None, "no columns TARGETID or target_id. Columns: a, b."),
        ("a,b\n1,2\n", "c", "no columns c. Columns: a, b."),
        (
            "a\n1.5\n",
            "a",
            "'1.5' is not a TARGETID: expected decimal digits, such as 39627848784286003.",
        ),
        ("z,target_id\n1\n", None, "a row has 1 values; TARGETIDs are in column 2."),
    ],
)
def test_what_holds_no_ids_is_refused(
    text: str, column: str | None, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "ids.csv"
    path.write_text(text)
    with pytest.raises(SourceError) as caught:
        read_ids(path, column)
    assert str(caught.value) == f"{path}: {message}"


def test_missing_ids_of_parquet_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "ids.parquet"
    pq.write_table(pa.table({"target_id": [1, None]}), path)
    with pytest.raises(SourceError) as caught:
        read_ids(path)
    assert str(caught.value) == f"{path}: column target_id has 1 missing values."


def test_damaged_files_are_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "ids"
    pq.write_table(pa.table({"target_id": np.arange(1, 50)}), path)
    originals = [path.read_bytes(), *(text.encode() for text in TEXTS.values())]

    def read(content: bytes) -> None:
        path.write_bytes(content)
        read_ids(path)

    assert_only_galsearch_errors(read, originals)
