"""Bad rows are an error, or counted."""

import numpy as np
import pytest

from galsearch.core.errors import EmbeddingTableError
from galsearch.embeddings.imported.bad_rows import BadRows


def place(row: int) -> str:
    return f"t.parquet: row {row + 1}"


def test_the_first_bad_row_is_an_error() -> None:
    with pytest.raises(EmbeddingTableError) as caught:
        BadRows(skip=False).note(np.array([False, True, True]), "no id", place, "has no id")
    assert str(caught.value) == "t.parquet: row 2: has no id."


def test_bad_rows_are_counted_by_reason() -> None:
    bad_rows = BadRows(skip=True)
    bad_rows.note(np.array([False, True, True]), "no id", place, str)
    bad_rows.note(np.array([True, False, True]), "no vector", place, str)
    bad_rows.note(np.array([True]), "no id", place, str)
    bad_rows.note(np.array([False]), "other", place, str)
    assert bad_rows.n_by_reason == {"no id": 3, "no vector": 2}
    assert bad_rows.n_rows == 5
