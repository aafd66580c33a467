"""Columns of tables of any format."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.table import Table

from galsearch.core.errors import SourceError
from galsearch.query.inputs.table_columns import read_columns


def test_all_formats_give_the_same_columns(tmp_path: Path) -> None:
    table = Table({"name": ["a", "b"], "ra": [1.5, 2.5], "n": np.array([3, 4])})
    table.write(tmp_path / "a.csv")
    table.write(tmp_path / "a.ecsv")
    table.write(tmp_path / "a.fits")
    columns = {name: table[name].tolist() for name in table.colnames}
    pq.write_table(pa.table({**columns, "list": [[1], [2]]}), tmp_path / "a.parquet")
    for kind in ("csv", "ecsv", "fits", "parquet"):
        read = read_columns(str(tmp_path / f"a.{kind}"))
        assert {name: values.tolist() for name, values in read.items()} == columns


def test_missing_values_are_masked(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": [1.0, None], "s": ["a", None]}), tmp_path / "a.parquet")
    read = read_columns(str(tmp_path / "a.parquet"))
    assert np.ma.getmaskarray(read["x"]).tolist() == [False, True]
    assert read["s"].tolist() == ["a", ""]


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        read_columns(str(tmp_path / "none.csv"))
    assert str(caught.value) == f"{tmp_path / 'none.csv'}: no such file."
