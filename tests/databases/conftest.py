"""Embeddings that are exported once into each kind of database, and opened there."""

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from galsearch.databases.database_protocol import DatabaseAddress, VectorDatabase
from galsearch.databases.export_database import DatabaseReport, export_database
from galsearch.databases.open_database import open_database

N, N_SPECTRA = 90, 70
ODD_TEXT = """it's \\"a\\b" \u00b5"""
PACKAGES = {"lance": "lancedb", "qdrant": "qdrant_client", "milvus": "pymilvus"}


def catalogue_columns(n: int) -> dict[str, pa.Array]:
    """Columns of every type that is exported, with missing values, and two that are not."""
    numbers = np.arange(n)
    return {
        "mag_r": pa.array((15 + numbers / 10).astype(np.float32)),
        "n_arms": pa.array((numbers % 5).astype(np.int32), mask=numbers % 7 == 0),
        "kind": pa.array([("BGS", "LRG", ODD_TEXT, None)[i % 4] for i in numbers]),
        "has_bar": pa.array(numbers % 3 == 0, mask=numbers % 11 == 0),
        "snr": pa.array(np.where(numbers % 6 == 0, np.nan, numbers / 3)),
        "spectrum": pa.array([[float(i)] for i in numbers]),
        "flux g": pa.array(numbers),
    }


@pytest.fixture(scope="session")
def database_sky(make_sky: Callable[..., Any]) -> Any:
    """Embedded galaxies."""
    return make_sky(N)


@pytest.fixture(scope="session")
def database_embeddings(database_sky: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their embeddings; the catalogue has further columns."""
    home = tmp_path_factory.mktemp("databases") / "embeddings"
    database_sky.write(home, spectrum=slice(0, N_SPECTRA))
    table = pq.read_table(home / "catalogue.parquet")
    for name, values in catalogue_columns(N).items():
        table = table.append_column(name, values)
    pq.write_table(table, home / "catalogue.parquet")
    return Path(home)


@pytest.fixture(scope="session", params=PACKAGES)
def exported(
    request: pytest.FixtureRequest,
    database_embeddings: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[str, Path, DatabaseReport]:
    """Kind and directory of a database, and the report of the export."""
    kind = str(request.param)
    pytest.importorskip(PACKAGES[kind])
    importlib.import_module(PACKAGES[kind])
    out = tmp_path_factory.mktemp(kind) / "vectors"
    return kind, out, export_database(database_embeddings, kind, out)


@pytest.fixture(scope="session")
def database(exported: tuple[str, Path, DatabaseReport]) -> Iterator[VectorDatabase]:
    """The database, opened; tests leave its tables as they are."""
    kind, out, _ = exported
    opened = open_database(DatabaseAddress(kind, str(out)))
    yield opened
    opened.close()


@pytest.fixture
def own_database(
    request: pytest.FixtureRequest,
    exported: tuple[str, Path, DatabaseReport],
    database: VectorDatabase,
) -> VectorDatabase:
    """The database that a test module is named for; others are skipped."""
    if not request.module.__name__.rpartition(".")[2].startswith(f"test_{exported[0]}_"):
        pytest.skip("another database")
    return database
