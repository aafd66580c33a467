"""The part of a cutout around a position."""

import numpy as np
import pytest

from galsearch.core.cutout import Cutout
from galsearch.core.errors import QueryError
from galsearch.query.inputs.own_data.image_footprint import centred_on


def test_the_pixel_at_the_position_is_in_the_centre() -> None:
    flux = np.zeros((1, 101, 81))
    flux[0, 70, 20] = 5
    cutout = Cutout(flux, ("r",), 0.5, 30.0, 10.0)
    # 20 pixels north and 20 pixels east of the centre.
    position = np.array([30.0 + 20 * 0.5 / 3600 / np.cos(np.radians(10)), 10.0 + 20 * 0.5 / 3600])
    part = centred_on(cutout, position, "a.fits")
    side = part.flux.shape[1]
    assert part.flux[0, side // 2, side // 2] == 5
    assert part.flux.sum() == 5
    assert (part.ra_deg, part.dec_deg) == pytest.approx(tuple(position))
    assert part.mask is not None
    assert part.mask.any()


def test_a_position_outside_the_cutout_is_refused() -> None:
    cutout = Cutout(np.ones((1, 100, 80)), ("r",), 0.5, 30.0, 10.0)
    with pytest.raises(QueryError) as caught:
        centred_on(cutout, np.array([30.0, 10.01]), "a.fits")
    assert str(caught.value) == (
        "RA 30.00000, Dec +10.01000 is outside a.fits, which shows 40.0 x 50.0 arcsec about RA "
        "30.00000, Dec +10.00000."
    )
