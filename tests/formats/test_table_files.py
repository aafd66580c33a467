"""Files of tables appear complete or not at all, in the format of their name."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from galsearch.core.errors import OutputFileExistsError, TableFormatError
from galsearch.formats import TableFormat, export_table_file
from galsearch.formats.table_files import SUFFIXES, format_of_file

TABLE = pa.table({"target_id": [1, 2]})


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_end_of_a_name_selects_the_format(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"rows{suffix.upper()}"
    export_table_file(path, TABLE.schema, [TABLE])
    begin = {
        TableFormat.JSONL: b'{"target_id"',
        TableFormat.CSV: b"target_id\n",
        TableFormat.PARQUET: b"PAR1",
        TableFormat.FITS: b"SIMPLE",
        TableFormat.ECSV: b"# %ECSV 1.0",
        TableFormat.VOTABLE: b"<?xml",
    }[SUFFIXES[suffix]]
    assert path.read_bytes().startswith(begin)


def test_an_unknown_end_of_a_name_is_an_error() -> None:
    with pytest.raises(TableFormatError) as caught:
        format_of_file(Path("rows.txt"))
    assert str(caught.value) == (
        "rows.txt: no table format belongs to a name that ends so; known are .jsonl, .ndjson, "
        ".csv, .parquet, .pq, .fits, .fit, .ecsv, .vot, .votable, .xml."
    )


def test_a_file_is_replaced_only_when_that_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("mine")
    with pytest.raises(OutputFileExistsError) as caught:
        export_table_file(path, TABLE.schema, [TABLE])
    assert str(caught.value) == f"{path}: the file exists already."
    assert path.read_text() == "mine"
    with pytest.raises(OutputFileExistsError) as caught:
        export_table_file(tmp_path, TABLE.schema, [TABLE], table_format=TableFormat.CSV)
    assert str(caught.value) == f"{tmp_path}: is a directory, not a file."
    export_table_file(path, TABLE.schema, [TABLE], overwrite=True)
    assert path.read_text() == "target_id\n1\n2\n"


@pytest.mark.parametrize("table_format", TableFormat)
def test_after_an_error_nothing_is_left(table_format: TableFormat, tmp_path: Path) -> None:
    def chunks() -> Iterator[pa.Table]:
        yield TABLE
        raise RuntimeError("lost")

    with pytest.raises(RuntimeError, match="lost"):
        export_table_file(tmp_path / "rows", TABLE.schema, chunks(), table_format=table_format)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("table_format", TableFormat)
def test_chunks_are_taken_one_after_the_other(table_format: TableFormat, tmp_path: Path) -> None:
    made = 0

    def chunks() -> Iterator[pa.Table]:
        nonlocal made
        for _ in range(3):
            made += 1
            yield TABLE

    path = tmp_path / "rows"
    export_table_file(path, TABLE.schema, chunks(), table_format=table_format)
    assert made == 3
    assert path.stat().st_size > 0
