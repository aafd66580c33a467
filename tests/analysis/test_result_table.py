"""Results are Arrow tables of fixed types."""

import numpy as np
import pyarrow as pa

import galsearch
from galsearch.analysis.result_table import result_table
from galsearch.query import SearchEngine


def test_types_and_unknown_values() -> None:
    columns = {
        "z": np.array([0.5, np.inf]),
        "kind": np.array(["a", "b"], object),
        "far": np.array([True, False]),
    }
    table = result_table(np.array([5, 0]), columns)
    assert table.schema.types == [pa.int64(), pa.float64(), pa.string(), pa.bool_()]
    assert table["z"].to_pylist() == [0.5, None]
    assert table["target_id"].to_pylist() == [5, None]


def test_results_are_tables(labelled_engine: SearchEngine) -> None:
    found = galsearch.outliers(index=labelled_engine)
    table = found.to_arrow()
    assert table.column_names == ["target_id", *found.columns]
    assert table["spectrum_anomaly"].null_count == 50
    estimates = galsearch.estimate(property="mass", index=labelled_engine, k=8)
    assert len(estimates.to_arrow()) == len(estimates) == 600
