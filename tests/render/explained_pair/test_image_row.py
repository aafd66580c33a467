"""The row of an image has its pixels, a map of its patches and a table of the first ones."""

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib.figure import Figure

from galsearch.render.explained_pair.image_row import draw_image
from tests.render.explained_pair.test_explanation_figure import drawn_image


def texts(contribution: np.ndarray) -> list[str]:
    figure = Figure()
    row = figure.subfigures(1, 1)
    draw_image(row, drawn_image(contribution))
    marked = row.axes[1].images[0]
    assert marked.get_clim() == (-np.abs(contribution).max(), np.abs(contribution).max())
    assert np.array_equal(marked.get_array().ravel(), contribution)
    return [text.get_text() for axes in row.axes for text in axes.texts]


def test_the_first_patches_are_numbered_and_listed_with_their_places() -> None:
    contribution = np.linspace(-0.1, 0.2, 64)
    shown = texts(contribution)
    assert [shown.count(str(rank)) for rank in range(1, 8)] == [3] * 6 + [0]
    assert shown.count("5 arcsec") == shown.count("N") == shown.count("E") == 1
    assert "+0.200" in shown
    # The last patch is in the north-west corner.
    assert "11.0 west, 11.0 north" in shown
    assert "without the first 6 patches" in shown


def test_patches_without_which_the_similarity_rises_are_not_numbered() -> None:
    contribution = np.full(64, -0.1)
    contribution[5] = 0.3
    shown = texts(contribution)
    assert [shown.count(str(rank)) for rank in (1, 2)] == [3, 0]
