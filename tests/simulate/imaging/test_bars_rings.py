"""Rings and companions in rendered images."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.simulate.imaging.bars_rings import WaveNumbers, companion, ring
from galsearch.simulate.imaging.render_galaxy import _wave_planes, psf_transform, render_image

pytest.importorskip("galsim", reason="needs the extra sim")


@given(angle=st.floats(0, 180), ratio=st.floats(0.3, 1))
def test_a_ring_is_dark_in_its_middle_and_bright_on_its_ellipse(angle: float, ratio: float) -> None:
    waves = WaveNumbers(*_wave_planes())
    transform = ring(waves, 8.0, ratio, angle)
    plane = render_image(
        [transform.astype(np.complex64)], np.ones(1, np.float32), np.ones((256, 129))
    )
    along = np.deg2rad(angle)
    x, y = (round(75.5 + 8 / 0.262 * f(along)) for f in (np.cos, np.sin))
    assert plane[y, x] > 3 * abs(plane[75, 75])


def test_a_companion_lies_where_it_is_said_to() -> None:
    waves = WaveNumbers(*_wave_planes())
    other = companion(waves, 0.8, 6.0, 90.0)
    psf = psf_transform(1.2, 3.0)
    plane = render_image([other], np.ones(1, np.float32), psf)
    row, column = np.unravel_index(plane.argmax(), plane.shape)
    assert (row, column) == (pytest.approx(75.5 + 6 / 0.262, abs=1.1), pytest.approx(75.5, abs=1.1))
