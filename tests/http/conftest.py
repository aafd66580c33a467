"""A service over a small index, and one over the demonstration, which has images and spectra."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from galsearch.http import create_app
from galsearch.http.state.service_settings import ServiceSettings
from galsearch.index import IndexRecipe, build_index

N, N_SPECTRA = 300, 280


@pytest.fixture(scope="session")
def served_sky(make_sky: Callable[..., Any]) -> Any:
    """The galaxies of the index `toy`."""
    return make_sky(N)


@pytest.fixture(scope="session")
def toy_index(served_sky: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small index without a dataset."""
    home = tmp_path_factory.mktemp("service")
    embeddings = served_sky.write(home / "sky", spectrum=slice(0, N_SPECTRA))
    recipe = IndexRecipe(name="toy", n_tuning_queries=50)
    build_index(recipe, embeddings=embeddings, out=home / "index_builds" / "toy")
    return home / "index_builds" / "toy"


@pytest.fixture(scope="session")
def toy_settings(toy_index: Path) -> ServiceSettings:
    return ServiceSettings({"toy": toy_index})


@pytest.fixture(scope="session")
def service(toy_settings: ServiceSettings) -> Iterator[TestClient]:
    """A client of the service over the index `toy`."""
    with TestClient(create_app(toy_settings)) as client:
        yield client


@pytest.fixture(scope="session")
def demo_service(demonstration: Any) -> Iterator[TestClient]:
    """A client of the service over the demonstration."""
    index = demonstration.home / "index_builds" / "demo"
    settings = ServiceSettings(
        {"demo": index}, datasets={"demo": demonstration.home / "demo" / "dataset"}
    )
    with TestClient(create_app(settings)) as client:
        yield client


@pytest.fixture(scope="session")
def some_id(served_sky: Any) -> str:
    """TARGETID of a galaxy with an image and a spectrum."""
    return str(np.sort(served_sky.ids)[7])
