"""Export of embeddings and their catalogue into a vector database."""

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from galsearch.core.errors import DatabaseError, GalsearchError, OutputExistsError, ShardError
from galsearch.core.modality import Modality
from galsearch.core.progress import Progress, StageProgress, no_progress, stage_progress
from galsearch.databases.database_protocol import (
    DEFAULT_NAME,
    KINDS,
    DatabaseAddress,
    TableFacts,
    VectorDatabase,
)
from galsearch.databases.exported_rows import ExportedRows
from galsearch.databases.open_database import open_database
from galsearch.dataset import schema
from galsearch.embeddings.open_embeddings import open_stores, read_embedded_catalogue
from galsearch.embeddings.store import EmbeddingStore
from galsearch.files.staged.directories import new_directory
from galsearch.index.storage.origin_manifest import OriginManifest, origin_of


@dataclass(frozen=True)
class DatabaseReport:
    """Numbers of vectors in a database that was written."""

    url: str
    """Address for `open_index`."""
    n_embeddings: dict[Modality, int]
    left_out: tuple[str, ...]
    """Columns of the catalogue that the database does not hold."""

    def __str__(self) -> str:
        parts = [f"{n:,} {kind} embeddings" for kind, n in self.n_embeddings.items()]
        text = f"{' and '.join(parts)} in {self.url}"
        if self.left_out:
            text += f"; without the columns {', '.join(self.left_out)}"
        return text


def export_database(
    embeddings: str | Path,
    kind: str,
    out: str | Path,
    *,
    name: str | None = None,
    progress: Progress | None = None,
) -> DatabaseReport:
    """Write embeddings and their catalogue into a database of LanceDB, Qdrant or Milvus.

    Each modality becomes a table with the TARGETID as key, the columns of the catalogue and the
    vector. Memory holds the catalogue and one shard; what the database itself needs comes to that.
    A directory appears complete or not at all; on a server, tables that were begun are removed
    after an error. `galsearch.open_index` opens the database.

    Parameters
    ----------
    embeddings
        Directory of embeddings.
    kind
        `lance`, `qdrant` or `milvus`.
    out
        Directory of the database, which is made; for Qdrant and Milvus also the URL of a server.
    name
        First part of the names of the tables; default: galaxies.
    progress
        Function that is called with stage, done and total.

    Raises
    ------
    NoEmbeddingsError
        Where there are no embeddings.
    ShardError
        Where the embeddings are damaged.
    OutputExistsError
        Where something is in `out` already, or a table of this name is on the server.
    DatabaseError
        Where the database fails, or does not hold every row in the end.
    MissingExtraError
        Where the Python package of the database is not installed.
    """
    address = _address(kind, str(out), name)
    embeddings = Path(embeddings)
    stores = open_stores(embeddings)
    catalogue = read_embedded_catalogue(embeddings, stores).sort_by(schema.TARGET_ID)
    report = progress or no_progress
    left_out: list[str] = []
    records = {modality: store.record for modality, store in stores.items()}
    origin = origin_of(embeddings, records, len(catalogue))
    with _database(address, stores) as database:
        for modality, store in stores.items():
            rows = ExportedRows(catalogue, store)
            left_out = rows.left_out
            stage = stage_progress(report, f"{modality} embeddings")
            _write(database, address.table(modality), (store, origin), rows, stage)
    scheme, place = address.kind, address.place
    if address.is_server:
        protocol, _, place = place.partition("://")
        scheme = f"{scheme}+{protocol}"
    suffix = "" if address.name == DEFAULT_NAME else f"#{address.name}"
    return DatabaseReport(
        url=f"{scheme}://{place}{suffix}",
        n_embeddings={modality: len(store) for modality, store in stores.items()},
        left_out=tuple(left_out),
    )


def _address(kind: str, out: str, name: str | None) -> DatabaseAddress:
    if kind not in KINDS:
        raise DatabaseError(f"{kind!r} is no database that galsearch writes: {', '.join(KINDS)}.")
    address = DatabaseAddress(kind, out, name or DEFAULT_NAME)
    if not address.name.isidentifier() or not address.name.isascii():
        raise DatabaseError(
            f"{address.name!r} is no name of tables: expected letters, digits and underscores."
        )
    if address.is_server and kind == "lance":
        raise DatabaseError(f"{out}: LanceDB is written into a directory of this machine.")
    return address


@contextmanager
def _database(
    address: DatabaseAddress, stores: Mapping[Modality, EmbeddingStore]
) -> Iterator[VectorDatabase]:
    """An open database whose tables are complete at the end, or are not there."""
    if not address.is_server:
        with new_directory(Path(address.place)) as directory:
            database = open_database(replace(address, place=str(directory)), create=True)
            try:
                yield database
            finally:
                database.close()
        return
    database = open_database(address)
    tables = [address.table(modality) for modality in stores]
    try:
        for table in tables:
            if database.facts(table) is not None:
                raise OutputExistsError(f"{address}: has a table {table} already.")
        try:
            yield database
        except BaseException:
            for table in tables:
                database.drop(table)
            raise
    finally:
        database.close()


def _write(
    database: VectorDatabase,
    table: str,
    source: tuple[EmbeddingStore, OriginManifest],
    rows: ExportedRows,
    progress: StageProgress,
) -> None:
    """Write a table of a store; `source` is the store, and what it was made from."""
    store, origin = source
    columns = [field for field in rows.schema if field.name not in ("target_id", "embedding")]
    facts = TableFacts(
        encoder=store.record.encoder,
        fingerprint=str(store.fingerprint),
        modality=str(store.modality),
        dim=store.dim,
        n_rows=len(store),
        columns={field.name: str(field.type) for field in columns},
        origin=dataclasses.asdict(origin),
    )

    failures: list[GalsearchError] = []

    def reported() -> Iterator[pa.RecordBatch]:
        try:
            for batch in rows.batches():
                yield batch
                progress(rows.n_rows, len(store))
        except GalsearchError as error:
            failures.append(error)
            raise

    try:
        database.write(table, facts, rows.schema, reported())
    except DatabaseError:
        # Some databases wrap an error of the rows that they read in one of their own.
        if failures:
            raise failures[0] from None
        raise
    if rows.n_rows != len(store):
        raise ShardError(
            f"{store.directory}: holds {rows.n_rows:,} vectors; {len(store):,} are recorded."
        )
    n_found = database.count(table)
    if n_found != len(store):
        raise DatabaseError(
            f"table {table}: holds {n_found:,} rows after {len(store):,} were written."
        )
