"""Rows of databases become arrays; a redshift that is not known is NaN."""

import numpy as np
import pyarrow as pa

from galsearch.databases.found_rows import hits_of_rows, hits_of_table


def test_rows_of_dictionaries() -> None:
    rows = [{"ra_deg": 1.0, "dec_deg": 2.0, "z": None}, {"ra_deg": 3.0, "dec_deg": 4.0}]
    hits = hits_of_rows([2**60 + 1, 7], rows, [[0.0, 1.0], [1.0, 0.0]])
    assert hits.target_ids.tolist() == [2**60 + 1, 7]
    assert hits.vectors.dtype == np.float32
    assert hits.vectors.tolist() == [[0, 1], [1, 0]]
    assert hits.ra_deg.tolist() == [1, 3]
    assert np.isnan(hits.z).all()


def test_no_rows() -> None:
    hits = hits_of_rows([], [], [])
    assert len(hits.target_ids) == len(hits.z) == len(hits.vectors) == 0


def test_rows_of_a_table() -> None:
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(np.arange(6, dtype=np.float32)), 3)
    table = pa.table({"target_id": [5, 6], "embedding": vectors, "z": [0.5, None]})
    hits = hits_of_table(table)
    assert hits.vectors.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert hits.z[0] == 0.5
    assert np.isnan(hits.z[1])
    assert np.isnan(hits.ra_deg).all()
    assert hits_of_table(table.slice(1)).vectors.tolist() == [[3, 4, 5]]
