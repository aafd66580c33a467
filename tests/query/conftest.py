"""A small index of both modalities that tests of queries read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from galsearch.index import IndexRecipe, build_index
from galsearch.query import SearchEngine, open_index
from tests.query.queried_sky import N_SPECTRA, N


@pytest.fixture(scope="session")
def sky(make_sky: Callable[..., Any]) -> Any:
    """Some galaxies share one embedding: duplicates tie."""
    sky = make_sky(N)
    sky.image[50:60] = sky.image[50]
    sky.spectrum[70:75] = sky.spectrum[70]
    return sky


@pytest.fixture(scope="session")
def home(sky: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("engine")
    embeddings = sky.write(home / "sky", spectrum=slice(0, N_SPECTRA))
    recipe = IndexRecipe(name="toy", n_tuning_queries=50)
    build_index(recipe, embeddings=embeddings, out=home / "index_builds" / "toy")
    return home


@pytest.fixture(scope="session")
def engine(home: Path) -> SearchEngine:
    return open_index(home / "index_builds" / "toy")
