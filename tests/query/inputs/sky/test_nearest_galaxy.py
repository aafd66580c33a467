"""The nearest galaxy to a position, in a catalogue with a galaxy at each degree of the equator."""

from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import NoMatchError, QueryError
from galsearch.query import SearchEngine
from galsearch.query.inputs.sky.nearest_galaxy import SkyLookup
from galsearch.query.inputs.sky.sky_position import separation_arcsec


def test_the_nearest_galaxy_is_found_with_its_distance(sky: Any, engine: SearchEngine) -> None:
    lookup = SkyLookup(engine.index)
    ids, separations = lookup.nearest(np.array([[7.0, 0.0005], [359.9999, 0.0]]), 3.0)
    for target_id, ra_deg in zip(ids, (7, 0), strict=True):
        assert engine.index.catalogue_records(np.array([target_id]))["ra_deg"][0] == ra_deg
    np.testing.assert_allclose(separations, [1.8, 0.36], rtol=1e-6)


def test_a_position_without_a_galaxy_is_an_error_that_names_the_nearest(
    sky: Any, engine: SearchEngine
) -> None:
    found = engine.query(position="7 0.0005")
    assert found.query_target_id is not None
    nearest = int(found.query_target_id)
    with pytest.raises(NoMatchError) as caught:
        engine.query(position="7 0.0005", radius=1.5)
    assert str(caught.value) == (
        "no galaxy of index 'toy' lies within 1.5 arcsec of RA 7.00000, Dec +0.00050; the nearest, "
        f"TARGETID {nearest} at RA 7.00000, Dec +0.00000, is 1.80 arcsec away."
    )
    assert caught.value.facts == {
        "target_id": nearest,
        "separation_arcsec": pytest.approx(1.8, rel=1e-6),
    }


def test_the_match_and_its_distance_are_reported(sky: Any, engine: SearchEngine) -> None:
    found = engine.query(position=(7, 0.0005), k=3)
    assert found.separation_arcsec == pytest.approx(1.8, rel=1e-6)
    assert found.notes == (
        f"the position (RA 7.00000, Dec +0.00050) is TARGETID {found.query_target_id}, 1.80 arcsec "
        "away.",
    )
    same = engine.query(int(found.query_target_id or 0), k=3)
    assert same.target_ids.tolist() == found.target_ids.tolist()
    assert (same.notes, same.separation_arcsec) == ((), None)
    several = engine.query_many(position=[(7, 0.0005), (8, 0)], k=3)
    assert several.separation_arcsec is not None
    np.testing.assert_allclose(several.separation_arcsec, [1.8, 0], atol=1e-6)
    assert several[0].target_ids.tolist() == found.target_ids.tolist()


def test_the_galaxies_in_a_cone_are_those_of_a_plain_loop(engine: SearchEngine) -> None:
    ids = np.asarray(engine.index.ids)
    records = engine.index.catalogue_records(ids)
    ids_found, separations = engine.galaxies_within((359.5, 0.2, 150.0))
    distances = separation_arcsec(records["ra_deg"], records["dec_deg"], 359.5, 0.2)
    assert sorted(ids_found.tolist()) == ids[distances <= 9000].tolist()
    assert (np.diff(separations) >= 0).all()
    np.testing.assert_allclose(separations, np.sort(distances[distances <= 9000]))
    with pytest.raises(QueryError):
        engine.galaxies_within((0.0, 0.0, -1.0))
