"""Small indexes that tests of storage, building and changes read or copy."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.index import build_index
from tests.index.changing_index import N_FIRST, N_SECOND, RECIPE, N, part
from tests.index.toy_index import N_TOY, TOY_RECIPE


@pytest.fixture(scope="session")
def toy_sky(make_sky: Callable[..., Any]) -> Any:
    """Embedded galaxies of the toy index."""
    return make_sky(N_TOY)


@pytest.fixture(scope="session")
def toy_embeddings(toy_sky: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their embeddings: all galaxies have images, all but the last 50 have spectra."""
    return Path(toy_sky.write(tmp_path_factory.mktemp("toy-sky"), spectrum=slice(0, N_TOY - 50)))


@pytest.fixture(scope="session")
def toy_index(toy_embeddings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy index; tests must not change it."""
    out = tmp_path_factory.mktemp("toy-index") / "toy"
    build_index(TOY_RECIPE, embeddings=toy_embeddings, out=out)
    return out


@pytest.fixture
def toy_copy(toy_index: Path, tmp_path: Path) -> Path:
    """A copy of the toy index that a test may damage."""
    return Path(shutil.copytree(toy_index, tmp_path / "toy"))


@pytest.fixture(scope="session")
def shuffled_sky(make_sky: Callable[..., Any]) -> Any:
    """Embedded galaxies in random order: those added later have TARGETIDs between the others."""
    sky = make_sky(N)
    order = np.random.default_rng(4).permutation(N)
    return type(sky)(sky.ids[order], sky.image[order], sky.spectrum[order])


@pytest.fixture(scope="session")
def survey_parts(shuffled_sky: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Embeddings of three parts, and an index `toy` of the first; the second lacks spectra."""
    home = tmp_path_factory.mktemp("survey-parts")
    part(shuffled_sky, 0, N_FIRST).write(home / "first")
    part(shuffled_sky, N_FIRST, N_SECOND).write(home / "second", spectrum=slice(0, 100))
    part(shuffled_sky, N_SECOND, N).write(home / "third")
    build_index(RECIPE, embeddings=home / "first", out=home / "toy")
    return home


@pytest.fixture
def changing_index(survey_parts: Path, tmp_path: Path) -> Path:
    """A copy of the index of the first part that a test may change."""
    return Path(shutil.copytree(survey_parts / "toy", tmp_path / "toy"))
