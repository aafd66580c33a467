"""Results as Arrow tables: one row for each neighbour, with all columns of the catalogue."""

from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa

from galsearch.core.arrays import Float32Array, Float64Array, Int64Array, TargetIds
from galsearch.core.modality import QueryModality
from galsearch.core.version import VERSION
from galsearch.formats.columns.column_descriptions import described
from galsearch.formats.sky_links import link_columns
from galsearch.query.results.catalogue_source import CatalogueSource

CHUNK_ROWS = 1 << 17
"""Rows of a table that are in memory at a time while results are written."""
_QUERY = pa.field("query_target_id", pa.int64())
_RANK = pa.field("rank", pa.int64(), nullable=False)
_SIMILARITY = pa.field("similarity", pa.float32(), nullable=False)
_WITHOUT_CATALOGUE = pa.schema(
    [
        pa.field("target_id", pa.int64(), nullable=False),
        *(pa.field(name, pa.float64()) for name in ("ra_deg", "dec_deg", "z")),
    ]
)


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
    using: QueryModality
    among: QueryModality
    catalogue: CatalogueSource | None
    """Reads the other columns; None for a result that was not made by a search engine."""

    def schema(self, *, links: bool = False) -> pa.Schema:
        """The Arrow schema of `tables`: fields have their unit, UCD and description as metadata."""
        if self.catalogue is None:
            return self._schema(_WITHOUT_CATALOGUE, links=links)
        columns = self.catalogue.columns
        key = (self.using, self.among, links)
        if key not in columns.result_schemas:
            columns.result_schemas[key] = self._schema(columns.schema, links=links)
        return columns.result_schemas[key]

    def _schema(self, catalogue: pa.Schema, *, links: bool) -> pa.Schema:
        """The schema with columns of a catalogue, of which the first is the TARGETID."""
        first, *others = catalogue
        names = self._links(slice(0, 0)) if links else ()
        link_fields = [pa.field(name, pa.string()) for name in names]
        fields = [_QUERY, _RANK, first, _SIMILARITY, *others, *link_fields]
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
            # Columns are added to a table, because Python needs not look at each of its others.
            table = self._catalogue_columns(part)
            ids = self.query_target_ids
            query = pa.nulls(len(table), pa.int64()) if ids is None else pa.array(ids[part])
            table = table.add_column(1, schema.field(3), pa.array(self.similarity[part]))
            table = table.add_column(0, schema.field(1), pa.array(self.ranks[part]))
            table = table.add_column(0, schema.field(0), query)
            for name, column in self._links(part).items() if links else ():
                table = table.append_column(schema.field(name), column)
            yield table.replace_schema_metadata(schema.metadata)

    def _catalogue_columns(self, part: slice) -> pa.Table:
        """TARGETID, position and redshift, and then the other columns of the catalogue."""
        if self.catalogue is not None:
            return self.catalogue.columns.take(self.target_ids[part])
        arrays = (self.target_ids, self.ra_deg, self.dec_deg, self.z)
        columns = [pa.array(array[part], from_pandas=True) for array in arrays]
        fields = [described(field) for field in _WITHOUT_CATALOGUE]
        return pa.table(columns, schema=pa.schema(fields))

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
