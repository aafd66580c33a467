"""Rows of any types of columns are a query or are listed with what is wrong."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import QueryError
from galsearch.query.inputs.row_checks import check_positions, check_target_ids, texts
from galsearch.query.inputs.sky.sky_position import parse_positions

DEGREES = st.one_of(st.floats(-500, 500), st.sampled_from([np.nan, np.inf, 90.0, -90.0, 360.0]))


@given(st.lists(st.tuples(DEGREES, DEGREES, st.booleans()), min_size=1, max_size=20), st.booleans())
def test_positions_are_those_that_are_parsed_one_by_one(rows: list[Any], as_text: bool) -> None:
    ra, dec, masked = (np.array(column) for column in zip(*rows, strict=True))
    written: Any = np.array(list(map(repr, ra.tolist()))) if as_text else ra
    pairs, bad = check_positions(("a", "b"), np.ma.MaskedArray(written, masked), dec)
    by_row = {each.row: each for each in bad}
    assert list(by_row) == sorted(by_row)
    for row, (one, other, is_masked) in enumerate(rows):
        try:
            expected = parse_positions((np.nan if is_masked else one, other))
        except QueryError:
            assert np.isnan(pairs[row]).all()
            assert by_row[row].reason == "no position"
            assert by_row[row].column in ("a", "b")
        else:
            assert row not in by_row
            assert (pairs[row] == (one, other)).all()
            assert pairs[row][0] % 360 == expected[0, 0]


def test_bad_rows_among_many_sexagesimal_ones_are_found() -> None:
    ra, dec = np.array(["10:00:24"] * 301, object), np.array(["-00:12:30"] * 301, object)
    ra[[3, 300]], dec[200], ra[7], dec[7] = "10:61:00", "", "150.1", "2.2"
    pairs, bad = check_positions(("a", "b"), ra, dec)
    assert [(each.row, each.column) for each in bad] == [
        (3, "a and b"),
        (200, "b"),
        (300, "a and b"),
    ]
    assert bad[0].problem.endswith("('10:61:00' is not a right ascension).")
    assert np.flatnonzero(np.isnan(pairs).any(axis=1)).tolist() == [3, 200, 300]
    np.testing.assert_allclose(pairs[[0, 7, 299]], [[150.1, -12.5 / 60], [150.1, 2.2], pairs[0]])


@pytest.mark.parametrize("dtype", [np.int64, np.uint64, np.int32, str, "S20"])
def test_targetids_of_any_type_of_column(dtype: Any) -> None:
    values = np.ma.MaskedArray(
        np.array(["7", "0", "8", "9"]).astype(np.int32), [False] * 3 + [True]
    )
    ids, bad = check_target_ids("a.csv", "id", values.astype(dtype))
    assert ids.tolist() == [7, 0, 8, 0]
    assert [(each.row, each.value) for each in bad] == [(1, "0"), (3, "")]
    assert bad[1].problem == "the value is empty; expected a TARGETID."


def test_texts_of_a_column_without_values_are_empty() -> None:
    assert texts(np.ma.MaskedArray([1.5, 2.0], [True, True])) == ["", ""]
    ids, bad = check_target_ids("a.csv", "id", np.ma.MaskedArray([1.5, 2.0], [True, True]))
    assert (ids.tolist(), [each.value for each in bad]) == ([0, 0], ["", ""])
