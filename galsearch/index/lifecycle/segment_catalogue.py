"""Reading of the catalogue of an index without the galaxies that were removed from it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from galsearch.core.errors import ManifestError
from galsearch.core.ids import find_rows
from galsearch.files.parquet_input import damage_named, open_parquet
from galsearch.index.build.catalogue_types import joined_tables
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.index.vectors.catalogue import CatalogueSegment


def read_present(segment: CatalogueSegment) -> pa.Table:
    """The catalogue rows of a segment whose galaxies were not removed, with all columns.

    Raises
    ------
    ManifestError
        Where the file is damaged.
    """
    with (
        open_parquet(segment.parquet, ManifestError) as file,
        damage_named(segment.parquet, ManifestError),
    ):
        table = file.read()
        if not len(segment.removed):
            return table
        present = find_rows(segment.removed, np.asarray(table["target_id"])) < 0
        return table.filter(pa.array(present))


def read_all_present(opened: GalaxyIndex) -> pa.Table:
    """The catalogue of an index with all its columns, without removed galaxies."""
    return concatenate(opened.catalogue_segments, [])


def concatenate(
    segments: Sequence[CatalogueSegment], others: Sequence[tuple[pa.Table, Path]]
) -> pa.Table:
    """The present galaxies of segments, and the rows of other catalogues, in one table.

    Columns that a catalogue lacks are null in its rows.

    Parameters
    ----------
    segments
        Catalogue segments of one or several indexes.
    others
        Other catalogues and the paths of their files.

    Raises
    ------
    ShardError
        Where a column has types in two catalogues that have no common type.
    """
    pairs = [(read_present(segment), segment.parquet) for segment in segments]
    tables, paths = zip(*pairs, *others, strict=True)
    return joined_tables(tables, paths)
