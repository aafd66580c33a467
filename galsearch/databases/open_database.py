"""Opening of a vector database, of whichever kind."""

from collections.abc import Callable
from pathlib import Path

from galsearch.core.errors import DatabaseError
from galsearch.databases.database_protocol import (
    DatabaseAddress,
    VectorDatabase,
    database_errors,
)
from galsearch.databases.lance_tables import LanceTables
from galsearch.databases.milvus_collections import MilvusCollections
from galsearch.databases.qdrant_collections import QdrantCollections

_DATABASES: dict[str, Callable[[str], VectorDatabase]] = {
    "lance": LanceTables,
    "qdrant": QdrantCollections,
    "milvus": MilvusCollections,
}


def open_database(address: DatabaseAddress, *, create: bool = False) -> VectorDatabase:
    """Open a database.

    Parameters
    ----------
    create
        Make a directory that is not there.

    Raises
    ------
    DatabaseError
        Where there is none, or it cannot be opened.
    MissingExtraError
        Where its Python package is not installed.
    """
    if not create and not address.is_server and not Path(address.place).is_dir():
        raise DatabaseError(f"{address}: there is no such directory.")
    with database_errors(str(address)):
        return _DATABASES[address.kind](address.place)
