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

IMAGE = np.arange(19200.0).reshape(3, 80, 80)
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
        (
            {},
            "a query needs TARGETIDs, a position, a name, an image, a spectrum, examples or a "
            "vector; found none of these.",
        ),
        (
            {"target_ids": 5, **VECTOR},
            "a query has one kind of input; found TARGETIDs and a vector.",
        ),
        (
            {"target_ids": 5, "position": "1 2", "image": "a.fits"},
            "a query has one kind of input; found TARGETIDs, a position and an image.",
        ),
        (
            {"vector": [1.0]},
            "a query vector needs the fingerprint of its encoder; found none.",
        ),
        (
            {"target_ids": 5, "fingerprint": "a" * 64},
            "fingerprint belongs to a vector; found TARGETIDs.",
        ),
        ({"position": "1 2", "unlike": 5}, "unlike belongs to examples; found a position."),
        ({"position": "1 2", "names": "a.csv"}, "names belongs to a name; found a position."),
        (
            {"target_ids": 5, "encoder": "galsearch-small"},
            "encoder belongs to an image or a spectrum; found TARGETIDs.",
        ),
        ({"like": []}, "like names no galaxy; expected one TARGETID or more."),
        (
            {"like": [5, 6], "unlike": ["6", 7]},
            "TARGETID 6 is an example of both, like and unlike.",
        ),
        ({"name": 7}, "name is of type int; expected a text such as 'NGC 5194'."),
        ({"target_ids": 5, "radius": -1}, "radius is -1; expected a number of 0 to 3600 arcsec."),
        (
            {"target_ids": 5, "min_similarity": 1.5},
            "min_similarity is 1.5; expected a number of -1 to 1.",
        ),
        (
            {"target_ids": 5, "exclude_within": float("nan")},
            "exclude_within is nan; expected a number of 0 to 3600 arcsec.",
        ),
        (
            {"target_ids": 5, "diversity": "much"},
            "diversity is 'much'; expected a number of 0 to 1.",
        ),
        (
            {"target_ids": 5, "one_per": 3},
            "one_per is of type int; expected a text such as 'brickname'.",
        ),
        ({"target_ids": 5, "offset": -1}, "offset is -1; expected a whole number, 0 or more."),
        (
            {"image": IMAGE, "using": "spectrum"},
            "using is 'spectrum'; the query has image, and no spectrum of one's own.",
        ),
        (
            {"image": IMAGE, "using": "both"},
            "using is 'both'; the query has image, and no spectrum of one's own.",
        ),
        (
            {"target_ids": [5, 6], "spectrum": "a.fits"},
            "2 TARGETIDs select a spectrum of a file; expected one of them.",
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
            "using is 'picture'; expected 'image', 'spectrum' or 'both'.",
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
