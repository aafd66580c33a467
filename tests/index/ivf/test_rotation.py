"""The rotation in front of the lists: requested by the recipe, or chosen by its error."""

from typing import Any

import numpy as np
import pytest

from galsearch.core.arrays import Vectors
from galsearch.core.errors import ConfigError
from galsearch.index.ivf.rotation import choose_rotation
from galsearch.index.plan.choose_plan import plan_index
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


@pytest.mark.parametrize(("n", "dim"), [(50, 64), (40, 16)])
def test_samples_too_small_for_opq_use_the_simpler_rotation(
    n: int, dim: int, capfd: pytest.CaptureFixture[str]
) -> None:
    vectors = low_rank_vectors(n, dim)
    recipe = IndexRecipe(family="ivfpq", n_bits=5, n_lists=1, flat_below=1)
    plan = plan_index(recipe, n_vectors=n, dim=dim)
    assert choose_rotation(plan, recipe, vectors, PrincipalAxes.fit(vectors)) is None
    assert "WARNING" not in "".join(capfd.readouterr())


def test_opq_of_fewer_vectors_than_dimensions_is_refused() -> None:
    vectors = low_rank_vectors(50, 64)
    recipe = IndexRecipe(family="ivfpq", n_bits=5, n_lists=1, flat_below=1, rotation="opq")
    with pytest.raises(ConfigError) as caught:
        plan_index(recipe, n_vectors=50, dim=64)
    assert str(caught.value) == (
        "recipe 'default': rotation = 'opq' needs a training vector for each of 64 dimensions, "
        "there are 50. Use rotation = 'pca' or 'auto', or a larger train_size."
    )
    plan = plan_index(IndexRecipe(family="ivfpq", n_bits=5, n_lists=1), n_vectors=800, dim=64)
    with pytest.raises(ConfigError) as caught:
        choose_rotation(plan, recipe, vectors, PrincipalAxes.fit(vectors))
    assert str(caught.value) == (
        "rotation = 'opq' needs a training vector for each of 64 dimensions, there are 50."
    )
