"""The fit keeps neighbours together and is the same again."""

import sys

import numpy as np
import pytest

from galsearch.analysis.projection import fit_layout as module
from galsearch.analysis.projection.fitted_neighbours import FittedNeighbours
from galsearch.core.errors import MissingExtraError


def neighbours_of(vectors: np.ndarray, k: int) -> FittedNeighbours:
    distance = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    rows = np.argsort(distance, axis=1)[:, :k]
    return FittedNeighbours(rows, np.take_along_axis(distance, rows, axis=1))


@pytest.mark.slow  # UMAP is compiled when it is first used
def test_groups_stay_apart_and_the_seed_decides() -> None:
    pytest.importorskip("umap")
    generator = np.random.default_rng(3)
    group = np.repeat([0, 1], 40)
    vectors = generator.normal(size=(80, 8)) + 12 * group[:, None]
    near = neighbours_of(vectors, 10)
    near.rows[5, 6:], near.distance[5, 6:] = -1, np.inf
    first = module.fit_layout(vectors.astype(np.float32), near, seed=1)
    assert first.shape == (80, 2)
    centres = [first[group == number].mean(axis=0) for number in (0, 1)]
    spread = max(first[group == number].std() for number in (0, 1))
    assert np.linalg.norm(centres[0] - centres[1]) > 2 * spread
    again = module.fit_layout(vectors.astype(np.float32), near, seed=1)
    np.testing.assert_array_equal(first, again)
    assert "umap-learn " in module.library_version()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(MissingExtraError) as caught:
        module.require_umap()
    assert str(caught.value).startswith(
        "fitting a map needs umap-learn, which is part of the extra 'map' of galsearch and is not "
        "installed ("
    )
