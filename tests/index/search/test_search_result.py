"""A SearchResult has the TARGETIDs of its rows, and counts neighbours without padding."""

import numpy as np
import pytest

from galsearch.core.errors import ManifestError
from galsearch.index.search.search_result import SearchResult
from tests.index.ivf.filled_lists import random_unit_vectors, stored_in_memory


@pytest.mark.parametrize(
    "rows", [[[3, 1], [0, 2]], [[3, 1], [0, -1]], [[-1, -1], [-1, -1]], [[], []]]
)
def test_rows_have_the_targetids_of_the_stored_vectors(rows: list[list[int]]) -> None:
    stored = stored_in_memory(random_unit_vectors(4, 3, seed=1))
    array = np.array(rows, np.int64)
    similarity = np.where(array < 0, np.nan, 0.5).astype(np.float32)
    found = SearchResult.of_rows(stored, array, similarity, np.zeros(2, bool))
    assert found.target_ids.tolist() == [
        [0 if row < 0 else int(stored.ids[row]) for row in part] for part in rows
    ]
    assert found.counts.tolist() == [sum(row >= 0 for row in part) for part in rows]
    assert len(found) == 2


def test_a_similarity_that_is_nan_is_an_error() -> None:
    stored = stored_in_memory(random_unit_vectors(4, 3, seed=1))
    rows, similarity = np.array([[3, -1]]), np.full((1, 2), np.nan, np.float32)
    with pytest.raises(ManifestError) as caught:
        SearchResult.of_rows(stored, rows, similarity, np.zeros(1, bool))
    assert str(caught.value) == (
        f"the stored vector of TARGETID {stored.ids[3]} cannot be compared with the query, because "
        "one of them is not finite (1 such vectors)."
    )
