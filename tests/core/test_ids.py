"""Look-ups of TARGETIDs agree with a slow reference."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.ids import find_rows, find_rows_unsorted

ids = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=30)


def rows_by_loop(known: list[int], wanted: list[int]) -> list[int]:
    """The first position of each wanted id in a list, -1 where it is absent."""
    return [known.index(one) if one in known else -1 for one in wanted]


@given(ids, ids)
def test_rows_in_sorted_ids_are_those_of_a_loop(known: list[int], others: list[int]) -> None:
    known = sorted(known)
    wanted = others + known[:5]
    found = find_rows(np.array(known, np.int64), np.array(wanted, np.int64))
    assert found.tolist() == rows_by_loop(known, wanted)


@given(ids, ids)
def test_rows_in_unsorted_ids_are_those_of_a_loop(known: list[int], others: list[int]) -> None:
    wanted = others + known[:5]
    found = find_rows_unsorted(np.array(known, np.int64), np.array(wanted, np.int64))
    assert found.tolist() == rows_by_loop(known, wanted)
