"""Results as Arrow tables: one row for each neighbour, with all columns of the catalogue."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from galsearch.core.arrays import Float32Array, Float64Array, Int64Array, TargetIds
from galsearch.core.modality import QueryModality
from galsearch.core.version import VERSION
from galsearch.formats.columns.column_descriptions import described
from galsearch.formats.sky_links import link_columns
from galsearch.query.results.catalogue_source import CatalogueSource

CHUNK_ROWS = 1 << 17
"""Rows of a table that are in memory at a time while results are written."""
_FIRST = (
    pa.field("query_target_id", pa.int64()),
    pa.field("rank", pa.int64(), nullable=False),
    pa.field("target_id", pa.int64(), nullable=False),
    pa.field("similarity", pa.float32(), nullable=False),
)
_POSITION = tuple(pa.field(name, pa.float64()) for name in ("ra_deg", "dec_deg", "z"))


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
            return self._schema(_POSITION, links=links)
        columns = self.catalogue.columns
        key = (self.using, self.among, links)
        if key not in columns.result_schemas:
            others = [field for field in columns.schema if field.name != "target_id"]
            columns.result_schemas[key] = self._schema(others, links=links)
        return columns.result_schemas[key]

    def _schema(self, others: Sequence[pa.Field], *, links: bool) -> pa.Schema:
        link_fields = [pa.field(name, pa.string()) for name in self._links(slice(0, 0))]
        fields = [*_FIRST, *others, *(link_fields if links else [])]
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
                *self._other_columns(part),
            ]
            if links:
                columns += self._links(part).values()
            yield pa.table(columns, schema=schema)

    def _other_columns(self, part: slice) -> list[Any]:
        """The columns of the catalogue, the position and the redshift first."""
        if self.catalogue is None:
            arrays = (self.ra_deg, self.dec_deg, self.z)
            return [pa.array(array[part], from_pandas=True) for array in arrays]
        table = self.catalogue.columns.take(self.target_ids[part])
        return [
            column
            for name, column in zip(table.column_names, table.columns, strict=True)
            if name != "target_id"
        ]

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
