"""Every row reaches the database with its TARGETID, columns and vector, or nothing is left."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from galsearch.core.errors import (
    DatabaseError,
    MissingExtraError,
    OutputExistsError,
    ShardError,
)
from galsearch.databases import export_database as module
from galsearch.databases.database_protocol import TableFacts, VectorDatabase
from galsearch.databases.export_database import DatabaseReport, export_database
from galsearch.index.storage.origin_manifest import OriginManifest
from tests.databases.conftest import N_SPECTRA, N


def test_rows_are_counted_and_columns_left_out_are_named(
    exported: tuple[str, Path, DatabaseReport], database: VectorDatabase
) -> None:
    kind, out, report = exported
    assert str(report) == (
        f"90 image embeddings and 70 spectrum embeddings in {kind}://{out}; without the columns "
        "spectrum, flux g"
    )
    assert database.count("galaxies_image") == N
    assert database.count("galaxies_spectrum") == N_SPECTRA


def test_each_vector_is_that_of_its_galaxy(database: VectorDatabase, database_sky: Any) -> None:
    ids = database_sky.ids[::7]
    found = database.vectors("galaxies_image", [*ids.tolist(), 5])
    assert sorted(found) == ids.tolist()
    for target_id, vector in zip(ids, database_sky.image[::7], strict=True):
        assert np.array_equal(np.asarray(found[int(target_id)], np.float32), vector)


def test_the_encoder_travels_with_the_table(database: VectorDatabase) -> None:
    facts = database.facts("galaxies_spectrum")
    assert facts is not None
    assert facts.origin is not None
    assert dataclasses.replace(facts, origin=None) == TableFacts(
        encoder="toy",
        fingerprint="a" * 64,
        modality="spectrum",
        dim=16,
        n_rows=N_SPECTRA,
        columns={
            "ra_deg": "double",
            "dec_deg": "double",
            "z": "double",
            "mag_r": "float",
            "n_arms": "int64",
            "kind": "string",
            "has_bar": "bool",
            "snr": "double",
        },
    )
    assert database.facts("other_image") is None
    origin = OriginManifest.from_table(facts.origin)
    assert (origin.encoder, origin.fingerprint, origin.n_galaxies) == ("toy", "a" * 64, N)
    assert set(origin.shards) == {"image", "spectrum"}


def test_a_table_can_be_dropped(
    exported: tuple[str, Path, DatabaseReport], database: VectorDatabase
) -> None:
    schema = pa.schema([("target_id", pa.int64()), ("embedding", pa.list_(pa.float32(), 2))])
    row = {"target_id": [7], "embedding": [[0.0, 1.0]]}
    batch = pa.RecordBatch.from_pydict(row, schema=schema)
    facts = TableFacts("toy", "b" * 64, "image", 2, 1, {})
    database.write("passing_image", facts, schema, iter([batch]))
    assert database.facts("passing_image") == facts
    assert list(database.vectors("passing_image", [7])) == [7]
    database.drop("passing_image")
    assert database.facts("passing_image") is None
    database.drop("passing_image")


def test_nothing_is_replaced(
    exported: tuple[str, Path, DatabaseReport], database_embeddings: Path
) -> None:
    kind, out, _ = exported
    with pytest.raises(OutputExistsError):
        export_database(database_embeddings, kind, out)


@pytest.mark.parametrize("kind", ["lance", "qdrant", "milvus"])
def test_an_export_that_fails_leaves_nothing(
    kind: str, database_embeddings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = {"lance": "lancedb", "qdrant": "qdrant_client", "milvus": "pymilvus"}[kind]
    pytest.importorskip(package)
    batches = module.ExportedRows.batches

    def failing(self: Any) -> Iterator[pa.RecordBatch]:
        yield next(batches(self))
        raise ShardError("a shard is damaged.")

    monkeypatch.setattr(module.ExportedRows, "batches", failing)
    with pytest.raises(ShardError) as caught:
        export_database(database_embeddings, kind, tmp_path / "out")
    assert str(caught.value) == "a shard is damaged."
    assert list(tmp_path.iterdir()) == []


class FakeServer:
    """A database in memory, in place of a server."""

    def __init__(self, tables: set[str], *, lose: int = 0) -> None:
        self.tables = tables
        self.lose = lose
        self.n_rows: dict[str, int] = {}
        self.closed = False

    def write(self, table: str, _facts: TableFacts, _schema: Any, batches: Any) -> None:
        self.tables.add(table)
        self.n_rows[table] = sum(batch.num_rows for batch in batches) - self.lose

    def facts(self, table: str) -> TableFacts | None:
        return TableFacts("", "", "", 1, 1, {}) if table in self.tables else None

    def count(self, table: str) -> int:
        return self.n_rows[table]

    def drop(self, table: str) -> None:
        self.tables.discard(table)

    def close(self) -> None:
        self.closed = True


def at_server(monkeypatch: pytest.MonkeyPatch, server: FakeServer) -> None:
    monkeypatch.setattr(module, "open_database", lambda _address: server)


def test_tables_on_a_server_are_written(
    database_embeddings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = FakeServer(set())
    at_server(monkeypatch, server)
    report = export_database(database_embeddings, "milvus", "http://host:19530", name="dr1")
    assert report.url == "milvus+http://host:19530#dr1"
    assert server.tables == {"dr1_image", "dr1_spectrum"}
    assert server.closed


def test_lost_rows_on_a_server_are_an_error_and_its_tables_are_removed(
    database_embeddings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = FakeServer({"other"}, lose=2)
    at_server(monkeypatch, server)
    with pytest.raises(DatabaseError) as caught:
        export_database(database_embeddings, "qdrant", "http://host:6333")
    assert str(caught.value) == "table galaxies_image: holds 88 rows after 90 were written."
    assert server.tables == {"other"}
    assert server.closed


def test_a_table_on_a_server_is_not_replaced(
    database_embeddings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = FakeServer({"galaxies_spectrum"})
    at_server(monkeypatch, server)
    with pytest.raises(OutputExistsError) as caught:
        export_database(database_embeddings, "qdrant", "http://host:6333")
    assert str(caught.value) == (
        "qdrant database http://host:6333: has a table galaxies_spectrum already."
    )
    assert server.tables == {"galaxies_spectrum"}


def test_wrong_arguments_are_refused(database_embeddings: Path, tmp_path: Path) -> None:
    with pytest.raises(DatabaseError) as caught:
        export_database(database_embeddings, "chroma", tmp_path / "out")
    assert str(caught.value) == (
        "'chroma' is no database that galsearch writes: lance, qdrant, milvus."
    )
    with pytest.raises(DatabaseError) as caught:
        export_database(database_embeddings, "lance", tmp_path / "out", name="a b")
    assert str(caught.value) == (
        "'a b' is no name of tables: expected letters, digits and underscores."
    )
    with pytest.raises(DatabaseError, match="written into a directory"):
        export_database(database_embeddings, "lance", "s3://bucket/vectors")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_package_is_named(
    database_embeddings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "lancedb", None)
    with pytest.raises(MissingExtraError) as caught:
        export_database(database_embeddings, "lance", tmp_path / "out")
    assert str(caught.value) == "lancedb is not installed: pip install 'galsearch[lance]'."
    assert list(tmp_path.iterdir()) == []
