"""The nearest fitted galaxies of each galaxy equal those of brute force."""

import numpy as np
import pytest

from galsearch.analysis.projection.fitted_neighbours import nearest_fitted
from galsearch.core.modality import Modality
from galsearch.core.progress import no_stage_progress
from galsearch.query import SearchEngine

SPECTRUM = Modality.SPECTRUM


@pytest.mark.parametrize("share", [1, 3])
def test_neighbours_are_fitted_galaxies_and_never_the_galaxy(
    labelled_engine: SearchEngine, share: int
) -> None:
    index = labelled_engine.index
    stored = index.stored(SPECTRUM)
    fitted = stored.ids[::share]
    found = nearest_fitted(index, SPECTRUM, stored.ids, fitted, 4, no_stage_progress)
    vectors = stored.take(stored.rows_of(stored.ids)).astype(np.float64)
    distance = np.linalg.norm(vectors[:, None] - vectors[::share][None], axis=2)
    distance[stored.ids[:, None] == fitted[None]] = np.inf
    np.testing.assert_allclose(found.distance, np.sort(distance, axis=1)[:, :4], atol=1e-3)
    at = np.take_along_axis(distance, found.rows, axis=1)
    np.testing.assert_allclose(at, found.distance, atol=1e-3)


def test_what_is_not_there_is_infinitely_far(labelled_engine: SearchEngine) -> None:
    ids = labelled_engine.index.stored(SPECTRUM).ids
    found = nearest_fitted(labelled_engine.index, SPECTRUM, ids[:3], ids[:2], 4, no_stage_progress)
    assert (found.rows[0] == [1, -1, -1, -1]).all()
    assert np.isfinite(found.distance).sum(axis=1).tolist() == [1, 1, 2]
