"""Bad rows are told from good ones, whichever and however many they are."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import (
    GalsearchError,
    QueryError,
    RoundedVectorsError,
    StoreError,
    UnknownTargetError,
)
from galsearch.query import Query
from galsearch.query.bulk.answerable_rows import answered_rows
from galsearch.query.inputs.query_table import QueryTable

N = 23


def table() -> QueryTable:
    """Every second row of a table says a query."""
    rows = np.arange(0, 2 * N, 2)
    return QueryTable("a.csv", 2 * N, {"target_ids": "id"}, rows, {"target_ids": rows + 1})


def answers(bad: set[int], kind: type[GalsearchError] = UnknownTargetError) -> Any:
    """What is found where some TARGETIDs are bad; neighbours are the TARGETIDs."""
    n_searches = 0

    def search(query: Query) -> Any:
        nonlocal n_searches
        n_searches += 1
        assert n_searches <= 2 * N
        assert query.target_ids is not None
        if bad & set(query.target_ids.tolist()):
            raise kind("a bad row.")
        return query.target_ids

    def failures(query: Query) -> dict[int, GalsearchError]:
        assert query.target_ids is not None
        ids = query.target_ids.tolist()
        return {i: kind(f"{each} is bad.") for i, each in enumerate(ids) if each in bad}

    return list(
        answered_rows(table(), lambda given: Query(**given), search, failures, most_rows=10)
    )


@given(st.sets(st.sampled_from(range(1, 2 * N, 2))))
def test_every_row_is_answered_or_has_its_error(bad: set[int]) -> None:
    found: dict[int, Any] = {}
    for rows, result in answers(bad):
        assert len(rows) == len(result)
        found |= dict(zip(rows.tolist(), result, strict=True))
    assert sorted(found) == table().rows.tolist()
    for row, result in found.items():
        if row + 1 in bad:
            assert (result.row, result.column, result.value) == (row, "id", str(row + 1))
            assert (result.reason, result.kind) == ("TARGETID not found", UnknownTargetError)
            assert str(result.error("a.csv")) == (
                f"a.csv, row {row + 1}, column id: {row + 1} is bad."
            )
        else:
            assert result == row + 1


@pytest.mark.parametrize("kind", [RoundedVectorsError, StoreError])
def test_an_error_of_all_rows_is_raised(kind: type[GalsearchError]) -> None:
    with pytest.raises(kind) as caught:
        answers({25}, kind)
    assert str(caught.value) == "a.csv, rows 21 to 39: a bad row."


def test_an_error_that_no_row_causes_is_raised() -> None:
    def refuse(_: Query) -> Any:
        raise QueryError("no such column.")

    some = table()
    with pytest.raises(QueryError) as caught:
        list(answered_rows(some, lambda row: Query(**row), refuse, lambda _: {}, most_rows=N))
    assert str(caught.value) == "a.csv, rows 1 to 45: no such column."


def test_a_row_of_a_file_is_searched_alone(tmp_path: Path) -> None:
    path = str(tmp_path / "none.fits")
    files = QueryTable("a.csv", 4, {"image": "image"}, np.array([1, 3]), {}, [{"image": path}] * 2)

    def search(query: Query) -> Any:
        raise AssertionError(query)

    found = list(answered_rows(files, lambda some: Query(**some), search, dict, most_rows=10))
    assert [rows.tolist() for rows, _ in found] == [[1], [3]]
    assert [bad.reason for _, (bad,) in found] == ["unusable file"] * 2
