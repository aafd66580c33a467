"""Unit rows and the order of neighbours."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from galsearch.core.errors import (
    ShardError,
)
from galsearch.core.target_id import (
    MAX_TARGET_ID,
)
from galsearch.core.vectors import REASONS, InputQuality, neighbour_order, off_unit, unit_rows

ids = st.integers(1, MAX_TARGET_ID)


floats = hnp.arrays(np.float64, (2, 5, 4), elements=st.floats(allow_nan=True, width=32))


@given(hnp.arrays(np.float64, (6, 3), elements=st.floats(-100, -1e-3) | st.floats(1e-3, 100)))
def test_unit_rows_are_unit_rows(vectors: np.ndarray) -> None:
    assert not off_unit(unit_rows(vectors)).any()


def test_a_vector_without_direction_is_refused() -> None:
    with pytest.raises(ShardError) as caught:
        unit_rows(np.array([[1.0, 0.0], [0.0, 0.0]]))
    assert str(caught.value) == "1 of 2 embeddings have no direction (row 1 has length 0.0)."
    assert off_unit(np.array([[np.nan, 1.0]])).all()


@given(
    st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.9]), ids), max_size=9, unique_by=lambda t: t[1])
)
def test_similarities_descend_and_ties_ascend_by_id(rows: list[tuple[float, int]]) -> None:
    similarity = np.array([row[0] for row in rows])
    target_ids = np.array([row[1] for row in rows], dtype=np.int64)
    slow = sorted(rows, key=lambda row: (-row[0], row[1]))
    order = neighbour_order(similarity, target_ids)
    assert [(similarity[i], target_ids[i]) for i in order] == slow


def test_every_reason_is_a_bit_of_its_own_and_applies_to_a_modality() -> None:
    bits = [int(reason) for reason in InputQuality]
    assert bits == [1 << i for i in range(len(bits))]
    assert {r for reasons in REASONS.values() for r in reasons} == set(InputQuality)


def test_reasons_are_named_in_the_order_of_their_bits() -> None:
    both = InputQuality.DEPTH_UNUSUAL | InputQuality.ARM_MISSING
    assert InputQuality(int(both)).names == ("arm_missing", "depth_unusual")
    assert InputQuality(0).names == ()
