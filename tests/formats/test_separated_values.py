"""CSV and ECSV files are read back as they were written."""

import csv
import io

import pyarrow as pa
from astropy.table import Table
from hypothesis import given, settings
from hypothesis import strategies as st

from galsearch.formats.separated_values import write_csv, write_ecsv
from tests.formats.odd_tables import same, tables, written

PRINTABLE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), max_size=6)


@settings(max_examples=15)
@given(tables())
def test_csv_has_every_digit_and_marks_missing_values(table: pa.Table) -> None:
    text = written(write_csv, table, table).getvalue().decode("utf-8")
    names, *rows = list(csv.reader(io.StringIO(text, newline="")))
    assert names == table.column_names
    for number, field in enumerate(table.schema):
        for found, wanted in zip(
            (row[number] for row in rows), table[field.name].to_pylist() * 2, strict=True
        ):
            if wanted is None:
                assert found == ""
            elif pa.types.is_floating(field.type):
                again = pa.scalar(float(found), field.type).as_py()
                assert same(again, wanted), (found, wanted)
            else:
                assert found == str(wanted)


def test_a_missing_text_differs_from_an_empty_one_and_from_nan() -> None:
    table = pa.table({"text": [None, "", "nan"], "z": [None, float("nan"), 0.5]})
    assert written(write_csv, table).getvalue() == b'text,z\n,\n"",nan\n"nan",0.5\n'


@settings(max_examples=15)
@given(tables(PRINTABLE))
def test_ecsv_is_read_back_by_astropy(table: pa.Table) -> None:
    found = Table.read(written(write_ecsv, table, table), format="ascii.ecsv")
    assert found.colnames == table.column_names
    for name in table.column_names:
        values, wanted = found[name].tolist(), table[name].to_pylist() * 2
        if name == "morphology":
            wanted = [value or None for value in wanted]
        assert all(map(same, values, wanted)), (name, values, wanted)
    assert found["ra_deg"].unit == "deg"
    assert found["ra_deg"].meta["ucd"] == "pos.eq.ra;meta.main"
    assert found["ra_deg"].description == "right ascension (ICRS)"
    assert found.meta == {"using": "image", "among": "spectrum"}
