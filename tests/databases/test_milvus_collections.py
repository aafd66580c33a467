"""The vectors of Milvus are searched exactly, and found by TARGETID."""

from pathlib import Path
from typing import Any

import pytest

from galsearch.core.errors import OutputExistsError
from galsearch.databases.database_protocol import DatabaseAddress, VectorDatabase
from galsearch.databases.export_database import export_database
from galsearch.databases.open_database import open_database
from tests.databases.database_checks import (
    assert_largest_products_are_found,
    assert_no_ids_have_no_vectors,
)


def test_the_largest_inner_products_are_found(
    own_database: VectorDatabase, database_sky: Any
) -> None:
    assert_largest_products_are_found(own_database, database_sky)


def test_no_ids_have_no_vectors(own_database: VectorDatabase) -> None:
    assert_no_ids_have_no_vectors(own_database)


def test_tables_on_a_server(database_embeddings: Path, database_sky: Any, tmp_path: Path) -> None:
    manager = pytest.importorskip("milvus_lite.server_manager").server_manager_instance
    url = manager.start_and_get_uri(str(tmp_path / "server.db"))
    try:
        report = export_database(database_embeddings, "milvus", url, name="dr1")
        assert report.url == f"milvus+{url}#dr1"
        with pytest.raises(OutputExistsError) as caught:
            export_database(database_embeddings, "milvus", url, name="dr1")
        assert str(caught.value) == f"milvus database {url}: has a table dr1_image already."
        served = open_database(DatabaseAddress("milvus", url))
        assert [served.count(f"dr1_{kind}") for kind in ("image", "spectrum")] == [90, 70]
        wanted = int(database_sky.ids[4])
        assert list(served.vectors("dr1_image", [wanted])) == [wanted]
        served.close()
    finally:
        manager.release_server(str(tmp_path / "server.db"))
