"""Embeddings in Milvus: collections on a server, or in a directory (Milvus Lite)."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from galsearch.core.errors import MissingExtraError
from galsearch.databases.database_protocol import (
    VECTOR,
    Hits,
    TableFacts,
    database_errors,
)
from galsearch.databases.filter_terms import SqlDialect, Term, sql_text
from galsearch.databases.found_rows import hits_of_rows

LITE_NAME = "milvus.db"
"""Name of a database of Milvus Lite in its directory."""
_KEY = "target_id"
_EXPRESSION = SqlDialect(equals="==", brackets="[]", has_escapes=True, true="True", false="False")
_MAX_TEXT_BYTES = 65_535
_SHOWN = ["ra_deg", "dec_deg", "z"]


class MilvusCollections:
    """The collections of a Milvus database, each with a FLAT index: all vectors are compared.

    Milvus Lite keeps no description of a collection, so that the facts of one are the only row of
    a second one, whose name ends in `_facts`.
    """

    def __init__(self, place: str) -> None:
        try:
            import pymilvus
        except ImportError:
            raise MissingExtraError(
                "pymilvus is not installed: pip install 'galsearch[milvus]'.", package="pymilvus"
            ) from None
        self._types: Any = pymilvus.DataType
        self._place = place
        # Milvus Lite takes names that end in .db alone.
        self._lite = None if "://" in place else str(Path(place) / LITE_NAME)
        self._client: Any = pymilvus.MilvusClient(self._lite or place)

    def write(
        self, table: str, facts: TableFacts, schema: pa.Schema, batches: Iterator[pa.RecordBatch]
    ) -> None:
        """Make a collection whose key is the TARGETID."""
        with database_errors(self._place):
            self._create(table, schema, facts.dim)
            for batch in batches:
                self._client.insert(table, batch.to_pylist())
            self._client.flush(table)
            self._write_facts(table, facts)

    def facts(self, table: str) -> TableFacts | None:
        """The facts of a collection; None where there is no such collection."""
        with database_errors(self._place):
            if not self._client.has_collection(table):
                return None
            found = []
            if self._client.has_collection(f"{table}_facts"):
                self._client.load_collection(f"{table}_facts")
                found = self._client.query(f"{table}_facts", ids=[0], output_fields=["facts"])
        text = found[0]["facts"] if found else ""
        return TableFacts.parse(text, f"{self._place}, {table}")

    def count(self, table: str) -> int:
        """Number of rows of a collection."""
        with database_errors(self._place):
            self._client.load_collection(table)
            found = self._client.query(table, filter="", output_fields=["count(*)"])
            return int(found[0]["count(*)"])

    def drop(self, table: str) -> None:
        """Remove a collection, if it is there."""
        with database_errors(self._place):
            for name in (table, f"{table}_facts"):
                if self._client.has_collection(name):
                    self._client.drop_collection(name)

    def vectors(self, table: str, target_ids: Sequence[int]) -> dict[int, Sequence[float]]:
        """Vectors by TARGETID, of those galaxies that are in a collection."""
        if not target_ids:
            return {}
        with database_errors(self._place):
            self._client.load_collection(table)
            found = self._client.get(table, ids=list(target_ids), output_fields=[_KEY, VECTOR])
        return {int(row[_KEY]): row[VECTOR] for row in found}

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
        parts = [] if terms is None else [f"({sql_text(terms, _EXPRESSION)})"]
        if without:
            parts.append(f"{_KEY} not in [{', '.join(map(str, without))}]")
        with database_errors(self._place):
            self._client.load_collection(table)
            found = self._client.search(
                table,
                data=[list(vector)],
                anns_field=VECTOR,
                limit=k,
                filter=" and ".join(parts),
                output_fields=[_KEY, VECTOR, *_SHOWN],
                search_params={"metric_type": "IP"},
            )[0]
        rows = [hit["entity"] for hit in found]
        return hits_of_rows([row[_KEY] for row in rows], rows, [row[VECTOR] for row in rows])

    def close(self) -> None:
        """Release the files of the database."""
        self._client.close()
        if self._lite is not None:
            # The process of Milvus Lite would hold its lock until the end of this one.
            from milvus_lite.server_manager import server_manager_instance

            server_manager_instance.release_server(self._lite)

    def _create(self, table: str, schema: pa.Schema, dim: int) -> None:
        described = self._client.create_schema(auto_id=False, enable_dynamic_field=False)
        described.add_field(_KEY, self._types.INT64, is_primary=True)
        for column in schema:
            if column.name not in (_KEY, VECTOR):
                described.add_field(column.name, nullable=True, **self._field(column.type))
        described.add_field(VECTOR, self._types.FLOAT_VECTOR, dim=dim)
        index = self._client.prepare_index_params()
        index.add_index(VECTOR, index_type="FLAT", metric_type="IP")
        self._client.create_collection(table, schema=described, index_params=index)

    def _field(self, kind: pa.DataType) -> dict[str, Any]:
        if pa.types.is_boolean(kind):
            return {"datatype": self._types.BOOL}
        if pa.types.is_floating(kind):
            single = kind.bit_width == 32
            return {"datatype": self._types.FLOAT if single else self._types.DOUBLE}
        if pa.types.is_integer(kind):
            return {"datatype": self._types.INT64}
        return {"datatype": self._types.VARCHAR, "max_length": _MAX_TEXT_BYTES}

    def _write_facts(self, table: str, facts: TableFacts) -> None:
        described = self._client.create_schema(auto_id=False, enable_dynamic_field=False)
        described.add_field("number", self._types.INT64, is_primary=True)
        described.add_field("facts", self._types.VARCHAR, max_length=_MAX_TEXT_BYTES)
        described.add_field("unused", self._types.FLOAT_VECTOR, dim=2)
        index = self._client.prepare_index_params()
        index.add_index("unused", index_type="FLAT", metric_type="L2")
        name = f"{table}_facts"
        self._client.create_collection(name, schema=described, index_params=index)
        row = {"number": 0, "facts": facts.as_text(), "unused": [0.0, 0.0]}
        self._client.insert(name, [row])
        self._client.flush(name)
