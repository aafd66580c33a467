"""Synthetic kinds of galaxies: how they differ, and the recall that is counted for them."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.promised_recall.rare_kinds import DIM, Galaxies, Survey, joined, true_fractions
from galsearch.core.modality import Modality
from galsearch.embeddings import open_store
from galsearch.index.vectors.pca import MAX_UNEXPLAINED, PrincipalAxes


def test_rare_and_new_kinds_lie_outside_of_the_axes_of_common_galaxies() -> None:
    survey, generator = Survey(3), np.random.default_rng(1)
    common = survey.common(2000, generator)
    pca = PrincipalAxes.fit(common)
    axes = pca.axes[: pca.n_components_for(MAX_UNEXPLAINED)]

    def outside(vectors: np.ndarray) -> float:
        return float(np.median(1 - np.square(vectors @ axes.T).sum(axis=1)))

    assert outside(common) < 0.002
    new = [outside(survey.new(angle, 200, generator)) for angle in (0, 22, 45, 90)]
    assert new == sorted(new)
    assert new[0] < 0.002 < 0.05 < new[1]
    assert min(outside(survey.rare(number, 200, generator)) for number in range(3)) > 0.1
    again = Survey(3).rare(1, 5, np.random.default_rng(2))
    assert np.array_equal(again, survey.rare(1, 5, np.random.default_rng(2)))


def test_galaxies_are_written_as_embeddings(tmp_path: Path) -> None:
    vectors = Survey(1).common(30, np.random.default_rng(1))
    galaxies = Galaxies.of(vectors, seed=1)
    store = open_store(galaxies.write(tmp_path), Modality.IMAGE)
    np.testing.assert_allclose(store.read(galaxies.ids), galaxies.vectors, atol=1e-7)
    both = joined(galaxies, Galaxies.of(vectors, first_id=2 * int(galaxies.ids[-1]), seed=2))
    assert len(both.ids) == 60
    assert (np.diff(both.ids) > 0).all()


@pytest.mark.parametrize("filtered", [False, True])
def test_fractions_are_those_of_brute_force(filtered: bool) -> None:
    generator = np.random.default_rng(1)
    galaxies = Galaxies.of(Survey(1).common(300, generator), seed=1)
    allowed = galaxies.chance < 0.5 if filtered else np.ones(300, bool)
    queries = generator.normal(size=(5, DIM)).astype(np.float32)
    rows = np.flatnonzero(allowed)
    order = np.argsort(-(queries @ galaxies.vectors[rows].T), axis=1)
    found = galaxies.ids[rows[order[:, [0, 1, 2, 10]]]]
    found[0, 1] = 0
    fractions = true_fractions(galaxies, queries, found, k=4, allowed=allowed if filtered else None)
    assert fractions.tolist() == [0.5, 0.75, 0.75, 0.75, 0.75]
