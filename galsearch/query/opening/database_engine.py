"""A search engine over a vector database that holds what galsearch exported."""

from typing import Any, NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float32Array, Float64Array, TargetIds, Vectors
from galsearch.core.errors import (
    DatabaseError,
    MissingModalityError,
    QueryError,
    UnknownTargetError,
)
from galsearch.core.fingerprint import require_same_encoder
from galsearch.core.modality import Modality
from galsearch.core.target_id import TargetId
from galsearch.core.vectors import neighbour_order, unit_rows
from galsearch.databases.database_protocol import DatabaseAddress, TableFacts
from galsearch.databases.filter_terms import Joined, Membership, Term
from galsearch.databases.open_database import open_database
from galsearch.query.engine import SearchEngine
from galsearch.query.inputs.argument_checks import Cone
from galsearch.query.query import Query
from galsearch.query.results.neighbours_batch import NeighboursBatch
from galsearch.query.where.where_terms import where_terms

_NEARLY_EQUAL = 16
"""Rows that are requested beyond `k`: databases order rows by products of float32, in which rows
that are nearly as similar as the last one may change places with it."""
_UNSUPPORTED = {
    "position_deg": "position",
    "image": "image",
    "spectrum": "spectrum",
    "like": "like",
    "exclude_within": "exclude_within",
    "one_per": "one_per",
    "diversity": "diversity",
    "n_probe": "n_probe",
    "from_embeddings": "from_embeddings",
    "within": "within",
}
"""Attributes of a query that need an index of galsearch, and the words of the user for them."""

_OF_AN_INDEX = {"index", "_filters", "_resolver", "_groups", "_catalogue"}
"""Attributes of a search engine over an index."""


