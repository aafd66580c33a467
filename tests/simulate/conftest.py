"""One small survey and one stellar library, made once for all tests of simulations."""

import warnings
from pathlib import Path

import pytest

from galsearch.simulate import simulate_survey
from galsearch.simulate.sed.stellar_grid import StellarLibrary, load_stellar_library
from galsearch.simulate.survey import simulate_survey as survey

CHUNK = 3
"""Galaxies a chunk in these tests, so that six of them are two chunks."""


@pytest.fixture(scope="session")
def small_chunks():
    """Chunks of three galaxies; this process decides what the workers make."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(survey, "GALAXIES_PER_CHUNK", CHUNK)
        yield


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory, small_chunks: None) -> Path:
    """Six galaxies of seed 7, made in one go by one worker."""
    pytest.importorskip("galsim", reason="needs the extra sim")
    out = tmp_path_factory.mktemp("simulated") / "survey"
    simulate_survey(out, n=6, seed=7, workers=1)
    return out


@pytest.fixture(scope="session")
def library() -> StellarLibrary:
    """Bagpipes' populations; warnings of Bagpipes and its dependencies are ignored."""
    pytest.importorskip("galsim", reason="needs the extra sim")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_stellar_library()
