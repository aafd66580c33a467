"""Groups by the values of a catalogue column."""

from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import QueryError
from galsearch.query import SearchEngine
from galsearch.query.ranking.catalogue_groups import CatalogueGroups


def test_galaxies_of_one_value_have_one_group(sky: Any, engine: SearchEngine) -> None:
    groups = CatalogueGroups(engine.index)
    # The right ascension is the row modulo 360, and every fifth redshift is missing.
    ra = groups.of(sky.ids[[0, 360, 1, 720]], "ra_deg")
    assert ra[0] == ra[1] == ra[3] != ra[2]
    assert groups.of(sky.ids[[0, 1, 5]], "z").tolist()[::2] == [-1, -1]


def test_an_unknown_column_is_refused_with_the_nearest(engine: SearchEngine) -> None:
    with pytest.raises(QueryError) as caught:
        CatalogueGroups(engine.index).of(np.array([1]), "ra_dig")
    assert str(caught.value) == (
        "one_per is 'ra_dig'; the catalogue has the columns dec_deg, ra_deg, target_id, z. Did you "
        "mean 'ra_deg'?"
    )
