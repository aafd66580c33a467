"""Of galaxies that lie close together, only the first in rank is kept."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from galsearch.query.inputs.sky.sky_position import separation_arcsec
from galsearch.query.ranking.sky_pieces import without_close_ones


@given(st.integers(0, 10**6), st.integers(0, 40), st.floats(0, 20), st.floats(-89.99, 89.99))
def test_a_position_is_kept_where_no_kept_one_before_is_close(
    seed: int, n: int, radius: float, dec: float
) -> None:
    rng = np.random.default_rng(seed)
    ra_deg = (rng.normal(0, 0.003, n) / np.cos(np.radians(dec))) % 360
    dec_deg = np.clip(dec + rng.normal(0, 0.003, n), -90, 90)
    dec_deg[rng.random(n) < 0.1] = np.nan
    kept = without_close_ones(ra_deg, dec_deg, radius)
    expected: list[int] = []
    for i in range(n):
        near = [
            j
            for j in expected
            if separation_arcsec(ra_deg[i], dec_deg[i], ra_deg[j], dec_deg[j]) <= radius
        ]
        if not near:
            expected.append(i)
    assert np.flatnonzero(kept).tolist() == expected
