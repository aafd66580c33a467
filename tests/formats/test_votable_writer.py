"""VOTable files are read back by Astropy, PyVO and STILTS as they were written."""

import io
import shutil
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from astropy.io.votable import parse
from astropy.table import Table
from hypothesis import given, settings
from pyvo.dal import DALResults

from galsearch.formats.columns.column_descriptions import described
from galsearch.formats.votable_writer import write_votable
from tests.formats.odd_tables import SCHEMA, same, tables, written


def read(file: io.BytesIO | Path) -> Table:
    """The table of a VOTable; any warning of Astropy is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        document = parse(file, verify="exception")
        return document.get_first_table().to_table(use_names_over_ids=True)


@settings(max_examples=15)
@given(tables())
def test_every_value_is_read_back_by_astropy(table: pa.Table) -> None:
    found = read(written(write_votable, table, table))
    assert found.colnames == table.column_names
    for name in table.column_names:
        values, wanted = found[name].tolist(), table[name].to_pylist() * 2
        if name == "morphology":
            # The file tells missing texts from empty ones; Astropy does not.
            wanted = [value or "" for value in wanted]
        # Astropy masks NaN too.
        wanted = [None if value != value else value for value in wanted]
        assert all(map(same, values, wanted)), (name, values, wanted)


def test_fields_have_their_units_ucds_and_descriptions() -> None:
    document = parse(written(write_votable, SCHEMA.empty_table()))
    fields = {field.name: field for field in document.get_first_table().fields}
    assert fields["ra_deg"].unit == "deg"
    assert fields["ra_deg"].ucd == "pos.eq.ra;meta.main"
    assert fields["target_id"].ucd == "meta.id;meta.main"
    assert fields["z"].ucd == "src.redshift"
    assert fields["z"].description == "redshift"
    infos = {info.name: info.value for info in document.resources[0].infos}
    assert infos == {"using": "image", "among": "spectrum"}


def test_a_table_without_rows_and_names_that_xml_cannot_hold_are_written() -> None:
    schema = pa.schema([pa.field("bell\a & more", pa.int64()), described(pa.field("z", pa.null()))])
    found = read(written(write_votable, schema.empty_table()))
    assert found.colnames == ["bell\ufffd & more", "z"]
    assert len(found) == 0


def test_pyvo_reads_values_and_ucds() -> None:
    table = pa.table({"target_id": [2**53 + 1], "ra_deg": [1.5], "dec_deg": [-2.5], "z": [0.25]})
    schema = pa.schema([described(field) for field in table.schema])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        results = DALResults(parse(written(write_votable, table.cast(schema))))
        ucds = {name: results.getdesc(name).ucd for name in results.fieldnames}
        (row,) = list(results)
    assert ucds == {
        "target_id": "meta.id;meta.main",
        "ra_deg": "pos.eq.ra;meta.main",
        "dec_deg": "pos.eq.dec;meta.main",
        "z": "src.redshift",
    }
    assert [row[name] for name in ucds] == [2**53 + 1, 1.5, -2.5, 0.25]
    assert row["target_id"].dtype == np.int64


def test_stilts_finds_nothing_wrong_and_reads_the_values(tmp_path: Path) -> None:
    if shutil.which("stilts") is None:
        pytest.skip("STILTS is not installed (Debian package stilts)")
    table = pa.table(
        {
            "target_id": pa.array([39627848784286003, 2**63 - 1]),
            "z": pa.array([0.5, None]),
            "zwarn": pa.array([None, 4], pa.int64()),
            "morphology": pa.array(['a "<&> b', None]),
        }
    )
    path = tmp_path / "rows.vot"
    path.write_bytes(written(write_votable, table).getvalue())
    lint = subprocess.run(["stilts", "votlint", path], capture_output=True, text=True, timeout=100)
    assert (lint.returncode, lint.stdout) == (0, "")
    command = ["stilts", "tpipe", f"in={path}", "ifmt=votable", "omode=out", "out=-", "ofmt=csv"]
    piped = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert piped.returncode == 0, piped.stderr
    assert piped.stdout.splitlines() == [
        "target_id,z,zwarn,morphology",
        '39627848784286003,0.5,,"a ""<&> b"',
        "9223372036854775807,,4,",
    ]
