"""A NeighboursBatch checks its arrays, and its rows are Neighbours without padding."""

from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import QueryError
from galsearch.core.modality import Modality
from galsearch.core.target_id import TargetId
from galsearch.query import Neighbours, NeighboursBatch


def batch(**changes: Any) -> NeighboursBatch:
    nan = np.nan
    values: dict[str, Any] = {
        "target_ids": np.array([[8, 3, 4], [5, 0, 0], [0, 0, 0]]),
        "similarity": np.array([[0.9, 0.5, 0.5], [0.7, nan, nan], [nan, nan, nan]], np.float32),
        "ra_deg": np.array([[1.0, 2.0, 3.0], [4.0, nan, nan], [nan, nan, nan]]),
        "dec_deg": np.array([[1.0, 2.0, 3.0], [4.0, nan, nan], [nan, nan, nan]]),
        "z": np.array([[0.1, nan, 0.3], [0.4, nan, nan], [nan, nan, nan]]),
        "exact": np.array([False, True, True]),
        "using": Modality.IMAGE,
        "among": Modality.SPECTRUM,
        "query_target_ids": np.array([5, 8, 3]),
    }
    return NeighboursBatch(**{**values, **changes})


def test_rows_are_returned_without_padding() -> None:
    found = batch()
    assert len(found) == 3
    assert found.counts.tolist() == [3, 1, 0]
    assert [len(row) for row in found] == [3, 1, 0]
    assert found[1].query_target_id == TargetId(8)
    assert found[1].exact
    assert found[1].z.tolist() == [0.4]
    assert found[-1].target_ids.tolist() == []


def test_a_slice_is_a_batch_of_its_queries() -> None:
    found = batch()[1:]
    assert isinstance(found, NeighboursBatch)
    assert found.counts.tolist() == [1, 0]
    assert found[0].query_target_id == TargetId(8)
    assert batch(query_target_ids=None)[:1].query_target_ids is None
    with pytest.raises(TypeError):
        batch()[np.array([True, False, False])]  # type: ignore[call-overload]


def test_arrays_of_the_caller_stay_writeable() -> None:
    ids = np.array([5, 8, 3])
    found = batch(query_target_ids=ids)
    assert found.query_target_ids is not None
    assert not found.query_target_ids.flags.writeable
    assert ids.flags.writeable


def test_a_row_equals_neighbours_made_of_its_arrays() -> None:
    row = batch()[0]
    names = ("target_ids", "similarity", "ra_deg", "dec_deg", "z")
    again = Neighbours(
        **{name: getattr(row, name) for name in names},
        using=row.using,
        among=row.among,
        query_target_id=row.query_target_id,
        exact=row.exact,
    )
    assert repr(row) == repr(again)
    for name in names:
        np.testing.assert_array_equal(getattr(row, name), getattr(again, name))
        assert not getattr(row, name).flags.writeable


def test_the_query_may_be_a_vector() -> None:
    assert batch(query_target_ids=None)[0].query_target_id is None


def test_the_arrays_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        batch().similarity[0, 0] = 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"z": np.zeros((2, 3))}, "z has shape (2, 3), target_ids (3, 3)."),
        ({"exact": np.ones(2, bool)}, "exact has shape (2,), target_ids (3, 3)."),
        (
            {"query_target_ids": np.array([5, 5, 3])},
            "the query galaxy, TARGETID 5, is among its neighbours.",
        ),
        (
            {"target_ids": np.array([[8, 4, 3], [5, 0, 0], [0, 0, 0]])},
            "TARGETID 3 (0.5) follows 4 (0.5): similarity must fall, and ids ascend where it is "
            "equal.",
        ),
        (
            {"target_ids": np.array([[3, 3, 4], [9, 0, 0], [0, 0, 0]])},
            "a TARGETID is among the neighbours twice.",
        ),
        (
            {"target_ids": np.array([[8, 3, 4], [5, 6, 0], [0, 0, 0]])},
            "a similarity is not within -1 .. 1.",
        ),
    ],
)
def test_inconsistent_arrays_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(QueryError) as caught:
        batch(**changes)
    assert str(caught.value) == message