class DatabaseEngine(SearchEngine):
    """Exact nearest neighbours in a database of LanceDB, Qdrant or Milvus; see `open_index`.

    It answers queries by TARGETID or vector with `using`, `among`, `k`, `offset`,
    `min_similarity`, `where` and `ids`. What needs an index of galsearch is a `QueryError`.

    Raises
    ------
    DatabaseError
        Where there is no such database, or it does not hold what galsearch exported, with all rows.
    """

    def __init__(self, address: DatabaseAddress) -> None:
        self.address = address
        self._database = open_database(address)
        try:
            self._facts = self._read_facts()
        except BaseException:
            self._database.close()
            raise

    def _read_facts(self) -> dict[Modality, TableFacts]:
        tables = {kind: self.address.table(kind) for kind in Modality}
        found = {kind: self._database.facts(table) for kind, table in tables.items()}
        facts = {kind: some for kind, some in found.items() if some is not None}
        if not facts:
            names = " or ".join(tables.values())
            raise DatabaseError(f"{self.address}: has no table {names}.")
        for kind, some in facts.items():
            n_rows = self._database.count(tables[kind])
            if n_rows != some.n_rows:
                raise DatabaseError(
                    f"{self.address}: table {tables[kind]} holds {n_rows:,} rows; "
                    f"{some.n_rows:,} were exported."
                )
        require_same_encoder({tables[kind]: some.fingerprint for kind, some in facts.items()})
        return facts

    def close(self) -> None:
        """Release the files of the database, which some of them lock."""
        self._database.close()

    def __reduce__(self) -> tuple[Any, ...]:
        """The address, which pickle opens again."""
        return DatabaseEngine, (self.address,)

    def __getattr__(self, name: str) -> NoReturn:
        """What only an engine over an index of galsearch has is refused."""
        if name not in _OF_AN_INDEX:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        raise QueryError(f"{self.address}: {name.strip('_')} needs an index of galsearch.")

    def __len__(self) -> int:
        """Number of galaxies of the modality with the most vectors."""
        return max(some.n_rows for some in self._facts.values())

    def __contains__(self, target_id: object) -> bool:
        """True where a table holds a galaxy with this TARGETID."""
        wanted = [int(TargetId(target_id))]
        return any(self._database.vectors(self.address.table(kind), wanted) for kind in self._facts)

    @property
    def manifest(self) -> NoReturn:
        """None: a database records no build, no recall, and no dataset for a gallery to show."""
        what = "a manifest (or a gallery without a dataset)"
        raise QueryError(f"{self.address}: {what} needs an index of galsearch.")

    @property
    def catalogue(self) -> NoReturn:
        """None: the catalogue is in the tables of the database."""
        raise QueryError(f"{self.address}: catalogue needs an index of galsearch.")

    def query_table(self, *_: Any, **__: Any) -> NoReturn:
        """The queries of a table, which are resolved in an index.

        Raises
        ------
        QueryError
            Always.
        """
        raise QueryError(f"{self.address}: a table of queries needs an index of galsearch.")

    def galaxies_within(self, within: Cone) -> tuple[TargetIds, Float64Array]:
        """Galaxies in a cone, which a database does not find.

        Raises
        ------
        QueryError
            Always.
        """
        raise QueryError(f"{self.address}: the cone {within} needs an index of galsearch.")

    def search(self, query: Query) -> NeighboursBatch:
        """The neighbours of every galaxy of a query, or of its vector, as arrays.

        Raises
        ------
        UnknownTargetError, MissingModalityError, EncoderMismatchError
            Where the query does not fit the database.
        QueryError
            Where the query needs an index of galsearch, or the condition more than a database can
            do.
        """
        k = self._require_supported(query)
        using, among = Modality(query.using), Modality(query.among)
        searched = self._facts_of(among)
        vectors, ids = self._vectors(query, using, searched), query.target_ids
        terms = self._terms(query, searched)
        rows = [
            self._ranked(among, vectors[i], query, k, terms, [] if ids is None else [int(ids[i])])
            for i in range(len(vectors))
        ]
        width = min(k, searched.n_rows)
        return NeighboursBatch(
            target_ids=_padded([row.target_ids for row in rows], width, 0),
            similarity=_padded([row.similarity for row in rows], width, np.float32(np.nan)),
            ra_deg=_padded([row.ra_deg for row in rows], width, np.nan),
            dec_deg=_padded([row.dec_deg for row in rows], width, np.nan),
            z=_padded([row.z for row in rows], width, np.nan),
            exact=np.ones(len(rows), bool),
            using=using,
            among=among,
            query_target_ids=ids,
        )

    def _require_supported(self, query: Query) -> int:
        """The number of neighbours, after a check that the query needs no index of galsearch."""
        for attribute, word in _UNSUPPORTED.items():
            if getattr(query, attribute) is not None:
                raise QueryError(f"{self.address}: {word} needs an index of galsearch.")
        for word, value in (("using", query.using), ("among", query.among)):
            if not isinstance(value, Modality):
                raise QueryError(f"{self.address}: {word} = 'both' needs an index of galsearch.")
        if query.k is None:
            word = "min_similarity without k"
            raise QueryError(f"{self.address}: {word} needs an index of galsearch.")
        return query.k

    def _facts_of(self, modality: Modality) -> TableFacts:
        if modality not in self._facts:
            raise MissingModalityError(
                f"{self.address}: has no table {self.address.table(modality)}."
            )
        return self._facts[modality]

    def _vectors(self, query: Query, using: Modality, searched: TableFacts) -> Vectors:
        """(q, d) unit vectors of the query."""
        if query.vector is not None:
            place = {str(self.address): searched.fingerprint}
            require_same_encoder({**place, "the query vector": str(query.fingerprint)})
            if query.vector.shape != (searched.dim,):
                raise QueryError(
                    f"the vector has shape {query.vector.shape}, {self.address} holds vectors of "
                    f"shape ({searched.dim},)."
                )
            return unit_rows(query.vector[None])
        assert query.target_ids is not None  # noqa: S101 (a query has one input)
        wanted = query.target_ids.tolist()
        self._facts_of(using)
        found = self._database.vectors(self.address.table(using), wanted)
        missing = [target_id for target_id in wanted if target_id not in found]
        if missing and missing[0] in self:
            raise MissingModalityError(
                f"TARGETID {missing[0]} has no {using} embedding in {self.address}.",
                target_id=missing[0],
            )
        if missing:
            raise UnknownTargetError(
                f"{len(missing)} of {len(wanted)} TARGETIDs are not in {self.address}, first "
                f"{missing[0]}.",
                target_id=missing[0],
            )
        return unit_rows(np.array([found[target_id] for target_id in wanted], np.float32))

    def _terms(self, query: Query, searched: TableFacts) -> Term | None:
        terms: list[Term] = []
        if query.where is not None:
            terms.append(where_terms(query.where, {"target_id": "int64", **searched.columns}))
        if query.ids is not None:
            if not len(query.ids):
                raise QueryError("ids names no galaxy; expected one TARGETID or more.")
            terms.append(Membership("target_id", tuple(query.ids.tolist())))
        return Joined("and", tuple(terms)) if terms else None

    def _ranked(
        self,
        among: Modality,
        vector: npt.NDArray[np.float32],
        query: Query,
        k: int,
        terms: Term | None,
        without: list[int],
    ) -> "_Ranked":
        """The neighbours of one vector by their exact cosines."""
        hits = self._database.search(
            self.address.table(among),
            vector.tolist(),
            k + query.offset + _NEARLY_EQUAL,
            terms=terms,
            without=without,
        )
        found = unit_rows(hits.vectors.reshape(-1, len(vector))).astype(float)
        cosines = found @ vector.astype(float)
        similarity = np.clip(cosines, -1, 1).astype(np.float32)
        order = neighbour_order(similarity, hits.target_ids)[query.offset : query.offset + k]
        if query.min_similarity is not None:
            order = order[similarity[order] >= query.min_similarity]
        return _Ranked(
            hits.target_ids[order],
            similarity[order],
            hits.ra_deg[order],
            hits.dec_deg[order],
            hits.z[order],
        )


class _Ranked(NamedTuple):
    """The neighbours of one query, best first."""

    target_ids: TargetIds
    similarity: Float32Array
    ra_deg: Float64Array
    dec_deg: Float64Array
    z: Float64Array


def _padded(rows: list[npt.NDArray[Any]], width: int, padding: Any) -> npt.NDArray[Any]:
    """(n, width) rows of different lengths, with padding at their ends."""
    table = np.full((len(rows), width), padding)
    for line, row in zip(table, rows, strict=True):
        line[: len(row)] = row
    return table
