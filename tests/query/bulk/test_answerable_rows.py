"""Bad rows are told from good ones, whichever and however many they are."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import GalsearchError, QueryError, StoreError, UnknownTargetError
from galsearch.query.bulk.answerable_rows import answered_rows

N = 23


def search(bad: set[int], kind: type[GalsearchError] = UnknownTargetError) -> Any:
    def find(given: dict[str, Any]) -> Any:
        if bad & set(given["target_ids"].tolist()):
            raise kind("a bad row.")
        return given["target_ids"]

    return find


@given(st.sets(st.integers(0, N - 1)))
def test_every_row_is_answered_or_has_its_error(bad: set[int]) -> None:
    rows, ids = slice(100, 100 + N), np.arange(N)
    found = list(answered_rows(rows, {"target_ids": ids}, search(bad)))
    assert [part.start for part, _ in found] == sorted({part.start for part, _ in found})
    assert sum(part.stop - part.start for part, _ in found) == N
    for part, result in found:
        if isinstance(result, GalsearchError):
            assert part.stop - part.start == 1
            assert part.start - 100 in bad
        else:
            assert (result == np.arange(part.start - 100, part.stop - 100)).all()


@pytest.mark.parametrize("kind", [QueryError, StoreError])
def test_an_error_of_all_rows_is_raised(kind: type[GalsearchError]) -> None:
    with pytest.raises(kind):
        list(answered_rows(slice(0, N), {"target_ids": np.arange(N)}, search({3}, kind)))
