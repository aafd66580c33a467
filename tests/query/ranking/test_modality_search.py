"""Both modalities together: the mean of cosines, compared with all galaxies."""

from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import MissingModalityError
from galsearch.query import SearchEngine
from tests.query.queried_sky import N_SPECTRA
from tests.reference.brute_force import brute_force


def cosines(sky: Any, row: int, using: str, among: str) -> np.ndarray:
    """(N_SPECTRA,) mean cosine of a galaxy with each that has both modalities."""
    pairs = {
        ("both", "both"): [("image", "image"), ("spectrum", "spectrum")],
        ("both", "image"): [("image", "image"), ("spectrum", "image")],
        ("both", "spectrum"): [("image", "spectrum"), ("spectrum", "spectrum")],
        ("image", "both"): [("image", "image"), ("image", "spectrum")],
        ("spectrum", "both"): [("spectrum", "image"), ("spectrum", "spectrum")],
    }[using, among]
    return np.mean(
        [
            getattr(sky, other)[:N_SPECTRA].astype(float) @ getattr(sky, own)[row].astype(float)
            for own, other in pairs
        ],
        axis=0,
    )


@pytest.mark.parametrize(
    ("using", "among"),
    [
        ("both", "both"),
        ("both", "image"),
        ("both", "spectrum"),
        ("image", "both"),
        ("spectrum", "both"),
    ],
)
def test_neighbours_in_both_modalities_have_the_largest_mean_cosines(
    sky: Any, engine: SearchEngine, using: str, among: str
) -> None:
    for row in (0, 7, 71):
        expected = cosines(sky, row, using, among)
        expected[row] = -np.inf
        for exact in (True, False):
            allowed = sky.ids[:N_SPECTRA]
            found = engine.query(
                int(sky.ids[row]), using=using, among=among, exact=exact, k=8, ids=allowed
            )
            assert (found.using, found.among) == (using, among)
            rows = np.searchsorted(sky.ids, found.target_ids)
            np.testing.assert_allclose(found.similarity, expected[rows], atol=1e-6)
            np.testing.assert_allclose(
                found.similarity, np.sort(expected)[::-1][:8], atol=1e-6 if exact else 0.05
            )
            np.testing.assert_array_equal(found.ra_deg, rows % 360.0)


def test_only_galaxies_with_both_modalities_are_found(sky: Any, engine: SearchEngine) -> None:
    found = engine.query(int(sky.ids[3]), using="image", among="both", k=10**6)
    assert len(found) == N_SPECTRA - 1
    with pytest.raises(MissingModalityError):
        engine.query(int(sky.ids[-1]), using="both")


def test_a_batch_in_both_modalities_has_the_neighbours_of_single_queries(
    sky: Any, engine: SearchEngine
) -> None:
    batch = engine.query_many(sky.ids[:5], using="both", among="both", k=6)
    for target_id, found in zip(sky.ids[:5], batch, strict=True):
        one = engine.query(int(target_id), using="both", among="both", k=6)
        assert found.target_ids.tolist() == one.target_ids.tolist()
    assert brute_force(sky.image, sky.ids, sky.image[0], k=1)[0][0] == sky.ids[0]


def test_a_filter_holds_for_both_modalities(sky: Any, engine: SearchEngine) -> None:
    found = engine.query(int(sky.ids[3]), using="both", among="both", k=1000, where="ra_deg < 90")
    assert len(found) > 100
    assert (found.ra_deg < 90).all()
