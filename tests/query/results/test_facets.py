"""Facets count every neighbour once in each column."""

import math

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from galsearch.core.errors import QueryError
from galsearch.query.results.facets import RedshiftBin, count_facets


def table(z: list, **columns: list) -> pa.Table:
    return pa.table({"target_id": list(range(len(z))), "z": pa.array(z, pa.float64()), **columns})


def test_classes_are_counted_and_names_are_not() -> None:
    rows = table(
        [0.1, 0.2, None, float("nan")],
        spectype=["QSO", "GALAXY", "GALAXY", None],
        name=["a", "b", "c", "d"],
        seen=[True, True, True, False],
        n_arms=[1, 2, 2, 2],
    )
    found = count_facets([rows])
    assert found.classes == {
        "spectype": {"GALAXY": 2, "QSO": 1, None: 1},
        "seen": {True: 3, False: 1},
    }
    assert list(found.classes["spectype"]) == ["GALAXY", None, "QSO"]
    assert found.n_without_redshift == 2
    assert count_facets([rows], columns=["n_arms"]).classes == {"n_arms": {2: 3, 1: 1}}


def test_a_column_that_the_result_lacks_is_an_error() -> None:
    with pytest.raises(QueryError) as caught:
        count_facets([table([0.1])], columns=["klass"])
    assert str(caught.value) == "the result has no column 'klass'; it has target_id, z."


@settings(max_examples=60)
@given(st.lists(st.none() | st.floats(-0.01, 7), max_size=40), st.integers(1, 5))
def test_redshift_bins_hold_every_redshift(z: list, n_parts: int) -> None:
    rows = table(z)
    size = math.ceil(len(z) / n_parts) or 1
    found = count_facets([rows.slice(i * size, size) for i in range(n_parts)])
    known = [value for value in z if value is not None]
    assert found.n_neighbours == len(z)
    assert sum(part.n for part in found.redshifts) == len(known)
    assert found.n_without_redshift == len(z) - len(known)
    assert len(found.redshifts) <= 12
    pairs = zip(found.redshifts[:-1], found.redshifts[1:], strict=True)
    assert all(one.high == other.low for one, other in pairs)


def test_bins_begin_at_round_redshifts() -> None:
    found = count_facets([table([0.1, 0.149, 0.3, 0.61])])
    assert found.redshifts[:3] == (
        RedshiftBin(0.1, 0.15, 2),
        RedshiftBin(0.15, 0.2, 0),
        RedshiftBin(0.2, 0.25, 0),
    )
    assert found.redshifts[-1] == RedshiftBin(0.6, 0.65, 1)


def test_facets_are_a_table_and_a_text() -> None:
    found = count_facets([table([0.1, None], spectype=["QSO", "QSO"])])
    assert found.to_arrow().to_pylist() == [
        {
            "column": "spectype",
            "value": "QSO",
            "low": None,
            "high": None,
            "count": 2,
            "fraction": 1.0,
        },
        {"column": "z", "value": None, "low": 0.1, "high": 0.11, "count": 1, "fraction": 0.5},
        {"column": "z", "value": None, "low": None, "high": None, "count": 1, "fraction": 0.5},
    ]
    assert str(found) == (
        "2 neighbours\n\nspectype\n  QSO          2  100.0%\n\n"
        "z\n  0.1 to 0.11          1   50.0%\n  unknown              1   50.0%"
    )


def test_a_result_without_neighbours_has_no_counts() -> None:
    found = count_facets([table([])])
    assert (found.n_neighbours, found.classes, found.redshifts) == (0, {}, ())
    assert found.to_arrow().num_rows == 0
    assert str(found) == "0 neighbours"
