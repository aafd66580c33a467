"""Which of two lists of sky positions are one object: nearest first, one to one."""

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

_LEAST_CELL = 4e-6
"""Side of the smallest cell: keeps a cell's number within 63 bits."""


@dataclass(frozen=True, eq=False)
class Matches:
    """Pairs of rows, in ascending `first`."""

    first: Rows
    """(n,) rows of the first list, each at most once."""
    second: Rows
    """(n,) rows of the second list, each at most once."""
    separation_arcsec: Floats
    """(n,) great-circle distance of each pair."""
    n_ambiguous: int
    """Pairs that also lay within reach and gave way to a nearer one."""


def match_positions(
    ra_deg: Floats,
    dec_deg: Floats,
    other_ra_deg: Floats,
    other_dec_deg: Floats,
    *,
    max_separation_arcsec: float,
) -> Matches:
    """The pairs within `max_separation_arcsec`, nearest pairs first, each row used once.

    Of equally near pairs the one with the lower rows wins. Right across RA 0 and at the poles:
    distances are those of unit vectors, never of coordinates.

    Examples
    --------
    >>> ra, dec = np.array([0.0, 10.0]), np.array([0.0, 0.0])
    >>> other = np.array([359.9999, 50.0])
    >>> found = match_positions(ra, dec, other, dec, max_separation_arcsec=1.0)
    >>> found.first, found.second, found.separation_arcsec.round(3)
    (array([0]), array([0]), array([0.36]))
    """
    first, second, separation = _within(
        _unit(ra_deg, dec_deg), _unit(other_ra_deg, other_dec_deg), max_separation_arcsec
    )
    return nearest_first(first, second, separation)


def nearest_first(first: Rows, second: Rows, separation_arcsec: Floats) -> Matches:
    """Candidate pairs taken by ascending separation, those with a used row left aside."""
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
    ra_deg: Floats, dec_deg: Floats, other_ra_deg: Floats, other_dec_deg: Floats
) -> Floats:
    """(n,) great-circle distances, row by row.

    Examples
    --------
    >>> at = np.array
    >>> separation_arcsec(at([359.5]), at([60.0]), at([0.5]), at([60.0])).round(2)
    array([1799.98])
    """
    chord = np.linalg.norm(_unit(ra_deg, dec_deg) - _unit(other_ra_deg, other_dec_deg), axis=1)
    return _angle_arcsec(chord)


def _within(here: Floats, there: Floats, reach_arcsec: float) -> tuple[Rows, Rows, Floats]:
    """Every pair of unit vectors within reach: rows are looked for in 27 cells of a cubic grid."""
    reach = 2 * np.sin(np.deg2rad(reach_arcsec / 3600) / 2)
    # A cell a little wider than the reach: rounding must not push a neighbour two cells away.
    side = max(reach * (1 + 1e-9), _LEAST_CELL)
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
    near = chord <= reach
    return rows_here[near], rows_there[near], _angle_arcsec(chord[near])


def _unit(ra_deg: Floats, dec_deg: Floats) -> Floats:
    ra, dec = np.deg2rad(ra_deg), np.deg2rad(dec_deg)
    across = np.cos(dec)
    return np.stack([across * np.cos(ra), across * np.sin(ra), np.sin(dec)], axis=1)


def _angle_arcsec(chord: Floats) -> Floats:
    return np.asarray(np.rad2deg(2 * np.arcsin(np.minimum(chord / 2, 1.0))) * 3600)
