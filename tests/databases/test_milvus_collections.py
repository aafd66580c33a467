"""The vectors of Milvus are searched exactly, and found by TARGETID."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import OutputExistsError
from galsearch.databases.database_protocol import DatabaseAddress, VectorDatabase
from galsearch.databases.export_database import export_database
from galsearch.databases.open_database import open_database


@pytest.fixture
def own(exported: tuple[str, Any, Any], database: VectorDatabase) -> VectorDatabase:
    if exported[0] != "milvus":
        pytest.skip("another database")
    return database


def test_the_largest_inner_products_are_found(own: VectorDatabase, database_sky: Any) -> None:
    vectors, ids = database_sky.spectrum[:70].astype(float), database_sky.ids[:70]
    query = database_sky.image[3].astype(float)
    hits = own.search("galaxies_spectrum", query.tolist(), 12, terms=None, without=[int(ids[3])])
    products = np.where(ids == ids[3], -2, vectors @ query)
    assert hits.target_ids.tolist() == ids[np.argsort(-products)[:12]].tolist()
    wanted = vectors[np.argsort(-products)[:12]].astype(np.float32)
    assert np.array_equal(hits.vectors, wanted)


def test_no_ids_have_no_vectors(own: VectorDatabase) -> None:
    assert own.vectors("galaxies_image", []) == {}
    assert own.vectors("galaxies_image", [5]) == {}


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
