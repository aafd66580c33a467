"""Embeddings in Qdrant: collections on a server, or in a directory (its local mode)."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import pyarrow as pa

from galsearch.core.errors import MissingExtraError, QueryError
from galsearch.databases.database_protocol import (
    VECTOR,
    Hits,
    TableFacts,
    database_errors,
)
from galsearch.databases.filter_terms import (
    Comparison,
    Joined,
    Membership,
    Missing,
    Term,
)
from galsearch.databases.found_rows import hits_of_rows

_FACTS = "galsearch"
_KEY = "target_id"
_RANGES = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}


class QdrantCollections:
    """The collections of a Qdrant database; all vectors are compared, in either mode."""

    def __init__(self, place: str) -> None:
        try:
            import qdrant_client
        except ImportError:
            raise MissingExtraError(
                "qdrant-client is not installed: pip install 'galsearch[qdrant]'.",
                package="qdrant-client",
            ) from None
        self._models: Any = qdrant_client.models
        self._place = place
        self._is_local = "://" not in place
        make: Any = qdrant_client.QdrantClient
        self._client: Any = make(path=place) if self._is_local else make(url=place)

    def write(
        self, table: str, facts: TableFacts, schema: pa.Schema, batches: Iterator[pa.RecordBatch]
    ) -> None:
        """Make a collection of points whose ids are TARGETIDs."""
        del schema  # Payloads have no types; those of the columns are in the facts.
        models = self._models
        size = models.VectorParams(size=facts.dim, distance=models.Distance.DOT)
        # The local mode warns about large collections; the documentation does too.
        with database_errors(self._place), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            self._client.create_collection(
                table, vectors_config=size, metadata={_FACTS: facts.as_text()}
            )
            if self._is_local:
                self._commit_without_sync(table)
            for batch in batches:
                rows = batch.drop_columns([_KEY, VECTOR]).to_pylist()
                vectors = batch[VECTOR].flatten().to_numpy().reshape(len(rows), facts.dim)
                points = models.Batch(
                    ids=batch[_KEY].to_pylist(),
                    vectors=vectors.tolist(),
                    payloads=[_payload(row) for row in rows],
                )
                self._client.upsert(table, points=points, wait=True)

    def _commit_without_sync(self, table: str) -> None:
        """Let SQLite not wait for the disk after each row: whoever exports syncs all files."""
        with suppress(AttributeError, KeyError):
            store = self._client._client.collections[table].storage
            store.storage.execute("PRAGMA synchronous = OFF")

    def facts(self, table: str) -> TableFacts | None:
        """The facts of a collection; None where there is no such collection."""
        with database_errors(self._place):
            if not self._client.collection_exists(table):
                return None
            metadata = self._client.get_collection(table).config.metadata or {}
        return TableFacts.parse(str(metadata.get(_FACTS)), f"{self._place}, {table}")

    def count(self, table: str) -> int:
        """Number of points of a collection."""
        with database_errors(self._place):
            return int(self._client.count(table, exact=True).count)

    def drop(self, table: str) -> None:
        """Remove a collection, if it is there."""
        with database_errors(self._place):
            self._client.delete_collection(table)

    def vectors(self, table: str, target_ids: Sequence[int]) -> dict[int, Sequence[float]]:
        """Vectors by TARGETID, of those galaxies that are in a collection."""
        with database_errors(self._place):
            found = self._client.retrieve(
                table, list(target_ids), with_payload=False, with_vectors=True
            )
        return {int(point.id): point.vector for point in found}

    def search(
        self,
        table: str,
        vector: Sequence[float],
        k: int,
        *,
        terms: Term | None,
        without: Sequence[int],
    ) -> Hits:
        """The `k` points with the largest inner product that fulfil a condition, without some."""
        models = self._models
        left_out = [models.HasIdCondition(has_id=list(without))] if without else None
        wanted = None if terms is None else [self._condition(terms)]
        # The local mode has no other search than the exact one, and warns about the setting.
        exact = {} if self._is_local else {"search_params": models.SearchParams(exact=True)}
        with database_errors(self._place):
            found = self._client.query_points(
                table,
                query=list(vector),
                limit=k,
                query_filter=models.Filter(must=wanted, must_not=left_out),
                with_payload=True,
                with_vectors=True,
                **exact,
            ).points
        ids = [int(point.id) for point in found]
        return hits_of_rows(ids, [p.payload for p in found], [p.vector for p in found])

    def close(self) -> None:
        """Release the files of the database."""
        self._client.close()

    def _condition(self, term: Term) -> Any:
        models = self._models
        if isinstance(term, Joined):
            parts = [self._condition(each) for each in term.terms]
            return models.Filter(**{"must" if term.word == "and" else "should": parts})
        if term.column == _KEY:
            return self._condition_on_ids(term)
        if isinstance(term, Missing):
            empty = models.IsEmptyCondition(is_empty=models.PayloadField(key=term.column))
            return empty if term.missing else models.Filter(must_not=[empty])
        if isinstance(term, Comparison) and term.operator in _RANGES:
            return self._range(term)
        values = term.values if isinstance(term, Membership) else (term.value,)
        inside = term.inside if isinstance(term, Membership) else term.operator == "=="
        equal = models.Filter(should=[self._equal(term.column, value) for value in values])
        if inside:
            return equal if values else models.HasIdCondition(has_id=[])
        empty = models.IsEmptyCondition(is_empty=models.PayloadField(key=term.column))
        return models.Filter(must_not=[equal, empty] if values else [empty])

    def _range(self, term: Comparison) -> Any:
        if isinstance(term.value, str):
            raise QueryError(
                f"column '{term.column}' is compared with {term.value!r} by {term.operator}; "
                "Qdrant has no order of texts."
            )
        bound = {_RANGES[term.operator]: float(term.value)}
        return self._models.FieldCondition(key=term.column, range=self._models.Range(**bound))

    def _equal(self, column: str, value: Any) -> Any:
        models = self._models
        if isinstance(value, float):
            # Qdrant matches no floats: they lie in a range of one number.
            return models.FieldCondition(key=column, range=models.Range(gte=value, lte=value))
        return models.FieldCondition(key=column, match=models.MatchValue(value=value))

    def _condition_on_ids(self, term: Comparison | Membership | Missing) -> Any:
        """A condition on TARGETIDs, which are the ids of the points."""
        models = self._models
        values: tuple[Any, ...] = ()
        inside = True
        if isinstance(term, Membership):
            values, inside = term.values, term.inside
        elif isinstance(term, Comparison) and term.operator in {"==", "!="}:
            values, inside = (term.value,), term.operator == "=="
        if not values or not all(isinstance(value, int) for value in values):
            raise QueryError("Qdrant can only be asked whether target_id equals whole numbers.")
        condition = models.HasIdCondition(has_id=list(values))
        return condition if inside else models.Filter(must_not=[condition])


def _payload(row: dict[str, Any]) -> dict[str, Any]:
    """The columns of a row that have a value, as JSON can hold it."""
    return {name: value for name, value in row.items() if value is not None}
