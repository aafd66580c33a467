"""The vectors of Milvus are searched exactly, and found by TARGETID."""

from typing import Any

import numpy as np
import pytest

from galsearch.databases.database_protocol import VectorDatabase


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
