"""The row of a spectrum has its flux, its lines and a strip of the stretches."""

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM as GRID
from galsearch.render.explained_pair.drawn_parts import FALL, RISE
from galsearch.render.explained_pair.spectrum_row import draw_spectrum
from tests.render.explained_pair.test_explanation_figure import drawn_spectrum


def test_lines_that_carry_most_are_bold_and_stretches_have_the_colour_of_their_sign() -> None:
    row = Figure().subfigures(1, 1)
    flux = np.ones(GRID.size, np.float32)
    draw_spectrum(row, drawn_spectrum(0.1, flux, {"Hβ": 0.2, "Na D": 0.01, "Mg b": -0.3}))
    above, below = row.axes
    weights = {text.get_text(): text.get_weight() for text in above.texts}
    assert weights == {"Hβ": "bold", "Na D": "normal", "Mg b": "normal"}
    colours = [to_hex(bar.get_facecolor()) for bar in below.patches]
    assert colours == [RISE] * 32 + [FALL] * 32
    assert [bar.get_height() for bar in below.patches] == np.linspace(-1, 1, 64).tolist()
    assert above.get_xlim() == below.get_xlim() == (GRID[0], GRID[-1])
    assert "without the first 6 stretches 0.100" in row.texts[1].get_text()


def test_without_a_redshift_no_line_is_marked() -> None:
    row = Figure().subfigures(1, 1)
    draw_spectrum(row, drawn_spectrum(float("nan"), np.zeros(GRID.size, np.float32), {}))
    assert not row.axes[0].texts
