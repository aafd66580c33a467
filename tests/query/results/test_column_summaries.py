"""Summaries of catalogue columns."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from galsearch.index import IndexRecipe, build_index
from galsearch.query import open_index
from galsearch.query.results.column_summaries import MAX_VALUES, ColumnSummary, summarise_columns


def test_columns_are_summarised_by_their_kind(make_sky: Callable[..., Any], tmp_path: Path) -> None:
    n = 120
    embeddings = make_sky(n).write(tmp_path / "sky")
    catalogue = pq.read_table(embeddings / "catalogue.parquet")
    columns = {
        "kind": pa.array(["a", "b", None] * 40).dictionary_encode(),
        "name": pa.array([f"galaxy {i}" for i in range(n)]),
        "is_blue": pa.array([True] * 100 + [False] * 20),
        "zwarn": pa.array([None, *range(1, n)], pa.int32()),
        "r_eff_arcsec": pa.array([np.nan, np.inf, *([2.5] * (n - 2))], pa.float32()),
        "empty": pa.nulls(n, pa.float64()),
    }
    for name, column in columns.items():
        catalogue = catalogue.append_column(name, column)
    pq.write_table(catalogue, embeddings / "catalogue.parquet")
    recipe = IndexRecipe(name="toy", n_tuning_queries=20)
    build_index(recipe, embeddings=embeddings, out=tmp_path / "index")
    found = {one.name: one for one in summarise_columns(open_index(tmp_path / "index").index)}
    assert found["kind"] == ColumnSummary("kind", "text", "", "", None, None, {"a": 40, "b": 40})
    assert n > MAX_VALUES
    assert found["name"].values is None
    assert found["is_blue"].values == {True: 100, False: 20}
    assert (found["zwarn"].type, found["zwarn"].minimum, found["zwarn"].maximum) == (
        "integer",
        1,
        n - 1,
    )
    size = found["r_eff_arcsec"]
    assert (size.unit, size.minimum, size.maximum) == ("arcsec", 2.5, 2.5)
    assert (found["empty"].minimum, found["empty"].maximum) == (None, None)
    assert found["target_id"].description == "DESI TARGETID of the galaxy"
