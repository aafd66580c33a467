"""A cutout is always valid and never changes the arrays of its caller."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from galsearch.core.cutout import Cutout
from galsearch.core.errors import (
    InvalidCutoutError,
)

floats = hnp.arrays(np.float64, (2, 5, 4), elements=st.floats(allow_nan=True, width=32))


@given(floats)
def test_a_cutout_masks_values_that_are_not_finite_in_a_copy(flux: np.ndarray) -> None:
    before = flux.copy()
    cutout = Cutout(flux, ("g", "r"), 0.262, 370.0, -5.0)
    np.testing.assert_array_equal(flux, before)
    np.testing.assert_array_equal(cutout.good, np.isfinite(flux))
    assert np.isfinite(cutout.flux).all()
    assert cutout.ra_deg == 10.0
    with pytest.raises(ValueError, match="read-only"):
        cutout.flux[0] = 1


@given(st.integers(1, 12), st.integers(1, 12))
def test_cropping_and_padding_moves_no_value(size: int, to: int) -> None:
    flux = np.arange(1, size * size + 1, dtype=float).reshape(1, size, size)
    out = Cutout(flux, ("r",), 0.262, 0, 0).regrid(to, 0.2621)
    slow = np.zeros((to, to))
    for y in range(to):
        for x in range(to):
            yy, xx = y - to // 2 + size // 2, x - to // 2 + size // 2
            if 0 <= yy < size and 0 <= xx < size:
                slow[y, x] = flux[0, yy, xx]
    np.testing.assert_array_equal(out.flux[0], slow)
    np.testing.assert_array_equal(out.good[0], slow > 0)


@given(st.integers(4, 30), st.floats(0.1, 1.0), st.floats(0.1, 1.0))
def test_regridding_keeps_surface_brightness(size: int, scale: float, to: float) -> None:
    flat = Cutout(np.full((1, size, size), scale**2), ("r",), scale, 0, 0)
    out = flat.regrid(8, to)
    level = scale**2 if abs(scale / to - 1) < 0.01 else to**2
    np.testing.assert_allclose(out.flux[out.good], level, rtol=1e-4)


def test_a_missing_band_is_masked() -> None:
    cutout = Cutout(np.ones((1, 2, 2)), ("r",), 0.262, 0, 0).select_bands(("g", "r"))
    assert cutout.good[0].sum() == 0
    assert cutout.good[1].all()
    assert not cutout.flux[0].any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            (np.ones((2, 3, 3)), ("r",), 0.262, 0.0, 0.0),
            "a cutout in bands r needs flux of shape (1, ny, nx), found (2, 3, 3).",
        ),
        (
            (np.ones((1, 3, 3)), ("r",), 0.0, 0.0, 0.0),
            "pixel_scale_arcsec must be positive, found 0.0.",
        ),
        (
            (np.ones((1, 3, 3)), ("r",), 1.0, 0.0, 91.0),
            "a cutout needs an ICRS position, found RA 0.0, Dec 91.0.",
        ),
        (
            (np.ones((2, 3, 3)), ("r", "r"), 1.0, 0.0, 0.0),
            "a cutout names each band once, found ('r', 'r').",
        ),
    ],
)
def test_an_invalid_cutout_is_refused_with_the_reason(arguments: tuple, message: str) -> None:
    with pytest.raises(InvalidCutoutError) as caught:
        Cutout(*arguments)
    assert str(caught.value) == message
