"""Columns are returned in the type that is needed, or refused with the type that was found."""

import numpy as np
import pytest

from galsearch.core.errors import SourceError
from galsearch.sources.fits.typed_columns import floats, integers, texts

COLUMNS = {
    "ID": np.ma.MaskedArray(np.array([39627848784286003, 5], ">i8"), [False, True]),
    "LARGE": np.array([2**64 - 1], np.uint64),
    "REAL": np.array([0.5, np.nan], np.float32),
    "NAME": np.array(["a", ""]),
    "PAIR": np.ones((2, 2)),
}


def test_values_that_are_not_there_stay_so() -> None:
    assert integers(COLUMNS, "ID", where="t").tolist() == [39627848784286003, None]
    np.testing.assert_array_equal(floats(COLUMNS, "ID", where="t"), [39627848784286003.0, np.nan])
    np.testing.assert_array_equal(floats(COLUMNS, "REAL", where="t"), [0.5, np.nan])
    assert texts(COLUMNS, "NAME", where="t").tolist() == ["a", ""]


def test_other_types_are_refused() -> None:
    cases = {
        "t: column NAME is of type <U1; expected integers, one value in each row.": "NAME",
        "t: column REAL is of type float32; expected integers, one value in each row.": "REAL",
        "t: column PAIR is of type float64, (2,) in each row; expected integers, one value in "
        "each row.": "PAIR",
        "t: column LARGE holds 18446744073709551615; expected at most 2**63 - 1.": "LARGE",
    }
    for message, name in cases.items():
        with pytest.raises(SourceError) as caught:
            integers(COLUMNS, name, where="t")
        assert str(caught.value) == message
