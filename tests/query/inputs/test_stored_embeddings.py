"""Embeddings of stored galaxies; those that are missing are tested in test_resolved_query."""

from typing import Any

import numpy as np

from galsearch.core.modality import Modality
from galsearch.query import SearchEngine
from galsearch.query.inputs.stored_embeddings import stored_vectors


def test_rows_are_looked_up_only_where_a_modality_is_searched(
    sky: Any, engine: SearchEngine
) -> None:
    vectors, rows = stored_vectors(engine.index, sky.ids[[3, 1]], Modality.IMAGE, None)
    np.testing.assert_allclose(vectors, sky.image[[3, 1]], atol=1e-6)
    assert rows is None
