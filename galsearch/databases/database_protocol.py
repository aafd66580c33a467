"""The interface of a vector database, its address, and the facts that its tables record.

A database holds one table for each modality. Its key is the TARGETID, and its rows have the columns
of the catalogue and the vector. The facts of a table, such as the fingerprint of the encoder and
the number of rows, are in the database too: a table with another number of rows is incomplete.
"""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import pyarrow as pa

from galsearch.core.arrays import Float64Array, TargetIds, Vectors
from galsearch.core.errors import DatabaseError, GalsearchError
from galsearch.core.fingerprint import Fingerprint
from galsearch.core.modality import Modality
from galsearch.databases.filter_terms import Term

KINDS = ("lance", "qdrant", "milvus")
DEFAULT_NAME = "galaxies"
"""First part of the names of the tables."""
VECTOR = "embedding"
_URL = re.compile(rf"({'|'.join(KINDS)})(\+https?)?://(.*)", re.S)


@dataclass(frozen=True)
class TableFacts:
    """Facts that the table of a modality records of itself."""

    encoder: str
    """Name of the encoder that made the vectors."""
    fingerprint: str
    modality: str
    dim: int
    n_rows: int
    columns: dict[str, str]
    """Arrow types of the columns of the catalogue, by name."""
    origin: dict[str, Any] | None = None
    """The origin of the vectors, as `OriginManifest` records it: shards, encoder, dataset,
    counts of its survey files and the digest of their list; None in tables of earlier versions."""

    @classmethod
    def parse(cls, text: str, place: str) -> "TableFacts":
        """The facts in a text that `as_text` made.

        Raises
        ------
        DatabaseError
            Where the text is another one.
        """
        try:
            facts = cls(**json.loads(text))
            Fingerprint(facts.fingerprint)
            Modality(facts.modality)
        except (ValueError, TypeError) as error:
            raise DatabaseError(f"{place}: was not exported by galsearch ({error}).") from None
        return facts

    def as_text(self) -> str:
        """The facts as JSON."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, eq=False)
class Hits:
    """Rows that a search found, in the order of the database."""

    target_ids: TargetIds
    """(k,)"""
    vectors: Vectors
    """(k, d)"""
    ra_deg: Float64Array
    dec_deg: Float64Array
    z: Float64Array
    """NaN where the redshift is not known."""


class VectorDatabase(Protocol):
    """A database that is open."""

    def write(
        self, table: str, facts: TableFacts, schema: pa.Schema, batches: Iterator[pa.RecordBatch]
    ) -> None:
        """Make a table of rows with a TARGETID, columns and a vector."""

    def facts(self, table: str) -> TableFacts | None:
        """The facts of a table; None where there is no such table."""

    def count(self, table: str) -> int:
        """Number of rows of a table."""

    def drop(self, table: str) -> None:
        """Remove a table, if it is there."""

    def vectors(self, table: str, target_ids: Sequence[int]) -> dict[int, Sequence[float]]:
        """Vectors by TARGETID, of those galaxies that are in a table."""

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

    def close(self) -> None:
        """Release the files of the database."""


@dataclass(frozen=True)
class DatabaseAddress:
    """Kind and place of a database, and the name of its tables."""

    kind: str
    place: str
    """Directory, or URL of a server."""
    name: str = DEFAULT_NAME

    @property
    def is_server(self) -> bool:
        """True for a database on a server."""
        return "://" in self.place

    def table(self, modality: Modality) -> str:
        """Name of the table of a modality."""
        return f"{self.name}_{modality}"

    def __str__(self) -> str:
        return f"{self.kind} database {self.place}"


def parse_address(text: str) -> DatabaseAddress | None:
    """The database that a URL means; None for a text that means none.

    Examples
    --------
    >>> parse_address("lance:///data/vectors#dr1")
    DatabaseAddress(kind='lance', place='/data/vectors', name='dr1')
    >>> parse_address("milvus+http://host:19530").place
    'http://host:19530'
    """
    match = _URL.fullmatch(text)
    if match is None:
        return None
    kind, scheme, rest = match[1], match[2], match[3]
    place, _, name = rest.partition("#")
    if scheme:
        place = f"{scheme[1:]}://{place}"
    return DatabaseAddress(kind, place, name or DEFAULT_NAME)


@contextmanager
def database_errors(place: str) -> Iterator[None]:
    """A context manager that names the database in errors of its Python package."""
    try:
        yield
    except (GalsearchError, OSError):
        raise
    except Exception as error:
        # Each package has error classes of its own, some of which inherit from Exception alone.
        shown = " ".join(str(error).split())[:300]
        raise DatabaseError(f"{place}: {type(error).__name__}: {shown}") from error
