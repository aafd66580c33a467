"""Colours of the Legacy Surveys viewer."""

import numpy as np

from galsearch.core.rgb import legacy_rgb


def test_a_red_source_has_a_red_colour() -> None:
    flux = np.zeros((3, 2, 2), np.float32)
    flux[2] = 1.0
    red, green, blue = legacy_rgb(flux)[:, 0, 0]
    assert red == 1.0
    assert green == blue < 0.2
