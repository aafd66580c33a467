"""The columns of a table of results that tell of the query: its row, and how it was understood."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from galsearch.core.arrays import Rows
from galsearch.query.inputs.query_table import QueryTable
from galsearch.query.results.neighbours_batch import NeighboursBatch

if TYPE_CHECKING:
    # Arrow is loaded when a table is made, not by a query.
    import pyarrow as pa


def schema_with_query(
    table: QueryTable, first: NeighboursBatch, *, is_using_given: bool, links: bool
) -> "pa.Schema":
    """The schema of the neighbours of a table of queries.

    Parameters
    ----------
    table
        The queries.
    first
        The neighbours of some of them.
    is_using_given
        True where all queries are of one modality, which the user named.
    links
        Add links to the image and the spectrum of each galaxy as columns.
    """
    import pyarrow as pa

    from galsearch.formats.columns.column_descriptions import described

    schema = first.rows().schema(links=links)
    fields = [pa.field("query_row", pa.int64(), nullable=False)]
    if table.arguments & {"position", "name"}:
        fields.append(pa.field("query_separation_arcsec", pa.float64()))
    metadata = {**schema.metadata, b"queries": Path(table.path).name.encode()}
    if table.mixes_modalities and not is_using_given:
        fields.append(pa.field("query_using", pa.string(), nullable=False))
        metadata[b"using"] = b"query_using"
    return pa.schema([*map(described, fields), *schema], metadata=metadata)


def tables_with_query(
    rows: Rows, batch: NeighboursBatch, schema: "pa.Schema", *, links: bool
) -> "Iterator[pa.Table]":
    """The neighbours of a batch in tables of a schema, whose first columns tell of the query.

    Parameters
    ----------
    rows : (n,)
        Numbers of the rows of the queries, from 0.
    batch
        The neighbours of these queries.
    schema
        The schema of `schema_with_query`.
    links
        Add links to the image and the spectrum of each galaxy as columns.
    """
    import pyarrow as pa

    query = np.repeat(np.arange(len(batch)), batch.counts)
    start = 0
    for table in batch.rows().tables(links=links):
        part = query[start : start + len(table)]
        start += len(table)
        unknown = np.full(len(batch), np.nan)
        separation = unknown if batch.separation_arcsec is None else batch.separation_arcsec
        columns = {
            "query_row": pa.array(rows[part] + 1),
            "query_separation_arcsec": pa.array(separation[part], from_pandas=True),
            "query_using": pa.array(np.full(len(part), batch.using.value)),
        }
        new = [columns[name] for name in schema.names if name in columns]
        yield pa.table([*new, *table.columns], schema=schema)
