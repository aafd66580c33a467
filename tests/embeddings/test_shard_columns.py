"""Columns of shards are read whatever Arrow types they have, or refused with their name."""

import numpy as np
import pyarrow as pa
import pytest

from galsearch.core.errors import ShardError
from galsearch.embeddings.shard_columns import (
    float_column,
    position_columns,
    quality_column,
    target_id_column,
    vector_column,
)

VECTORS = np.array([[0.6, 0.8], [1.0, 0.0]], np.float32)


def fixed(values=VECTORS):
    return pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), 2)


@pytest.mark.parametrize(
    "column",
    [
        fixed(),
        pa.array(list(VECTORS)),
        pa.array(list(VECTORS), pa.large_list(pa.float32())),
        pa.ExtensionArray.from_storage(pa.fixed_shape_tensor(pa.float32(), [2]), fixed()),
        pa.chunked_array([fixed()[:1], fixed()[1:], fixed()[:0]]),
        fixed(np.concatenate([VECTORS, VECTORS]))[2:],
        pa.array([VECTORS[0], *VECTORS], pa.list_(pa.float32()))[1:],
    ],
)
def test_lists_of_all_kinds_are_read(column):
    table = pa.table({"embedding": column})
    np.testing.assert_array_equal(vector_column(table, 2, "a", ShardError), VECTORS)


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (pa.array([[0.5], [0.5, 0.5, 0.5]]), "holds a vector of 1 dimensions; expected 2."),
        (pa.array([[1.0, 0.0], None]), "has 1 missing values."),
        (pa.array([[1.0, None]]), "has 1 missing values."),
        (pa.array([[1, 0]]), "holds list<item: int64>; expected lists of floats."),
        (pa.array([1.0]), "holds double; expected lists of floats."),
    ],
)
def test_other_vectors_are_refused(column, reason):
    with pytest.raises(ShardError) as caught:
        vector_column(pa.table({"embedding": column}), 2, "a", ShardError)
    assert str(caught.value).replace("element:", "item:") == f"a: column embedding {reason}"


@pytest.mark.parametrize(
    ("ra_deg", "dec_deg", "reason"),
    [
        ([1.0, np.nan], [2.0, 2.0], "ra_deg has 1 values that are no coordinates, first nan in "
         "row 2; expected -360 to 360 degrees."),
        ([np.inf, 1.0], [2.0, 2.0], "ra_deg has 1 values that are no coordinates, first inf in "
         "row 1; expected -360 to 360 degrees."),
        ([1.0, 2.0], [91.0, -90.5], "dec_deg has 2 values that are no coordinates, first 91 in "
         "row 1; expected -90 to 90 degrees."),
        ([1.0, 2.0], [None, 1.0], "dec_deg has 1 missing values."),
    ],
)  # fmt: skip
def test_values_that_are_no_positions_are_refused(ra_deg, dec_deg, reason):
    table = pa.table({"ra_deg": ra_deg, "dec_deg": dec_deg})
    with pytest.raises(ShardError) as caught:
        position_columns(table, "a", ShardError)
    assert str(caught.value) == f"a: column {reason}"


def test_positions_at_the_limits_are_read():
    table = pa.table({"ra_deg": [-0.5, 360.0], "dec_deg": [-90, 90]})
    ra_deg, dec_deg = position_columns(table, "a", ShardError)
    np.testing.assert_array_equal(ra_deg, [-0.5, 360.0])
    np.testing.assert_array_equal(dec_deg, [-90.0, 90.0])


IDS = pa.array([5, 7], pa.int64())


@pytest.mark.parametrize(
    "column", [IDS, IDS.cast(pa.uint64()), IDS.cast(pa.int32()), IDS.dictionary_encode()]
)
def test_targetids_of_all_integer_types_are_read(column):
    ids = target_id_column(pa.table({"target_id": column}), "a", ShardError)
    assert (ids.dtype, ids.tolist()) == (np.int64, [5, 7])


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (pa.array([5.0]), "holds double; TARGETIDs are integers of 64 bits."),
        (pa.array(["5"]), "holds string; TARGETIDs are integers of 64 bits."),
        (pa.array([5, None]), "has 1 missing values."),
        (
            pa.array([2**63 + 1], pa.uint64()),
            ": 9223372036854775809 exceeds the largest TARGETID, 9223372036854775807.",
        ),
    ],
)
def test_other_targetids_are_refused(values, reason):
    with pytest.raises(ShardError) as caught:
        target_id_column(pa.table({"target_id": values}), "a", ShardError)
    assert str(caught.value).replace("target_id:", "target_id :") == f"a: column target_id {reason}"


def test_positions_are_numbers():
    table = pa.table({"ra_deg": pa.array([1, 2]), "dec_deg": ["x", "y"], "z": [0.5, None]})
    assert float_column(table, "ra_deg", "a", ShardError).tolist() == [1.0, 2.0]
    for name, reason in (
        ("dec_deg", "holds string; expected numbers."),
        ("z", "has 1 missing values."),
    ):
        with pytest.raises(ShardError) as caught:
            float_column(table, name, "a", ShardError)
        assert str(caught.value) == f"a: column {name} {reason}"


def test_quality_is_whole_numbers_of_16_bits_or_absent():
    assert quality_column(pa.table({"z": [1]}), "a", ShardError) is None
    found = quality_column(pa.table({"quality": pa.array([0, 65535], pa.int64())}), "a", ShardError)
    assert found.tolist() == [0, 65535]
    for values, reason in (
        ([1, None], "has 1 missing values."),
        ([0.5], "holds double; expected whole numbers."),
        ([-1], "holds numbers beyond 0 to 65535."),
        ([65536], "holds numbers beyond 0 to 65535."),
    ):
        with pytest.raises(ShardError) as error:
            quality_column(pa.table({"quality": values}), "a", ShardError)
        assert str(error.value) == f"a: column quality {reason}"
