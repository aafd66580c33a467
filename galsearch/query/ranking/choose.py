"""The galaxies of a result, chosen from those that are most similar to a query."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from galsearch.core.arrays import BoolArray, Float32Array, Rows, TargetIds, Vectors
from galsearch.core.modality import modalities_of
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.index.search.search_result import SearchResult
from galsearch.query.inputs.sky.sky_position import separation_arcsec
from galsearch.query.query import Query
from galsearch.query.ranking.catalogue_groups import CatalogueGroups
from galsearch.query.ranking.diversity import most_diverse, n_candidates
from galsearch.query.ranking.sky_pieces import without_close_ones
from galsearch.query.resolved_query import ResolvedQuery

_FIRST_DEPTH = 100
"""Number of neighbours that are searched first where some of them may be left out."""
_DEEPER = 4
"""Factor by which more neighbours are searched where too few of them can be chosen."""

Search = Callable[[int, int], SearchResult]
"""Returns the given number of neighbours of the query in the given row."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """Galaxies that were found for one query, and their similarities."""

    target_ids: TargetIds
    similarity: Float32Array
    exact: bool

    def among(self, places: Rows) -> "Chosen":
        """Those in some places of the list, in the order of the places."""
        return Chosen(self.target_ids[places], self.similarity[places], self.exact)

    def continued(self, more: "Chosen") -> "Chosen":
        """These, and then the galaxies of another list that are not among them."""
        new = more.among(np.flatnonzero(~np.isin(more.target_ids, self.target_ids)))
        return Chosen(
            np.concatenate([self.target_ids, new.target_ids]),
            np.concatenate([self.similarity, new.similarity]),
            self.exact and more.exact,
        )


def needs_choice(query: Query, resolved: ResolvedQuery) -> bool:
    """True where a result is not simply the `k` most similar galaxies."""
    return bool(query.offset) or _leaves_out(query, resolved)


def _leaves_out(query: Query, resolved: ResolvedQuery) -> bool:
    """True where galaxies may be missing among the most similar ones of a result."""
    options = (query.min_similarity, query.exclude_within, query.one_per, query.diversity)
    return bool(len(resolved.left_out)) or any(value is not None for value in options)


class Chooser:
    """Chooses the results of one query on one index.

    Galaxies are taken in the order of similarity. Left out are the examples of the query, those
    below `min_similarity`, those close to the query galaxy or to a more similar one on the sky, and
    all but the first of each group. Of the rest, `offset` are skipped and `k` taken; with
    `diversity` in the order in which maximal marginal relevance selects them.

    The pages of a query hold each galaxy once. As an approximate search may find a galaxy among
    1,000 neighbours that it missed among 100, all pages go through the same searches, each of four
    times as many neighbours as the one before, and galaxies that a search is the first to find come
    after those of the searches before.
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
        n_wanted, depth = self._n_wanted(), self._first_depth()
        ranked = Chosen(np.empty(0, np.int64), np.empty(0, np.float32), exact=True)
        while True:
            depth = min(depth, len(self._index))
            found = search(row, depth)
            n = int(found.counts[0])
            ids, similarity = found.target_ids[0, :n], found.similarity[0, :n]
            least = self._query.min_similarity
            is_all = n < depth or depth >= len(self._index)
            is_all |= bool(least is not None and n and similarity[-1] < least)
            ranked = ranked.continued(Chosen(ids, similarity, bool(found.exact[0])))
            kept = ranked.among(self._kept(row, ranked.target_ids, ranked.similarity))
            if is_all or len(kept.target_ids) >= n_wanted:
                return self._page(kept)
            depth = max(_FIRST_DEPTH, depth * _DEEPER)

    def _first_depth(self) -> int:
        """Number of neighbours of the first search, which is the same for all pages."""
        if self._query.k is None or _leaves_out(self._query, self._resolved):
            return _FIRST_DEPTH
        return self._query.k

    def _n_wanted(self) -> int:
        """Number of galaxies among which all of the result are."""
        query = self._query
        if query.k is None:
            return len(self._index)
        n = query.offset + query.k
        return n if query.diversity is None else n_candidates(n)

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

    def _page(self, kept: Chosen) -> Chosen:
        """The galaxies of the result, by descending similarity whatever the order of choice."""
        query = self._query
        stop = len(kept.target_ids) if query.k is None else query.offset + query.k
        page = np.arange(len(kept.target_ids))
        if query.diversity is not None:
            candidates = kept.among(page[: n_candidates(stop)])
            vectors = self._vectors(candidates.target_ids)
            page = most_diverse(candidates.similarity, vectors, stop, query.diversity)
        chosen = kept.among(page[query.offset : stop])
        return chosen.among(np.lexsort((chosen.target_ids, -chosen.similarity)))

    def _vectors(self, ids: TargetIds) -> Vectors:
        """Unit vectors of stored galaxies, of all modalities that are searched."""
        modalities = modalities_of(self._query.among)
        stored = [self._index.stored(modality) for modality in modalities]
        vectors = np.concatenate([one.take(one.rows_of(ids)) for one in stored], axis=1)
        vectors /= np.float32(np.sqrt(len(modalities)))
        return vectors


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
