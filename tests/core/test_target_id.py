"""TARGETIDs keep their value in every format, and nothing else passes for one."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import (
    InvalidTargetIdError,
)
from galsearch.core.target_id import (
    MAX_TARGET_ID,
    TargetId,
    TargetIdParts,
    as_target_ids,
    decode_target_id,
    encode_target_id,
    is_position_id,
    parse_target_ids,
    target_id_from_position,
)

ids = st.integers(1, MAX_TARGET_ID)


@given(ids)
def test_a_target_id_survives_text_json_and_parquet(value: int) -> None:
    assert TargetId(str(TargetId(value))) == value
    assert TargetId(f"{TargetId(value)}") == value
    assert (
        TargetId(json.loads(json.dumps({"target_id": str(TargetId(value))}))["target_id"]) == value
    )
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"target_id": as_target_ids([TargetId(value)])}), sink)
    column = pq.read_table(pa.BufferReader(sink.getvalue()))["target_id"]
    assert as_target_ids(column.to_numpy()).tolist() == [value]


@given(
    st.integers(0, 2**22 - 1),
    st.integers(0, 2**20 - 1),
    st.integers(0, 2**16 - 1),
    st.booleans(),
    st.booleans(),
)
def test_target_id_parts_round_trip(
    objid: int, brickid: int, release: int, mock: bool, sky: bool
) -> None:
    parts = TargetIdParts(objid, brickid, release, mock, sky)
    if objid | brickid | release or mock or sky:
        assert decode_target_id(encode_target_id(parts)) == parts


@pytest.mark.parametrize(
    ("target_id", "release", "brickid", "objid"),
    [
        (39633345008634465, 9011, 607466, 2657),
        (39627866878511337, 9010, 349954, 2281),
        (39627775698535604, 9010, 328215, 1204),
    ],
)
def test_real_target_ids_decode_to_their_fibermap(
    target_id: int, release: int, brickid: int, objid: int
) -> None:
    parts = decode_target_id(TargetId(target_id))
    assert (parts.release, parts.brickid, parts.objid) == (release, brickid, objid)
    assert not parts.mock
    assert decode_target_id(TargetId(616088619186127404)).sky


@given(st.integers(0, 12 * 4**29 - 1), st.integers(0, 2**62 - 1))
def test_an_id_from_a_position_never_meets_one_of_desi(pixel: int, desi: int) -> None:
    own = target_id_from_position(pixel)
    assert is_position_id(own)
    assert own != desi
    assert not is_position_id(TargetId(max(desi, 1)))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            39627848784286003.0,
            "3.9627848784286e+16 (float) is not a TARGETID: expected an integer or its decimal "
            "text; a float cannot hold one exactly.",
        ),
        (
            "3.9e16",
            "'3.9e16' is not a TARGETID: expected decimal digits, such as 39627848784286003.",
        ),
        (
            0,
            "0 is not the TARGETID of a galaxy: expected 1 to 9223372036854775807 (negative ids "
            "are stuck or unassigned fibres).",
        ),
        (
            True,
            "True (bool) is not a TARGETID: expected an integer or its decimal text; a float "
            "cannot hold one exactly.",
        ),
    ],
)
def test_an_invalid_target_id_is_refused_with_the_reason(value: object, message: str) -> None:
    with pytest.raises(InvalidTargetIdError) as caught:
        TargetId(value)
    assert str(caught.value) == message


def test_a_number_of_thousands_of_digits_is_refused() -> None:
    for value in ("9" * 5000, 10**5000, -(10**5000)):
        with pytest.raises(InvalidTargetIdError) as caught:
            TargetId(value)
        assert str(caught.value) == (
            "a number of more than 40 digits is not the TARGETID of a galaxy: expected 1 to "
            "9223372036854775807 (negative ids are stuck or unassigned fibres)."
        )


@pytest.mark.parametrize(
    "values",
    [
        "123",
        123,
        np.int64(123),
        np.array(123),
        np.array("123"),
        [123],
        ("123",),
        {123},
        np.array(["123"]),
        np.array([123], np.uint64),
        np.array([123], object),
        iter([123]),
    ],
)
def test_a_text_is_one_target_id_and_not_its_digits(values: object) -> None:
    assert parse_target_ids(values).tolist() == [123]


@pytest.mark.parametrize("values", ["", "1,2", b"123", [[1, 2]], np.ones((2, 2), int), [1.0], None])
def test_values_that_are_no_target_ids_are_refused(values: object) -> None:
    with pytest.raises(InvalidTargetIdError):
        parse_target_ids(values)


def test_a_float_column_of_target_ids_is_refused() -> None:
    with pytest.raises(InvalidTargetIdError) as caught:
        as_target_ids(np.array([39627848784286003.0]))
    assert str(caught.value) == (
        "TARGETIDs must be a one-dimensional integer column, found 1 dimensions of float64; "
        "a float column cannot hold them exactly."
    )
    with pytest.raises(InvalidTargetIdError):
        as_target_ids(np.array([2**63], np.uint64))
    with pytest.raises(InvalidTargetIdError):
        as_target_ids([5, -3])


def test_as_target_ids_is_a_copy() -> None:
    given_ids = np.array([3, 4])
    as_target_ids(given_ids)[0] = 9
    assert given_ids.tolist() == [3, 4]
