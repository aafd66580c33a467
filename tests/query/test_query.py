"""A Query validates its values when it is created."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import InvalidFingerprintError, InvalidTargetIdError, QueryError
from galsearch.core.fingerprint import Fingerprint
from galsearch.core.modality import Modality
from galsearch.query import Query

VECTOR = {"vector": [3.0, 4.0], "fingerprint": "a" * 64}


@pytest.mark.parametrize(
    ("target_ids", "expected"),
    [
        (7, [7]),
        ("39627848784286003", [39627848784286003]),
        ([7, "8"], [7, 8]),
        ((np.int64(7),), [7]),
        (np.array([8, 7, 8], np.uint32), [8, 7, 8]),
        ([], []),
        (np.array(["8", "39627848784286003"]), [8, 39627848784286003]),
        (np.array([8, "7"], object), [8, 7]),
    ],
)
def test_one_or_many_targetids_become_a_read_only_array(
    target_ids: Any, expected: list[int]
) -> None:
    query = Query(target_ids)
    assert query.target_ids is not None
    assert query.target_ids.tolist() == expected
    assert query.target_ids.dtype == np.int64
    assert not query.target_ids.flags.writeable
    assert query.vector is None


def test_strings_are_converted_and_nothing_can_be_changed() -> None:
    query = Query(
        5, using="spectrum", among="image", k=np.int64(3), from_embeddings="x", within=[1, 2, 3]
    )
    assert (query.using, query.among) == (Modality.SPECTRUM, Modality.IMAGE)
    assert (query.k, query.n_probe, query.exact) == (3, None, False)
    assert query.from_embeddings == Path("x")
    assert query.within == (1.0, 2.0, 3.0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        query.k = 4  # type: ignore[misc]


def test_a_vector_is_copied_and_has_a_fingerprint() -> None:
    vector = np.array([3.0, 4.0], np.float32)
    query = Query(vector=vector, fingerprint="a" * 64, using="image")
    vector[0] = 0
    assert query.vector is not None
    assert query.vector.tolist() == [3.0, 4.0]
    assert isinstance(query.fingerprint, Fingerprint)
    assert query.target_ids is None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "a query needs either TARGETIDs or a vector."),
        ({"target_ids": 5, **VECTOR}, "a query needs either TARGETIDs or a vector."),
        (
            {"vector": [1.0]},
            "a query vector, and no other query, has an encoder's fingerprint.",
        ),
        (
            {"target_ids": 5, "fingerprint": "a" * 64},
            "a query vector, and no other query, has an encoder's fingerprint.",
        ),
        (
            {**VECTOR, "vector": np.ones((2, 2))},
            "the query vector has shape (2, 2); expected one dimension.",
        ),
        (
            {**VECTOR, "vector": [0.0, 0.0]},
            "the query vector is zero or not finite, and so has no direction.",
        ),
        ({"target_ids": 5, "k": 0}, "k is 0; expected a whole number, 1 or more."),
        ({"target_ids": 5, "k": True}, "k is True; expected a whole number, 1 or more."),
        ({"target_ids": 5, "n_probe": 1.5}, "n_probe is 1.5; expected a whole number, 1 or more."),
        (
            {"target_ids": 5, "using": "picture"},
            "using is 'picture'; expected 'image' or 'spectrum'.",
        ),
        (
            {"target_ids": 5, "within": (1.0, 2.0)},
            "within is (1.0, 2.0); expected three numbers: right ascension and declination in "
            "degrees, radius in arcminutes.",
        ),
        (
            {"target_ids": 5, "within": (1, 91, 5)},
            "within is (1.0, 91.0, 5.0); expected a finite right ascension in degrees, a "
            "declination of -90 .. 90 degrees and a radius above 0 and up to 10800 arcminutes.",
        ),
        *(
            (
                {"target_ids": 5, "within": within},
                f"within is {within!r}; expected three numbers: right ascension and declination in "
                "degrees, radius in arcminutes.",
            )
            for within in (
                150.1,
                "123",
                "1 2 3",
                {1: 0, 2: 0, 3: 0},
                {1, 2, 3},
                [[1, 2, 3]],
                b"123",
            )
        ),
        *(
            (
                {"target_ids": 5, "where": where},
                f'where is of type {type(where).__name__}; expected a text such as "z < 0.3".',
            )
            for where in (5, True, ["z < 1"], b"z < 1", np.array(["z < 1"]))
        ),
    ],
)
def test_a_malformed_query_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(QueryError) as caught:
        Query(**values)
    assert str(caught.value) == message


@pytest.mark.parametrize("target_ids", [2.5, "x", [1, -1], [True], np.array([0.5]), np.array([0])])
def test_an_invalid_targetid_is_refused(target_ids: Any) -> None:
    with pytest.raises(InvalidTargetIdError):
        Query(target_ids)


def test_a_fingerprint_is_checked() -> None:
    with pytest.raises(InvalidFingerprintError):
        Query(vector=[1.0], fingerprint="abc")  # type: ignore[arg-type]


def test_bytes_are_no_targetid() -> None:
    with pytest.raises(InvalidTargetIdError):
        Query(b"12")  # type: ignore[arg-type]
