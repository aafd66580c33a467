"""The rotation in front of the lists: requested by the recipe, or chosen by its error."""

from typing import Any

import numpy as np
import pytest

from galsearch.core.arrays import Vectors
from galsearch.index.ivf.rotation import choose_rotation
from galsearch.index.plan.index_plan import plan_index
from galsearch.index.plan.index_recipe import IndexRecipe
from galsearch.index.vectors.pca import PrincipalAxes
from tests.index.vectors.low_rank_vectors import low_rank_vectors

VECTORS = low_rank_vectors(2000, 16)
PCA = PrincipalAxes.fit(VECTORS)


@pytest.mark.parametrize("family", ["ivfpq", "fastscan"])
def test_the_recipe_names_the_rotation(family: Any) -> None:
    def rotation(name: Any) -> Vectors | None:
        recipe = IndexRecipe(family=family, rotation=name, n_lists=8)
        plan = plan_index(recipe, n_vectors=2000, dim=16)
        return choose_rotation(plan, recipe, VECTORS, PCA)

    assert rotation("none") is None
    np.testing.assert_array_equal(rotation("pca"), PCA.axes)
    learned = rotation("opq")
    assert learned is not None
    np.testing.assert_allclose(learned @ learned.T, np.eye(16), atol=1e-4)


def test_scalar_codes_use_principal_axes() -> None:
    recipe = IndexRecipe(family="ivfsq", n_components=4, n_lists=8)
    plan = plan_index(recipe, n_vectors=2000, dim=16)
    np.testing.assert_array_equal(choose_rotation(plan, recipe, VECTORS, PCA), PCA.axes[:4])
