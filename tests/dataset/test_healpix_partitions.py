"""HEALPix numbers are those of HATS; partitions are disjoint and small enough."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.dataset.healpix import adaptive_pixels, healpix_29


@pytest.mark.parametrize(
    ("ra", "dec", "pixel"),
    [
        (150.1, 2.2, 1918129809776324852),
        (45.0, 90.0, 4**29 - 1),
        (0.0, -90.0, 8 * 4**29),
    ],
)
def test_healpix_29_is_that_of_hats(ra, dec, pixel):
    assert healpix_29([ra], [dec]).tolist() == [pixel]


def test_ra_wraps():
    assert healpix_29([-10.0], [5.0]) == healpix_29([350.0], [5.0])


@given(st.lists(st.integers(0, 12 * 4**29 - 1), max_size=40), st.integers(1, 6))
def test_every_row_is_in_one_pixel_that_holds_it_and_is_no_larger_than_needed(numbers, max_rows):
    healpix = np.array(numbers, np.int64)
    parts = adaptive_pixels(healpix, max_rows=max_rows)
    rows = [int(row) for part in parts for row in part.rows]
    assert sorted(rows) == list(range(len(numbers)))
    for part in parts:
        assert set(healpix[part.rows] >> (2 * (29 - part.order))) == {part.pixel}
        assert (np.diff(healpix[part.rows]) >= 0).all()
        assert part.rows.size <= max_rows or part.order == 18
        if part.order:
            parent = healpix >> (2 * (30 - part.order)) == part.pixel // 4
            assert parent.sum() > max_rows, "the parent would have done"


def test_galaxies_at_one_place_end_the_splitting():
    parts = adaptive_pixels(np.full(7, 5), max_rows=2)
    assert [(part.order, part.rows.size) for part in parts] == [(18, 7)]
