"""Results as Arrow tables: one row for each neighbour, with all columns of the catalogue."""

from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa

from galsearch.core.arrays import Float32Array, Float64Array, Int64Array, TargetIds
from galsearch.core.modality import Modality
from galsearch.core.version import VERSION
from galsearch.formats.columns.column_descriptions import described
from galsearch.formats.sky_links import link_columns
from galsearch.query.results.catalogue_source import CatalogueSource

CHUNK_ROWS = 1 << 17
"""Rows of a table that are in memory at a time while results are written."""
_FIRST = ("query_target_id", "rank", "target_id", "similarity")
_POSITION = ("ra_deg", "dec_deg", "z")


class ResultRows(NamedTuple):
    """The neighbours of one query or many in arrays of one row for each neighbour, no padding."""

    query_target_ids: TargetIds | None
    """(m,) TARGETID of the query of each row; None where the query was a vector."""
    ranks: Int64Array
    """(m,) 1 for the most similar neighbour of a query."""
    target_ids: TargetIds
    """(m,)"""
    similarity: Float32Array
    """(m,)"""
    ra_deg: Float64Array
    dec_deg: Float64Array
    z: Float64Array
    """(m,) NaN where the redshift is not known."""
    using: Modality
    among: Modality
    catalogue: CatalogueSource | None
    """Reads the other columns; None for a result that was not made by a search engine."""

    def schema(self, *, links: bool = False) -> pa.Schema:
        """The Arrow schema of `tables`: fields have their unit, UCD and description as metadata."""
        first = [
            pa.field("query_target_id", pa.int64()),
            pa.field("rank", pa.int64(), nullable=False),
            pa.field("target_id", pa.int64(), nullable=False),
            pa.field("similarity", pa.float32(), nullable=False),
        ]
        others = self._other_columns(slice(0, 0))
        fields = [*first, *others.schema]
        if links:
            fields += [pa.field(name, pa.string()) for name in self._links(slice(0, 0))]
        return pa.schema([described(field) for field in fields], metadata=self._metadata())

    def tables(self, *, links: bool = False) -> Iterator[pa.Table]:
        """The rows in tables of a limited size.

        Parameters
        ----------
        links
            Add links to the image and the spectrum of each galaxy as columns.
        """
        schema = self.schema(links=links)
        for start in range(0, len(self.target_ids), CHUNK_ROWS):
            part = slice(start, start + CHUNK_ROWS)
            ids = self.query_target_ids
            n = len(self.target_ids[part])
            columns = [
                pa.nulls(n, pa.int64()) if ids is None else pa.array(ids[part]),
                pa.array(self.ranks[part]),
                pa.array(self.target_ids[part]),
                pa.array(self.similarity[part]),
                *self._other_columns(part).columns,
            ]
            if links:
                columns += self._links(part).values()
            yield pa.table(columns, schema=schema)

    def _other_columns(self, part: slice) -> pa.Table:
        """The columns of the catalogue, the position and the redshift first."""
        if self.catalogue is None:
            arrays = {"ra_deg": self.ra_deg, "dec_deg": self.dec_deg, "z": self.z}
            return pa.table(
                {name: pa.array(array[part], from_pandas=True) for name, array in arrays.items()}
            )
        table = (
            self.catalogue.columns.take(self.target_ids[part])
            if part.stop
            else self.catalogue.columns.schema.empty_table()
        )
        names = [name for name in table.column_names if name not in (*_POSITION, "target_id")]
        table = table.select([*_POSITION, *names])
        # A column of the catalogue may have a name that results use.
        used = {*_FIRST, *table.column_names}
        renamed = [_unused(name, used) if name in _FIRST else name for name in table.column_names]
        return table.rename_columns(renamed)

    def _links(self, part: slice) -> dict[str, pa.Array]:
        return link_columns(self.target_ids[part], self.ra_deg[part], self.dec_deg[part])

    def _metadata(self) -> dict[str, str]:
        """What the table is, for the headers of files."""
        metadata = {
            "creator": f"galsearch {VERSION}",
            "using": str(self.using),
            "among": str(self.among),
        }
        if self.catalogue is not None:
            manifest = self.catalogue.index.manifest
            metadata |= {"index": manifest.recipe.name, "encoder": str(manifest.fingerprint)}
        return metadata


def _unused(name: str, used: set[str]) -> str:
    """A name for a column that is not used yet."""
    while name in used:
        name = f"catalogue_{name}"
    used.add(name)
    return name
