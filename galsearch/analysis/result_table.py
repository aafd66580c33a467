"""Columns of results as Arrow tables, which every format is written from."""

import numpy as np
import pyarrow as pa

from galsearch.analysis.calibration.property_estimator import Columns
from galsearch.core.arrays import TargetIds


def result_table(target_ids: TargetIds, columns: Columns) -> pa.Table:
    """An Arrow table of results; NaN and the TARGETID 0 of unknown galaxies are null.

    Examples
    --------
    >>> result_table(np.array([7, 0]), {"z": np.array([0.1, np.nan])}).to_pylist()
    [{'target_id': 7, 'z': 0.1}, {'target_id': None, 'z': None}]
    """
    arrays = {"target_id": pa.array(target_ids, pa.int64(), mask=target_ids == 0)}
    for name, values in columns.items():
        if np.issubdtype(values.dtype, np.floating):
            arrays[name] = pa.array(values, mask=~np.isfinite(values))
        else:
            arrays[name] = pa.array(values.tolist())
    return pa.table(arrays)
