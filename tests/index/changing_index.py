"""An index that tests change, and checks of its query results against exact search."""

from pathlib import Path
from typing import Any

import numpy as np

from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.index import IndexRecipe, open_build
from galsearch.query import open_index
from tests.reference.brute_force import brute_force

N, N_FIRST, N_SECOND = 900, 600, 750
"""Number of galaxies, and where the first and the second part of them end."""
RECIPE = IndexRecipe(name="toy", n_tuning_queries=20, n_bits=4, n_lists=8)


def part(sky: Any, start: int, stop: int) -> Any:
    rows = start + np.argsort(sky.ids[start:stop])
    return type(sky)(sky.ids[rows], sky.image[rows], sky.spectrum[rows])


def rows_of(sky: Any, build: Path, kind: Modality) -> np.ndarray:
    """Rows of the sky of the galaxies whose vectors an index holds."""
    known = {int(name): row for row, name in enumerate(sky.ids)}
    return np.array([known[int(name)] for name in open_build(build).stored(kind).ids])


def check_results(sky: Any, build: Path) -> None:
    """Check that exact neighbours equal brute force, and the others reach a recall of 0.85."""
    engine = open_index(build)
    for using, among in DIRECTIONS:
        rows = rows_of(sky, build, among)
        query_rows = rows_of(sky, build, using)[::7][:25]
        approximate = engine.query_many(sky.ids[query_rows], using=using, among=among, k=5)
        exact = engine.query_many(sky.ids[query_rows], using=using, among=among, k=5, exact=True)
        n_found = 0
        for row, found, true in zip(query_rows, approximate, exact, strict=True):
            ids, cosines = brute_force(
                getattr(sky, among)[rows],
                sky.ids[rows],
                getattr(sky, using)[row],
                k=5,
                exclude=int(sky.ids[row]),
            )
            assert true.target_ids.tolist() == ids.tolist()
            np.testing.assert_allclose(true.similarity, cosines, atol=1e-6)
            assert set(found.target_ids) <= set(sky.ids[rows])
            n_found += np.count_nonzero(found.similarity >= cosines[-1] - 1e-6)
        assert n_found >= 0.85 * 5 * len(query_rows)
