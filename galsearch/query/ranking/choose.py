"""The galaxies of a result, chosen from those that are most similar to a query."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from galsearch.core.arrays import BoolArray, Float32Array, Rows, TargetIds
from galsearch.core.modality import modalities_of
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.index.search.search_result import SearchResult
from galsearch.query.inputs.sky.sky_position import separation_arcsec
from galsearch.query.query import Query
from galsearch.query.ranking.catalogue_groups import CatalogueGroups
from galsearch.query.ranking.diversity import most_diverse
from galsearch.query.ranking.sky_pieces import without_close_ones
from galsearch.query.resolved_query import ResolvedQuery

_FIRST_DEPTH = 100
_DEEPER = 4
"""Factor by which more neighbours are searched where too few of them can be chosen."""
_POOL = 10
"""Number of candidates of a diverse result for each galaxy of it."""

Search = Callable[[int, int], SearchResult]
"""Returns the given number of neighbours of the query in the given row."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """Galaxies of one result by descending similarity."""

    target_ids: TargetIds
    similarity: Float32Array
    exact: bool


def needs_choice(query: Query, resolved: ResolvedQuery) -> bool:
    """True where a result is not simply the `k` most similar galaxies."""
    options = (query.min_similarity, query.exclude_within, query.one_per, query.diversity)
    return bool(query.offset or len(resolved.left_out)) or any(v is not None for v in options)


class Chooser:
    """Chooses the results of one query on one index.

    Galaxies are taken in the order of similarity. Left out are the examples of the query, those
    below `min_similarity`, those close to the query galaxy or to a more similar one on the sky, and
    all but the first of each group. Of the rest, `offset` are skipped and `k` taken; with
    `diversity` in the order in which maximal marginal relevance selects them, from 10 (offset + k)
    candidates.
    """

    def __init__(
        self, index: GalaxyIndex, groups: CatalogueGroups, query: Query, resolved: ResolvedQuery
    ) -> None:
        self._index = index
        self._groups = groups
        self._query = query
        self._resolved = resolved

    def choose(self, row: int, search: Search) -> Chosen:
        """The result of the query in one row of the vectors."""
        n_wanted = self._n_wanted()
        depth = max(_FIRST_DEPTH, n_wanted + len(self._resolved.left_out))
        while True:
            depth = min(depth, len(self._index))
            found = search(row, depth)
            n = int(found.counts[0])
            ids, similarity = found.target_ids[0, :n], found.similarity[0, :n]
            least = self._query.min_similarity
            is_all = n < depth or depth >= len(self._index)
            is_all |= bool(least is not None and n and similarity[-1] < least)
            kept = self._kept(row, ids, similarity)
            if is_all or len(kept) >= n_wanted:
                return self._page(ids[kept], similarity[kept], bool(found.exact[0]))
            depth *= _DEEPER

    def _n_wanted(self) -> int:
        query = self._query
        if query.k is None:
            return len(self._index)
        return (query.offset + query.k) * (1 if query.diversity is None else _POOL)

    def _kept(self, row: int, ids: TargetIds, similarity: Float32Array) -> Rows:
        """Places in the list of neighbours of the galaxies that may be chosen."""
        query = self._query
        keep = ~np.isin(ids, self._resolved.left_out)
        if query.min_similarity is not None:
            keep &= similarity >= np.float32(query.min_similarity)
        places = np.flatnonzero(keep)
        if query.exclude_within is not None:
            places = places[self._apart(row, ids[places], query.exclude_within)]
        if query.one_per is not None:
            places = places[_firsts(self._groups.of(ids[places], query.one_per))]
        return places

    def _apart(self, row: int, ids: TargetIds, radius_arcsec: float) -> BoolArray:
        records = self._index.catalogue_records(ids)
        ra_deg, dec_deg = (records[name].astype(np.float64) for name in ("ra_deg", "dec_deg"))
        keep = np.ones(len(ids), bool)
        own = self._position(row)
        if own is not None:
            keep = ~(separation_arcsec(ra_deg, dec_deg, *own) <= radius_arcsec)
        keep[keep] = without_close_ones(ra_deg[keep], dec_deg[keep], radius_arcsec)
        return keep

    def _position(self, row: int) -> tuple[float, float] | None:
        """Right ascension and declination of the query in degrees; None where not known."""
        resolved = self._resolved
        if resolved.position_deg is not None:
            return float(resolved.position_deg[row, 0]), float(resolved.position_deg[row, 1])
        if resolved.target_ids is None:
            return None
        own = resolved.target_ids[row : row + 1]
        if self._index.catalogue_rows(own)[0] < 0:
            return None
        (record,) = self._index.catalogue_records(own)
        return float(record["ra_deg"]), float(record["dec_deg"])

    def _page(self, ids: TargetIds, similarity: Float32Array, exact: bool) -> Chosen:
        query = self._query
        stop = len(ids) if query.k is None else query.offset + query.k
        if query.diversity is None:
            page = slice(query.offset, stop)
            return Chosen(ids[page], similarity[page], exact)
        pool = stop * _POOL
        vectors = np.concatenate(
            [
                self._index.stored(m).take(self._index.stored(m).rows_of(ids[:pool]))
                for m in modalities_of(query.among)
            ],
            axis=1,
        )
        vectors /= np.float32(np.sqrt(len(modalities_of(query.among))))
        selected = most_diverse(similarity[:pool], vectors, stop, query.diversity)
        # A result is in the order of similarity, whatever the order of selection.
        chosen = np.sort(selected[query.offset :])
        return Chosen(ids[chosen], similarity[chosen], exact)


def _firsts(groups: Rows) -> BoolArray:
    """True for the first galaxy of each group, and for each that is in none (-1)."""
    firsts = np.zeros(len(groups), bool)
    firsts[np.unique(groups, return_index=True)[1]] = True
    return firsts | (groups < 0)


def joined(parts: list[Chosen]) -> SearchResult:
    """Results of several queries as arrays, padded with TARGETID 0; rows are not known (-1)."""
    width = max((len(part.target_ids) for part in parts), default=0)
    target_ids = np.zeros((len(parts), width), np.int64)
    similarity = np.full((len(parts), width), np.nan, np.float32)
    for row, part in enumerate(parts):
        target_ids[row, : len(part.target_ids)] = part.target_ids
        similarity[row, : len(part.target_ids)] = part.similarity
    exact = np.array([part.exact for part in parts], bool)
    return SearchResult(np.where(target_ids > 0, 0, -1), target_ids, similarity, exact)
