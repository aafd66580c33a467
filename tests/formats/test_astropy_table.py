"""Astropy tables have exact numbers, masks, units and descriptions."""

import numpy as np
import pyarrow as pa
from astropy.table import MaskedColumn
from hypothesis import given, settings

from galsearch.formats.astropy_table import astropy_table
from tests.formats.odd_tables import same, tables


@settings(max_examples=15)
@given(tables())
def test_every_value_is_kept_and_missing_ones_are_masked(table: pa.Table) -> None:
    found = astropy_table(table)
    assert found.colnames == table.column_names
    for name in table.column_names:
        wanted = table[name].to_pylist()
        if name == "morphology":
            # NumPy drops zero characters at the end of a text.
            wanted = [value and value.rstrip("\0") for value in wanted]
        assert all(map(same, found[name].tolist(), wanted)), (name, wanted)
        assert isinstance(found[name], MaskedColumn) == (table[name].null_count > 0)
    assert found["target_id"].dtype == np.int64
    assert found["ra_deg"].unit == "deg"
    assert found["ra_deg"].description == "right ascension (ICRS)"
    assert found["ra_deg"].meta["ucd"] == "pos.eq.ra;meta.main"
    assert found.meta == {"using": "image", "among": "spectrum"}
