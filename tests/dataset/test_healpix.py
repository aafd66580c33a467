"""HEALPix numbers equal those of HATS; partitions are disjoint and of limited size."""

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
def test_pixel_numbers_equal_those_of_hats(ra, dec, pixel):
    assert healpix_29([ra], [dec]).tolist() == [pixel]


def test_right_ascension_is_periodic():
    assert healpix_29([-10.0], [5.0]) == healpix_29([350.0], [5.0])


@given(st.lists(st.integers(0, 12 * 4**29 - 1), max_size=40), st.integers(1, 6))
def test_every_row_is_in_the_largest_pixel_of_at_most_max_rows(numbers, max_rows):
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
            assert parent.sum() > max_rows, "the parent pixel is small enough"


def test_galaxies_at_one_position_are_not_split_for_ever():
    parts = adaptive_pixels(np.full(7, 5), max_rows=2)
    assert [(part.order, part.rows.size) for part in parts] == [(18, 7)]
