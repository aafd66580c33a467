"""Neighbours checks its arrays, and cannot be changed."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import QueryError
from galsearch.core.modality import Modality
from galsearch.core.target_id import TargetId
from galsearch.core.vectors import neighbour_order
from galsearch.query import Neighbours
from tests.reference.brute_force import brute_force


def neighbours(**changes: Any) -> Neighbours:
    fields: dict[str, Any] = {
        "target_ids": np.array([8, 3, 4]),
        "similarity": np.array([0.9, 0.5, 0.5], np.float32),
        "ra_deg": np.array([1.0, 2.0, 3.0]),
        "dec_deg": np.array([1.0, 2.0, 3.0]),
        "z": np.array([0.1, np.nan, 0.3]),
        "using": Modality.IMAGE,
        "among": Modality.SPECTRUM,
        "query_target_id": TargetId(5),
        "exact": False,
    }
    return Neighbours(**{**fields, **changes})


def test_length_iteration_and_representation() -> None:
    assert len(neighbours()) == 3
    assert list(neighbours()) == [TargetId(8), TargetId(3), TargetId(4)]
    assert repr(neighbours()) == (
        "Neighbours(3 by spectrum of the image of TARGETID 5: 8 (0.9000), 3 (0.5000), 4 (0.5000))"
    )


def test_there_may_be_no_neighbours() -> None:
    empty = np.empty(0)
    found = neighbours(
        target_ids=np.empty(0, np.int64),
        similarity=empty,
        ra_deg=empty,
        dec_deg=empty,
        z=empty,
        query_target_id=None,
    )
    assert len(found) == 0
    assert repr(found) == "Neighbours(0 by spectrum of the image of a vector)"


def test_the_arrays_are_read_only_copies() -> None:
    ids = np.array([8, 3, 4])
    found = neighbours(target_ids=ids)
    ids[0] = 7
    assert found.target_ids[0] == 8
    with pytest.raises(ValueError, match="read-only"):
        found.similarity[0] = 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"query_target_id": TargetId(3)},
            "the query galaxy, TARGETID 3, is among its neighbours.",
        ),
        ({"similarity": np.array([1.5, 0.5, 0.5])}, "a similarity is not within -1 .. 1."),
        ({"similarity": np.array([np.nan, 0.5, 0.5])}, "a similarity is not within -1 .. 1."),
        (
            {"similarity": np.array([0.5, 0.75, 0.25])},
            "TARGETID 3 (0.75) follows 8 (0.5): similarity must fall, and ids ascend where it is "
            "equal.",
        ),
        (
            {"target_ids": np.array([8, 4, 3])},
            "TARGETID 3 (0.5) follows 4 (0.5): similarity must fall, and ids ascend where it is "
            "equal.",
        ),
        ({"target_ids": np.array([4, 3, 4])}, "a TARGETID is among the neighbours twice."),
        ({"z": np.array([0.1])}, "z has shape (1,), target_ids (3,)."),
    ],
)
def test_inconsistent_arrays_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(QueryError) as caught:
        neighbours(**changes)
    assert str(caught.value) == message


@given(
    rows=st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=20),
    k=st.integers(1, 30),
    exclude=st.none() | st.integers(1, 20),
)
def test_brute_force_is_a_sort_of_cosines(
    rows: list[tuple[int, int]], k: int, exclude: int | None
) -> None:
    vectors = np.array([row if any(row) else (1, 0) for row in rows], float)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = np.arange(1, len(vectors) + 1)
    found, cosines = brute_force(vectors, ids, vectors[0], k=k, exclude=exclude)
    pairs = sorted(
        (-np.float32(min(1, max(-1, a * vectors[0][0] + b * vectors[0][1]))), int(i))
        for (a, b), i in zip(vectors, ids, strict=True)
        if i != exclude
    )[:k]
    assert found.tolist() == [i for _, i in pairs]
    assert (neighbour_order(cosines, found) == np.arange(len(found))).all()
