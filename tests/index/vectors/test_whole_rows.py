"""Vectors that an encoding cannot hold, which are stored whole beside the encoded rows."""

from pathlib import Path

import numpy as np
import pytest

from galsearch.core.errors import ManifestError
from galsearch.files.atomic import write_array
from galsearch.index.vectors.array_files import WHOLE_ROWS_NAME
from galsearch.index.vectors.int8_codec import Int8Codec
from galsearch.index.vectors.pca import PrincipalAxes
from galsearch.index.vectors.stored_vectors import StoredVectors
from galsearch.index.vectors.whole_rows import WholeRows
from tests.index.vectors.low_rank_vectors import encoded_segment, low_rank_vectors


def test_vectors_outside_the_ranges_have_the_cosines_of_the_vectors_as_they_came() -> None:
    common, rare = low_rank_vectors(500, 32), np.eye(32, dtype=np.float32)
    vectors = np.concatenate([common[:100], rare, common[100:]])
    codec = Int8Codec(PrincipalAxes.fit(common))
    segment = encoded_segment(np.arange(len(vectors)), vectors, codec)
    assert set(segment.whole.rows.tolist()) >= set(range(100, 132))
    assert len(segment.whole) < 60
    assert np.abs(codec.decode(segment.vectors[100:132]) - rare).max() > 0.1
    stored = StoredVectors([segment, segment])
    rows = np.arange(2 * len(vectors))
    for query in (rare[3], common[7]):
        cosines = np.tile(vectors.astype(np.float64) @ query, 2)
        np.testing.assert_allclose(stored.cosines(rows, query), cosines, atol=2e-3)
        whole = segment.whole.rows
        np.testing.assert_allclose(stored.cosines(whole, query), cosines[whole], atol=1e-7)
    batch = stored.cosines(np.stack([rows, rows[::-1]]), np.stack([rare[3], common[7]]))
    assert np.array_equal(batch[0], stored.cosines(rows, rare[3]))
    assert np.array_equal(batch[1], stored.cosines(rows[::-1], common[7]))
    assert np.array_equal(stored.take(np.arange(100, 132)), rare)
    blocks = np.concatenate([block for _, block in stored.blocks()])
    assert np.array_equal(blocks[100:132], rare)


def test_parts_are_joined_in_order_of_their_rows_and_read_back(tmp_path: Path) -> None:
    vectors = low_rank_vectors(3, 4)
    parts = [WholeRows(np.array([7]), vectors[:1]), WholeRows(np.array([2, 9]), vectors[1:])]
    WholeRows.joined(parts).write(tmp_path)
    found = WholeRows.open(tmp_path, n_vectors=10, dim=4)
    assert found.rows.tolist() == [2, 7, 9]
    assert np.array_equal(found.vectors, vectors[[1, 0, 2]])
    assert found.positions(np.array([9, 3])).tolist() == [2, -1]
    assert len(WholeRows.none(4)) == 0


@pytest.mark.parametrize("rows", [[3, 2], [-1, 2], [2, 10], [2, 2]])
def test_rows_that_are_none_of_the_segment_are_refused(tmp_path: Path, rows: list[int]) -> None:
    WholeRows(np.arange(2), low_rank_vectors(2, 4)).write(tmp_path)
    path = tmp_path / WHOLE_ROWS_NAME
    write_array(path, np.array(rows))
    with pytest.raises(ManifestError) as caught:
        WholeRows.open(tmp_path, n_vectors=10, dim=4)
    assert str(caught.value) == f"{path}: not ascending rows of 10 vectors."
