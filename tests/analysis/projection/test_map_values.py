"""Values of a column for the galaxies of a map, in order of the galaxies."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from galsearch.analysis.projection.map_values import map_values
from galsearch.core.errors import QueryError
from galsearch.query import SearchEngine


@pytest.fixture
def rows(labelled_home: Path) -> dict[int, dict[str, Any]]:
    table = pq.read_table(labelled_home / "embeddings" / "catalogue.parquet")
    return {row["target_id"]: row for row in table.to_pylist()}


@pytest.mark.parametrize("name", ["z", "mass", "n_arms", "morphology", "is_blue", "name"])
def test_each_galaxy_has_its_own_value(
    labelled_engine: SearchEngine, rows: dict[int, dict[str, Any]], name: str
) -> None:
    ids = labelled_engine.index.ids[::-7]
    found = map_values(labelled_engine.index, ids, name).tolist()
    for one, value in zip(ids.tolist(), found, strict=True):
        true = rows[one][name]
        if name == "is_blue":
            true = "is_blue" if true else "not is_blue"
        unknown = value is None or value != value
        assert (true is None) if unknown else (value == true)


def test_other_columns_are_refused(labelled_engine: SearchEngine) -> None:
    index = labelled_engine.index
    with pytest.raises(QueryError) as caught:
        map_values(index, index.ids, "when")
    assert str(caught.value) == (
        "the column 'when' holds timestamp[ms]; a map shows numbers, texts and booleans."
    )
    with pytest.raises(QueryError) as missing:
        map_values(index, np.array([], np.int64), "colour")
    assert str(missing.value).startswith(
        "the catalogue of index 'labelled' has no column 'colour'; it has target_id, ra_deg, "
    )
