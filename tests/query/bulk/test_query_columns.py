"""The columns that tell of the query stand before those of the neighbours."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.query import Query, SearchEngine
from galsearch.query.bulk.query_columns import schema_with_query, tables_with_query
from galsearch.query.inputs.query_table import QueryTable


@pytest.mark.parametrize("is_using_given", [True, False])
def test_the_columns_are_those_of_the_table(
    engine: SearchEngine, sky: Any, tmp_path: Path, is_using_given: bool
) -> None:
    words = [{"image": "a.fits"}, {"spectrum": "b.fits"}, {"name": "M 51"}]
    table = QueryTable(str(tmp_path / "a.csv"), 9, {}, np.array([1, 5, 7]), {}, words)
    batch = engine.search(Query(sky.ids[:3], k=2))
    schema = schema_with_query(table, batch, is_using_given=is_using_given, links=False)
    (found,) = tables_with_query(table.rows, batch, schema, links=False)
    names = ["query_row", "query_separation_arcsec", "query_using"][: 2 if is_using_given else 3]
    assert found.column_names == [*names, *batch.to_arrow().column_names]
    assert found["query_row"].to_pylist() == [2, 2, 6, 6, 8, 8]
    assert found["query_separation_arcsec"].to_pylist() == [None] * 6
    assert schema.metadata[b"queries"] == b"a.csv"
