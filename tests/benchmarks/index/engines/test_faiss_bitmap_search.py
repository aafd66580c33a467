"""FAISS's bitmap selector returns only selected rows, padded to one width."""

from pathlib import Path

import numpy as np

from benchmarks.index.engines.faiss_bitmap_search import FaissBitmapSearch, padded
from benchmarks.index.exact_cosines import QUERIES_FILE
from galsearch.core.modality import Modality
from galsearch.index import open_build


def test_only_selected_rows_are_returned(synthetic_home: Path) -> None:
    index = open_build(synthetic_home / "toy")
    ids = index.stored(Modality.IMAGE).ids[::9]
    selection = index.select(np.sort(ids), Modality.IMAGE)
    with np.load(synthetic_home / "synthetic" / QUERIES_FILE) as stored:
        queries = np.ascontiguousarray(stored["image"], np.float32)
    search = FaissBitmapSearch(index, (Modality.IMAGE,) * 2, queries, selection, 10)
    rows = search.search(search.n_lists, 80)
    assert rows.shape == (12, 10)
    assert np.isin(rows, selection.rows).all()


def test_short_results_are_filled_up() -> None:
    assert padded([np.array([3, 1, 2]), np.array([5])], 2).tolist() == [[3, 1], [5, -1]]
