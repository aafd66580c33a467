"""Matching of two lists of sky positions, one to one, nearest pairs first."""

import itertools
from dataclasses import dataclass

import numpy as np

from galsearch.core.arrays import Float64Array, Rows

_MIN_CELL_SIDE = 4e-6
"""Smallest side of a grid cell in the unit sphere, so that a cell's number fits into 63 bits."""


@dataclass(frozen=True, eq=False)
class Matches:
    """Pairs of rows of two lists of positions, sorted by the row of the first list."""

    first: Rows
    """(n,) row of the first list in each pair; no row occurs twice."""
    second: Rows
    """(n,) row of the second list in each pair; no row occurs twice."""
    separation_arcsec: Float64Array
    """(n,) great-circle distance of each pair."""
    n_ambiguous: int
    """Number of further pairs within the largest separation that were not made, because a nearer
    pair used one of the two rows."""


def match_positions(
    ra_deg: Float64Array,
    dec_deg: Float64Array,
    other_ra_deg: Float64Array,
    other_dec_deg: Float64Array,
    *,
    max_separation_arcsec: float,
) -> Matches:
    """Pairs of positions of two lists within a largest separation; each row is in at most one pair.

    Nearer pairs are made first; of equally near pairs, the one with the lower row numbers.
    Distances are computed from unit vectors, so that they hold across RA 0 and at the poles.

    Parameters
    ----------
    ra_deg, dec_deg : (n,)
        ICRS positions of the first list in degrees.
    other_ra_deg, other_dec_deg : (m,)
        ICRS positions of the second list in degrees.
    max_separation_arcsec
        Largest great-circle distance of a pair.

    Examples
    --------
    >>> ra, dec = np.array([0.0, 10.0]), np.array([0.0, 0.0])
    >>> other = np.array([359.9999, 50.0])
    >>> found = match_positions(ra, dec, other, dec, max_separation_arcsec=1.0)
    >>> found.first, found.second, found.separation_arcsec.round(3)
    (array([0]), array([0]), array([0.36]))
    """
    first, second, separation = _within(
        _unit_vectors(ra_deg, dec_deg),
        _unit_vectors(other_ra_deg, other_dec_deg),
        max_separation_arcsec,
    )
    return nearest_first(first, second, separation)


def nearest_first(first: Rows, second: Rows, separation_arcsec: Float64Array) -> Matches:
    """The pairs that are made when candidate pairs are taken by ascending separation.

    A candidate pair is left out if a nearer pair has used one of its rows.
    """
    used_first: set[int] = set()
    used_second: set[int] = set()
    kept = []
    for pair in np.lexsort((second, first, separation_arcsec)):
        a, b = int(first[pair]), int(second[pair])
        if a not in used_first and b not in used_second:
            used_first.add(a)
            used_second.add(b)
            kept.append(pair)
    chosen = np.array(kept, dtype=np.int64)
    chosen = chosen[np.argsort(first[chosen])]
    n_ambiguous = first.size - chosen.size
    return Matches(first[chosen], second[chosen], separation_arcsec[chosen], n_ambiguous)


def separation_arcsec(
    ra_deg: Float64Array,
    dec_deg: Float64Array,
    other_ra_deg: Float64Array,
    other_dec_deg: Float64Array,
) -> Float64Array:
    """(n,) great-circle distances in arcsec between the two positions of each row.

    Parameters
    ----------
    ra_deg, dec_deg : (n,)
        First ICRS position of each row in degrees.
    other_ra_deg, other_dec_deg : (n,)
        Second ICRS position of each row in degrees.

    Examples
    --------
    >>> ra, other_ra, dec = np.array([359.5]), np.array([0.5]), np.array([60.0])
    >>> separation_arcsec(ra, dec, other_ra, dec).round(2)
    array([1799.98])
    """
    chord = np.linalg.norm(
        _unit_vectors(ra_deg, dec_deg) - _unit_vectors(other_ra_deg, other_dec_deg), axis=1
    )
    return _angle_arcsec(chord)


def _within(
    here: Float64Array, there: Float64Array, max_separation_arcsec: float
) -> tuple[Rows, Rows, Float64Array]:
    """Rows and distance in arcsec of every pair of unit vectors within `max_separation_arcsec`.

    The vectors are sorted into cells of a cubic grid; only the 27 cells around a vector can hold
    its neighbours.
    """
    max_chord = 2 * np.sin(np.deg2rad(max_separation_arcsec / 3600) / 2)
    # Grid cells are slightly wider than the largest separation, so that rounding cannot put a
    # neighbour two cells away.
    side = max(max_chord * (1 + 1e-9), _MIN_CELL_SIDE)
    n_cells = int(np.ceil(2 / side)) + 3
    cells = [np.floor((vectors + 1) / side).astype(np.int64) + 1 for vectors in (here, there)]
    numbers, others = ((c[:, 0] * n_cells + c[:, 1]) * n_cells + c[:, 2] for c in cells)
    order = np.argsort(others, kind="stable")
    others = others[order]
    first, second = [], []
    for dx, dy, dz in itertools.product((-1, 0, 1), repeat=3):
        wanted = numbers + (dx * n_cells + dy) * n_cells + dz
        start = np.searchsorted(others, wanted, "left")
        count = np.searchsorted(others, wanted, "right") - start
        rows = np.repeat(np.arange(len(here)), count)
        offset = np.arange(rows.size) - np.repeat(np.cumsum(count) - count, count)
        first.append(rows)
        second.append(order[start[rows] + offset])
    rows_here, rows_there = np.concatenate(first), np.concatenate(second)
    chord = np.linalg.norm(here[rows_here] - there[rows_there], axis=1)
    near = chord <= max_chord
    return rows_here[near], rows_there[near], _angle_arcsec(chord[near])


def _unit_vectors(ra_deg: Float64Array, dec_deg: Float64Array) -> Float64Array:
    ra, dec = np.deg2rad(ra_deg), np.deg2rad(dec_deg)
    cos_dec = np.cos(dec)
    return np.stack([cos_dec * np.cos(ra), cos_dec * np.sin(ra), np.sin(dec)], axis=1)


def _angle_arcsec(chord: Float64Array) -> Float64Array:
    return np.asarray(np.rad2deg(2 * np.arcsin(np.minimum(chord / 2, 1.0))) * 3600)
