"""FAISS's bitmap selector returns only selected rows."""

from pathlib import Path

import numpy as np

from benchmarks.index.engines.faiss_bitmap_search import FaissBitmapSearch
from benchmarks.index.exact_cosines import QUERIES_FILE
from galsearch.core.modality import Modality
from galsearch.index import open_build


def test_only_selected_rows_are_returned(synthetic_home: Path) -> None:
    index = open_build(synthetic_home / "toy")
    ids = index.stored(Modality.IMAGE).ids[::9]
    row_filter = index.row_filter(np.sort(ids), Modality.IMAGE)
    with np.load(synthetic_home / "synthetic" / QUERIES_FILE) as stored:
        queries = np.ascontiguousarray(stored["image"], np.float32)
    search = FaissBitmapSearch(index, (Modality.IMAGE,) * 2, queries, row_filter, 10)
    rows = search.search(search.n_lists, 80)
    assert rows.shape == (12, 10)
    assert np.isin(rows, row_filter.rows).all()
