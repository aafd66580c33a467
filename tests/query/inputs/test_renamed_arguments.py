"""Former names of arguments are accepted with a warning."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.query import SearchEngine


def test_the_former_name_of_from_embeddings_is_accepted_with_a_warning(
    make_sky: Callable[..., Any], engine: SearchEngine, tmp_path: Path
) -> None:
    others = make_sky(20, seed=9)
    embeddings = others.write(tmp_path / "others")
    query_id = int(others.ids[3])
    for search in (engine.query, lambda one, **how: engine.query_many([one], **how)[0]):
        with pytest.warns(DeprecationWarning, match="asking is now called from_embeddings"):
            found = search(query_id, asking=embeddings)
        expected = engine.query(query_id, from_embeddings=embeddings)
        np.testing.assert_array_equal(found.target_ids, expected.target_ids)
        np.testing.assert_array_equal(found.similarity, expected.similarity)
