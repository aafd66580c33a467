"""Embeddings in LanceDB: a directory of Lance tables."""

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from galsearch.core.errors import MissingExtraError
from galsearch.databases.database_protocol import (
    VECTOR,
    Hits,
    TableFacts,
    database_errors,
)
from galsearch.databases.filter_terms import SqlDialect, Term, sql_text
from galsearch.databases.found_rows import hits_of_table

_FACTS = b"galsearch"
_SQL = SqlDialect(quote="`")


class LanceTables:
    """The tables in a directory of LanceDB; all vectors are compared."""

    def __init__(self, place: str) -> None:
        # Lance warns on standard error about every table that it makes.
        os.environ.setdefault("LANCE_LOG", "error")
        try:
            import lancedb
        except ImportError:
            raise MissingExtraError(
                "lancedb is not installed: pip install 'galsearch[lance]'.", package="lancedb"
            ) from None
        self._place = place
        self._database: Any = lancedb.connect(place)

    def write(
        self, table: str, facts: TableFacts, schema: pa.Schema, batches: Iterator[pa.RecordBatch]
    ) -> None:
        """Make a table of rows with a TARGETID, columns and a vector."""
        described = schema.with_metadata({_FACTS: facts.as_text().encode()})
        reader = pa.RecordBatchReader.from_batches(
            described, (batch.replace_schema_metadata(described.metadata) for batch in batches)
        )
        with database_errors(self._place):
            self._database.create_table(table, reader)

    def facts(self, table: str) -> TableFacts | None:
        """The facts of a table; None where there is no such table."""
        with database_errors(self._place):
            if table not in self._database.list_tables().tables:
                return None
            metadata = self._database.open_table(table).schema.metadata or {}
        return TableFacts.parse(metadata.get(_FACTS, b"").decode(), f"{self._place}, {table}")

    def count(self, table: str) -> int:
        """Number of rows of a table."""
        with database_errors(self._place):
            return int(self._database.open_table(table).count_rows())

    def drop(self, table: str) -> None:
        """Remove a table, if it is there."""
        with database_errors(self._place):
            self._database.drop_table(table, ignore_missing=True)

    def vectors(self, table: str, target_ids: Sequence[int]) -> dict[int, Sequence[float]]:
        """Vectors by TARGETID, of those galaxies that are in a table."""
        if not target_ids:
            return {}
        wanted = f"target_id in ({', '.join(map(str, target_ids))})"
        with database_errors(self._place):
            query = self._database.open_table(table).search().where(wanted)
            found = query.select(["target_id", VECTOR]).limit(len(target_ids)).to_arrow()
        hits = hits_of_table(found)
        return dict(zip(hits.target_ids.tolist(), hits.vectors, strict=True))

    def search(
        self,
        table: str,
        vector: Sequence[float],
        k: int,
        *,
        terms: Term | None,
        without: Sequence[int],
    ) -> Hits:
        """The `k` rows with the largest inner product that fulfil a condition, without some."""
        parts = [] if terms is None else [f"({sql_text(terms, _SQL)})"]
        if without:
            parts.append(f"target_id not in ({', '.join(map(str, without))})")
        with database_errors(self._place):
            opened = self._database.open_table(table)
            query = opened.search(np.asarray(vector, np.float32), vector_column_name=VECTOR)
            query = query.distance_type("dot").bypass_vector_index().limit(k)
            if parts:
                query = query.where(" and ".join(parts), prefilter=True)
            return hits_of_table(query.to_arrow())

    def close(self) -> None:
        """Nothing is held open between two calls."""
