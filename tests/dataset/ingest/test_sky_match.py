"""Positions are matched correctly everywhere on the sphere."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.dataset.ingest.sky_match import match_positions, separation_arcsec

ARCSEC = 1 / 3600


def slow_separation(ra1, dec1, ra2, dec2):
    """Vincenty's formula, one pair at a time, in arcsec."""
    a, b, c = math.radians(dec1), math.radians(dec2), math.radians(ra2 - ra1)
    x = math.cos(b) * math.sin(c)
    y = math.cos(a) * math.sin(b) - math.sin(a) * math.cos(b) * math.cos(c)
    z = math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(c)
    return math.degrees(math.atan2(math.hypot(x, y), z)) * 3600


def slow_match(here, there, reach):
    """Every pair, the nearest first, each row once."""
    pairs = [
        (slow_separation(*a, *b), i, j) for i, a in enumerate(here) for j, b in enumerate(there)
    ]
    near, found = sorted(p for p in pairs if p[0] <= reach), {}
    for _, i, j in near:
        if i not in found and j not in found.values():
            found[i] = j
    return found, len(near)


# Groups of points around difficult positions: RA 0, both poles, a corner of a HEALPix base pixel.
CENTRES = st.sampled_from(
    [(0.0, 0.0), (12.0, 90.0), (200.0, -90.0), (45.0, 41.8103), (100.0, 20.0)]
)
OFFSETS = st.tuples(st.floats(-3, 3), st.floats(-3, 3))


@st.composite
def positions(draw, centre):
    ra, dec = centre
    points = []
    for east, north in draw(st.lists(OFFSETS, max_size=7)):
        lat = dec + north * ARCSEC
        beyond_pole = 180.0 if abs(lat) > 90 else 0.0
        lat = math.copysign(180 - abs(lat), lat) if abs(lat) > 90 else lat
        wide = 1 if abs(dec) < 89 else 1e6
        points.append(((ra + beyond_pole + east * ARCSEC * wide) % 360, lat))
    return points


@given(st.data())
def test_matches_equal_those_of_comparing_every_pair(data):
    centre = data.draw(CENTRES)
    here, there = data.draw(positions(centre)), data.draw(positions(centre))
    reach = data.draw(st.sampled_from([0.05, 1.0, 2.5, 60.0]))
    pairs = [slow_separation(*a, *b) for a in here for b in there]
    if any(abs(p - reach) < 1e-6 for p in pairs) or len({round(p, 7) for p in pairs}) < len(pairs):
        return  # of equal distances, and of one at the limit, rounding decides
    first, second = (np.array(p, float).reshape(-1, 2) for p in (here, there))
    found = match_positions(
        first[:, 0], first[:, 1], second[:, 0], second[:, 1], max_separation_arcsec=reach
    )
    expected, n_near = slow_match(here, there, reach)
    assert dict(zip(found.first.tolist(), found.second.tolist(), strict=True)) == expected
    assert found.n_ambiguous == n_near - len(expected)
    assert found.separation_arcsec.tolist() == pytest.approx(
        [slow_separation(*here[i], *there[j]) for i, j in expected.items()]
        if list(expected) == sorted(expected)
        else [slow_separation(*here[i], *there[expected[i]]) for i in sorted(expected)],
        abs=1e-6,
    )


def test_the_nearest_pair_is_made_first_and_the_others_use_the_next():
    found = match_positions(
        np.array([10.0, 10.0 + 0.4 * ARCSEC]),
        np.zeros(2),
        np.array([10.0 + 0.5 * ARCSEC, 10.0 - 0.6 * ARCSEC]),
        np.zeros(2),
        max_separation_arcsec=1.0,
    )
    assert found.first.tolist() == [0, 1]
    assert found.second.tolist() == [1, 0]
    assert found.separation_arcsec == pytest.approx([0.6, 0.1], abs=1e-6)
    assert found.n_ambiguous == 1


def test_neighbours_across_ra_zero_match():
    found = match_positions(
        np.array([359.99995]),
        np.array([45.0]),
        np.array([0.00005]),
        np.array([45.0]),
        max_separation_arcsec=1.0,
    )
    assert found.separation_arcsec == pytest.approx([0.2546], abs=1e-3)


def test_an_empty_list_has_no_matches():
    none = np.zeros(0)
    found = match_positions(none, none, np.ones(1), np.ones(1), max_separation_arcsec=1.0)
    assert found.first.size == found.second.size == found.n_ambiguous == 0


@given(st.floats(0, 360), st.floats(-90, 90), st.floats(0, 360), st.floats(-90, 90))
def test_separations_equal_those_of_vincentys_formula(ra1, dec1, ra2, dec2):
    one = separation_arcsec(np.array([ra1]), np.array([dec1]), np.array([ra2]), np.array([dec2]))
    # The arcsine of half the chord is inaccurate only near the antipode.
    assert one[0] == pytest.approx(slow_separation(ra1, dec1, ra2, dec2), rel=1e-9, abs=0.02)
