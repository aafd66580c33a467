"""FITS tables are read back by Astropy as they were written."""

import io

import pyarrow as pa
import pytest
from astropy.io import fits
from astropy.table import Table
from hypothesis import given, settings
from hypothesis import strategies as st

from galsearch.core.errors import TableFormatError
from galsearch.formats.columns.column_descriptions import described
from galsearch.formats.fits_table import write_fits_table
from tests.formats.odd_tables import same, tables, written

ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=6)


@settings(max_examples=15)
@given(tables())
@pytest.mark.filterwarnings("ignore:Column 'seen' contains NULL")
def test_every_value_is_read_back(table: pa.Table) -> None:
    content = written(write_fits_table, table, table).getvalue()
    with fits.open(io.BytesIO(content)) as hdus:
        hdus.verify("exception")
        logical = hdus["NEIGHBOURS"].data["seen"].tolist()
        comments = [hdus["NEIGHBOURS"].header.get(f"TCOMM{i}", "") for i in range(1, 11)]
    found = Table.read(io.BytesIO(content))
    assert found.colnames == table.column_names
    for name, comment in zip(table.column_names, comments, strict=True):
        wanted = table[name].to_pylist() * 2
        values = found[name].tolist()
        if name == "morphology":
            # A missing text and an empty one are the same in FITS.
            values = [value or None for value in values]
            wanted = [value or None for value in wanted]
            if "Python's escapes" in comment:
                values = [v and v.encode("ascii").decode("unicode_escape") for v in values]
        elif name == "seen":
            values, wanted = logical, [bool(value) for value in wanted]
        else:
            # FITS has no missing floats: they are NaN, which Astropy masks.
            wanted = [None if value != value else value for value in wanted]
        assert all(map(same, values, wanted)), (name, values, wanted)


def test_units_ucds_and_missing_numbers_are_in_the_header() -> None:
    table = pa.table({"target_id": [2**63 - 1, None], "ra_deg": [1.5, None], "n": [1, 2]})
    table = table.cast(pa.schema([described(field) for field in table.schema]))
    header = fits.open(written(write_fits_table, table))[1].header
    assert (header["TFORM1"], header["TNULL1"]) == ("K", -(2**63))
    assert (header["TUNIT2"], header["TUCD2"]) == ("deg", "pos.eq.ra;meta.main")
    assert header["TCOMM2"] == "right ascension (ICRS)"
    assert "TNULL3" not in header


@settings(max_examples=20)
@given(st.lists(st.none() | ASCII, max_size=4))
def test_ascii_texts_are_stored_as_they_are(texts: list[str | None]) -> None:
    table = pa.table({"text": pa.array(texts, pa.string())})
    with fits.open(written(write_fits_table, table)) as hdus:
        escaped = "escapes" in hdus[1].header.get("TCOMM1", "")
        found = hdus[1].data["text"].tolist()
    assert escaped == any(text is not None and text.endswith(" ") for text in texts)
    if not escaped:
        assert found == [text or "" for text in texts]


def test_a_table_that_fits_cannot_hold_is_refused() -> None:
    wide = pa.table({f"c{i}": [1] for i in range(1000)})
    with pytest.raises(TableFormatError) as caught:
        written(write_fits_table, wide)
    assert str(caught.value) == "the table has 1,000 columns; FITS holds 999 at most."
    full = pa.table({"n": [-(2**63), 2**63 - 1, None]})
    with pytest.raises(TableFormatError) as caught:
        written(write_fits_table, full)
    assert str(caught.value) == (
        "column 'n' has missing values, and values from the least to the largest whole number of "
        "64 bits; FITS has no number left for the missing ones."
    )
