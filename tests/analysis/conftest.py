"""A labelled index of both modalities that tests of the analysis read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from galsearch.index import IndexRecipe, build_index
from galsearch.query import SearchEngine, open_index
from tests.analysis.labelled_sky import N, write_labelled
from tests.conftest import Sky


@pytest.fixture(scope="session")
def labelled(make_sky: Callable[..., Sky]) -> Sky:
    return make_sky(N, seed=8)


@pytest.fixture(scope="session")
def labelled_home(labelled: Sky, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("labelled")
    embeddings = write_labelled(labelled, home / "embeddings")
    recipe = IndexRecipe(name="labelled", family="flat", n_tuning_queries=50)
    build_index(recipe, embeddings=embeddings, out=home / "index_builds" / "labelled")
    return home


@pytest.fixture(scope="session")
def labelled_engine(labelled_home: Path) -> SearchEngine:
    return open_index(labelled_home / "index_builds" / "labelled")
