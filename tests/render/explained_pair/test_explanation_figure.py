"""The picture of an explanation is a PNG with a row for each galaxy."""

import io
import sys

import numpy as np
import pytest
from PIL import Image

from galsearch.core.errors import MissingExtraError
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM as GRID
from galsearch.render.explained_pair.drawn_parts import DrawnImage, DrawnSpectrum, DrawnTest
from galsearch.render.explained_pair.explanation_figure import explanation_png

TEST = DrawnTest(0.9, 6, 0.1, 0.85)
EDGES = np.geomspace(GRID[0], GRID[-1], 65)


def drawn_image(contribution: np.ndarray) -> DrawnImage:
    row, column = np.divmod(np.arange(64), 8)
    flux = np.random.default_rng(1).normal(0.02, 0.01, (3, 152, 152)).astype(np.float32)
    x, y = 33.5 + 12 * column, 33.5 + 12 * row
    east, north = 0.262 * (75.5 - x), 0.262 * (y - 75.5)
    return DrawnImage("A", flux, 0.262, x, y, east, north, 12, contribution, TEST)


def drawn_spectrum(z: float, flux: np.ndarray, lines: dict[str, float]) -> DrawnSpectrum:
    windows = np.stack([EDGES[:-1], EDGES[1:]], axis=1)
    ivar = np.ones(GRID.size, np.float32)
    return DrawnSpectrum("B", flux, ivar, z, windows, np.linspace(-1, 1, 64), lines, TEST)


def size(png: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(png)).size


def test_a_picture_has_a_row_for_each_galaxy() -> None:
    pytest.importorskip("matplotlib")
    flux = (1 + np.sin(GRID)).astype(np.float32)
    both = [
        drawn_image(np.linspace(-0.1, 0.1, 64)),
        drawn_spectrum(0.1, flux, {"Hβ": 0.2, "Na D": -0.1}),
    ]
    assert size(explanation_png(both, "title")) == (1760, 1091)


def test_galaxies_of_which_nothing_is_known_are_drawn() -> None:
    pytest.importorskip("matplotlib")
    # Nothing contributes, nothing is measured, and no line is known.
    nothing = drawn_spectrum(float("nan"), np.zeros(GRID.size, np.float32), {})
    assert size(explanation_png([drawn_image(np.zeros(64)), nothing], "title")) == (1760, 1091)


def test_matplotlib_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError) as error:
        explanation_png([], "title")
    assert str(error.value) == "matplotlib is not installed: pip install 'galsearch[plot]'."
