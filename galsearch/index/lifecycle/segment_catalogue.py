"""The catalogue of an index segment without the galaxies that were removed from it."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from galsearch.core.arrays import TargetIds
from galsearch.core.ids import find_rows
from galsearch.index.search.galaxy_index import GalaxyIndex


def read_present(path: Path, removed: TargetIds) -> pa.Table:
    """The rows of a catalogue file whose galaxies were not removed, with all columns."""
    table = pq.read_table(path)
    if not len(removed):
        return table
    present = find_rows(removed, np.asarray(table["target_id"])) < 0
    return table.filter(pa.array(present))


def read_all_present(opened: GalaxyIndex) -> pa.Table:
    """The catalogue of all segments of an index, without removed galaxies."""
    return concatenate([read_present(path, removed) for path, removed in opened.catalogues])


def concatenate(tables: list[pa.Table]) -> pa.Table:
    """The rows of all tables. A column that a table lacks is null for its galaxies."""
    return pa.concat_tables(tables, promote_options="permissive")
