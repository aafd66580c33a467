"""Ids and positions of rows, in any type that a table may have."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from galsearch.core.errors import EmbeddingTableError
from galsearch.core.target_id import target_id_from_position
from galsearch.dataset.healpix import healpix_29
from galsearch.embeddings.imported.bad_rows import BadRows
from galsearch.embeddings.imported.table_ids import column_ids, column_positions, position_ids

LARGE = 39627848784286003


def place(row: int) -> str:
    return f"t: row {row + 1}"


@pytest.mark.parametrize(
    "column",
    [
        pa.array([LARGE, 7]),
        pa.array([LARGE, 7], pa.uint64()),
        pa.array([str(LARGE), " 7"]),
        pa.array([str(LARGE), "7"], pa.large_string()),
        pa.array([str(LARGE), "7"]).dictionary_encode(),
    ],
    ids=lambda column: str(column.type),
)
def test_ids_keep_every_digit(column: pa.Array) -> None:
    ids, good = column_ids("t", column, "id", place, BadRows(skip=False))
    assert ids.tolist() == [LARGE, 7]
    assert good.all()


def test_small_integers_are_ids_too() -> None:
    ids, _ = column_ids("t", pa.array([5, 7], pa.int32()), "id", place, BadRows(skip=False))
    assert ids.tolist() == [5, 7]


@pytest.mark.parametrize(
    ("column", "n_bad"),
    [
        (pa.array([LARGE, None, 0, -3]), 3),
        (pa.array([LARGE, 2**63], pa.uint64()), 1),
        (pa.array([str(LARGE), "1e3", "", None, "9" * 19, "9" * 30]), 5),
    ],
)
def test_rows_without_a_target_id_are_counted(column: pa.Array, n_bad: int) -> None:
    bad_rows = BadRows(skip=True)
    ids, good = column_ids("t", column, "id", place, bad_rows)
    assert ids[good].tolist() == [LARGE]
    assert bad_rows.n_rows == n_bad


def test_floats_are_refused() -> None:
    with pytest.raises(EmbeddingTableError) as caught:
        column_ids("t", pa.array([1.0]), "id", place, BadRows(skip=True))
    assert str(caught.value) == (
        "t: column id holds double; TARGETIDs are integers of 64 bits, or decimal text. "
        "ids_from_positions names the galaxies by their positions."
    )


def test_positions_are_degrees() -> None:
    batch = pa.RecordBatch.from_pydict({"ra": [10, 400, None], "dec": [2.5, 0.0, 1.0]})
    bad_rows = BadRows(skip=True)
    ra_deg, dec_deg, good = column_positions("t", batch, "ra", "dec", place, bad_rows)
    assert good.tolist() == [True, False, False]
    assert (ra_deg[0], dec_deg[0]) == (10, 2.5)
    assert bad_rows.n_by_reason == {"no position": 2}
    text: Any = pa.RecordBatch.from_pydict({"ra": ["10"], "dec": [2.5]})
    with pytest.raises(EmbeddingTableError) as caught:
        column_positions("t", text, "ra", "dec", place, bad_rows)
    assert str(caught.value) == "t: column ra holds string; expected degrees."


def test_ids_of_positions_are_those_of_the_dataset() -> None:
    ra, dec = np.array([150.1, 0.0, 359.9]), np.array([2.2, -90.0, 45.0])
    expected = [int(target_id_from_position(int(h))) for h in healpix_29(ra, dec)]
    assert position_ids(ra, dec).tolist() == expected
