"""Checks that every vector database has to pass, whichever it is."""

from typing import Any

import numpy as np

from galsearch.databases.database_protocol import VectorDatabase


def assert_largest_products_are_found(database: VectorDatabase, sky: Any) -> None:
    """A search finds the rows with the largest inner products, without the query galaxy."""
    vectors, ids = sky.spectrum[:70].astype(float), sky.ids[:70]
    query = sky.image[3].astype(float)
    hits = database.search(
        "galaxies_spectrum", query.tolist(), 12, terms=None, without=[int(ids[3])]
    )
    products = np.where(ids == ids[3], -2, vectors @ query)
    assert hits.target_ids.tolist() == ids[np.argsort(-products)[:12]].tolist()
    wanted = vectors[np.argsort(-products)[:12]].astype(np.float32)
    assert np.array_equal(hits.vectors, wanted)


def assert_no_ids_have_no_vectors(database: VectorDatabase) -> None:
    """Galaxies that are not in a table have no vectors."""
    assert database.vectors("galaxies_image", []) == {}
    assert database.vectors("galaxies_image", [5]) == {}
