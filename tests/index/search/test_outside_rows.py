"""Vectors outside of the common axes, with which rare queries are compared directly."""

from pathlib import Path

import numpy as np
import pytest

from galsearch.index.search.modality_index import ModalityIndex
from galsearch.index.search.outside_rows import OutsideRows
from galsearch.index.search.row_filter import RowFilter
from galsearch.index.search.search_settings import RareSettings, SearchSettings
from galsearch.index.vectors.array_files import OUTSIDE_ROWS_NAME
from galsearch.index.vectors.common_axes import CommonAxes
from galsearch.index.vectors.pca import PrincipalAxes
from tests.index.ivf.filled_lists import filled_lists, random_unit_vectors, stored_in_memory
from tests.index.vectors.low_rank_vectors import low_rank_vectors

N_COMMON, N_RARE, DIM = 3000, 60, 32
COMMON, RARE = low_rank_vectors(N_COMMON, DIM), random_unit_vectors(N_RARE, DIM, seed=2)
VECTORS = np.concatenate([COMMON, RARE])
STORED = stored_in_memory(VECTORS)
PCA = PrincipalAxes.fit(VECTORS[:N_COMMON])
AXES = CommonAxes(PCA.axes[:16], 0.1)
OUTSIDE = OutsideRows.find(AXES, STORED)
QUERIES = random_unit_vectors(40, DIM, seed=3)


def nearest(queries: np.ndarray, rows: np.ndarray, k: int) -> np.ndarray:
    return rows[np.argsort(-(queries @ VECTORS[rows].T), axis=1)[:, :k]]


def test_the_vectors_outside_are_found_and_written(tmp_path: Path) -> None:
    assert OUTSIDE.rows.tolist() == list(range(N_COMMON, N_COMMON + N_RARE))
    OUTSIDE.write(tmp_path)
    assert np.load(tmp_path / OUTSIDE_ROWS_NAME).tolist() == OUTSIDE.rows.tolist()


@pytest.mark.parametrize("filtered", [False, True])
def test_rows_outside_are_joined_with_those_that_were_found(filtered: bool) -> None:
    allowed = np.arange(0, len(VECTORS), 2) if filtered else np.arange(len(VECTORS))
    row_filter = RowFilter.of_rows(STORED, allowed) if filtered else None
    found = nearest(QUERIES, allowed[allowed < N_COMMON], 5)
    found[3, 4:], found[4, 0] = -1, nearest(QUERIES, allowed[allowed >= N_COMMON], 1)[4, 0]
    exclude = np.full(len(QUERIES), -1)
    exclude[7] = nearest(QUERIES, allowed[allowed >= N_COMMON], 1)[7, 0]
    rows, cosines = OUTSIDE.add_neighbours(
        found, QUERIES, k=5, exclude_rows=exclude, row_filter=row_filter
    )
    for i, row in enumerate(rows):
        candidates = np.union1d(found[i][found[i] >= 0], allowed[allowed >= N_COMMON])
        candidates = candidates[candidates != exclude[i]]
        assert row.tolist() == nearest(QUERIES[i : i + 1], candidates, 5)[0].tolist()
        np.testing.assert_allclose(cosines[i], VECTORS[row] @ QUERIES[i], atol=1e-6)


def test_rare_queries_find_rare_galaxies_whose_lists_are_not_probed() -> None:
    lists = filled_lists(STORED, family="ivfsq", n_lists=16)
    rare = RareSettings(AXES.limit, 1, 1)
    settings = SearchSettings(1, 1, rare)
    index = ModalityIndex(STORED, lists, outside=OUTSIDE)
    queries = np.concatenate([VECTORS[:20], QUERIES[:20]])
    found = index.search(queries, k=3, settings=settings)
    common = index.search(queries, k=3, settings=SearchSettings(1, 1))
    assert np.array_equal(found.rows[:20], common.rows[:20])
    expected = nearest(QUERIES[:20], OUTSIDE.rows, 3)
    cosines = np.take_along_axis(QUERIES[:20] @ VECTORS.T, expected, axis=1)
    assert (found.similarity[20:] >= cosines - 1e-6).all()
    alone = index.search(queries[20:21], k=3, settings=settings)
    assert np.array_equal(alone.rows[0], found.rows[20])
    assert np.array_equal(alone.similarity[0], found.similarity[20])
