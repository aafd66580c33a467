"""The requests of a map; `tests/analysis/test_embedding_map.py` tests what is made of them."""

import pytest

from galsearch.analysis.projection.make_map import MapRequest
from galsearch.core.errors import QueryError
from galsearch.index.storage.map_manifest import MapManifest
from tests.index.drawn_map import FACTS

ENTRY = MapManifest("generation-000002/map-image.npy", 1000, 200, **FACTS)


def test_a_request_without_parameters_or_with_those_of_the_map_agrees() -> None:
    MapRequest().check_fit(ENTRY, "the map")
    MapRequest(seed=0, n_fit=200).check_fit(ENTRY, "the map")


def test_another_number_of_galaxies_is_refused() -> None:
    with pytest.raises(QueryError) as caught:
        MapRequest(n_fit=500).check_fit(ENTRY, "the map")
    assert str(caught.value) == (
        "the map was fitted to 200 galaxies; n_fit is 500, which needs a new fit, with refit."
    )
