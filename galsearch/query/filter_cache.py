"""A cache of catalogue filters, for later queries that have the same filter."""

from collections import OrderedDict

import numpy as np

from galsearch.core.arrays import TargetIds
from galsearch.core.modality import Modality
from galsearch.files.forks import ForkSafeLock
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.index.search.row_filter import RowFilter
from galsearch.query.query import Cone

MAX_CACHED = 16
"""Number of filters that are cached; the least recently used one is dropped."""

_Filter = tuple[str | None, Cone | None]


class FilterCache:
    """The galaxies that fulfil each of the most recent filters of one index.

    Safe to share between threads. The catalogue is read outside the lock: threads filter at the
    same time, and a query without a filter, or with a cached one, waits for none of them.
    """

    def __init__(self, index: GalaxyIndex) -> None:
        self._index = index
        self._lock = ForkSafeLock()
        self._matches: OrderedDict[_Filter, TargetIds] = OrderedDict()
        self._row_filters: dict[tuple[_Filter, Modality], RowFilter] = {}

    def __len__(self) -> int:
        """Number of filters that are cached."""
        return len(self._matches)

    def __contains__(self, condition: _Filter) -> bool:
        """True where the filter (`where`, `within`) is cached."""
        return condition in self._matches

    def row_filter(
        self,
        where: str | None,
        within: Cone | None,
        among: Modality,
        *,
        ids: TargetIds | None = None,
    ) -> RowFilter:
        """The vectors of a modality whose galaxies fulfil a condition and lie within a cone.

        The catalogue is evaluated once for a filter, whatever modality is searched. A list of
        TARGETIDs is not cached.

        Raises
        ------
        QueryError
            Where the condition is malformed.
        """
        if ids is not None:
            if where is not None or within is not None:
                ids = np.intersect1d(ids, self._cached_ids((where, within), among))
            return self._index.row_filter(ids, among)
        condition = (where, within)
        with self._lock:
            row_filter = self._row_filters.get((condition, among))
            target_ids = self._matches.get(condition)
            if row_filter is not None:
                self._matches.move_to_end(condition)
        if row_filter is None:
            if target_ids is None:
                target_ids = self._matching(condition)
            row_filter = self._cache(condition, target_ids, among)
        return row_filter

    def _cached_ids(self, condition: _Filter, among: Modality) -> TargetIds:
        """The TARGETIDs that fulfil a filter, which is cached then."""
        with self._lock:
            target_ids = self._matches.get(condition)
            if target_ids is not None:
                self._matches.move_to_end(condition)
        if target_ids is None:
            target_ids = self._matching(condition)
            self._cache(condition, target_ids, among)
        return target_ids

    def _matching(self, condition: _Filter) -> TargetIds:
        """The TARGETIDs that fulfil a filter, read from the catalogue."""
        # Imported here: a query without a filter needs no Arrow.
        from galsearch.query.filters import matching

        where, within = condition
        with self._index.catalogue_files.open() as files:
            return matching(files, where=where, within=within)

    def _cache(self, condition: _Filter, target_ids: TargetIds, among: Modality) -> RowFilter:
        row_filter = self._index.row_filter(target_ids, among)
        with self._lock:
            self._matches[condition] = target_ids
            self._matches.move_to_end(condition)
            # Another thread may have made the same filter, whose lists may be cached already.
            row_filter = self._row_filters.setdefault((condition, among), row_filter)
            while len(self._matches) > MAX_CACHED:
                dropped, _ = self._matches.popitem(last=False)
                for modality in Modality:
                    self._row_filters.pop((dropped, modality), None)
        return row_filter
