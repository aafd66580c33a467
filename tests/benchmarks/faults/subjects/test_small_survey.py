"""The small inputs are the same each time."""

import numpy as np

from benchmarks.faults.subjects.small_survey import (
    N_SURVEYED,
    N_VECTORS,
    SEED_OF_OLDER,
    embedded_ids,
    embedded_vectors,
    surveyed_ids,
)
from galsearch.dataset import split_of


def test_vectors_are_unit_and_the_same_each_time() -> None:
    first, second = embedded_vectors(), embedded_vectors()
    for kind, vectors in first.items():
        np.testing.assert_array_equal(vectors, second[kind])
        assert len(vectors) == len(np.unique(embedded_ids())) == N_VECTORS
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-6)


def test_an_older_release_has_other_vectors() -> None:
    today, older = embedded_vectors(), embedded_vectors(SEED_OF_OLDER)
    assert all(not np.array_equal(today[kind], older[kind]) for kind in today)


def test_a_third_of_the_surveyed_galaxies_validates_a_training() -> None:
    splits = split_of(surveyed_ids())
    assert (splits == "validation").sum() == N_SURVEYED // 3
    assert (splits == "train").sum() == N_SURVEYED - N_SURVEYED // 3
