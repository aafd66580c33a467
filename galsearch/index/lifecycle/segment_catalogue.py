"""Reading of the catalogue of an index without the galaxies that were removed from it."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from galsearch.core.ids import find_rows
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.index.vectors.catalogue import CatalogueSegment


def read_present(segment: CatalogueSegment) -> pa.Table:
    """The catalogue rows of a segment whose galaxies were not removed, with all columns."""
    table = pq.read_table(segment.parquet)
    if not len(segment.removed):
        return table
    present = find_rows(segment.removed, np.asarray(table["target_id"])) < 0
    return table.filter(pa.array(present))


def read_all_present(opened: GalaxyIndex) -> pa.Table:
    """The catalogue of an index with all its columns, without removed galaxies."""
    return concatenate([read_present(segment) for segment in opened.catalogue_segments])


def concatenate(tables: list[pa.Table]) -> pa.Table:
    """The rows of several tables in one table; columns that a table lacks are null in its rows."""
    return pa.concat_tables(tables, promote_options="permissive")
