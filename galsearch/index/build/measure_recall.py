"""Measurement of recall and speed in each direction, with galaxies that did not tune the index."""

import time
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from galsearch.core.arrays import Float64Array, TargetIds, Vectors
from galsearch.core.ids import find_rows
from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.core.progress import StageProgress
from galsearch.index.build.tuning import (
    RECALL_KS,
    QuerySample,
    recall_of_each,
    sample_query_ids,
    search_exactly,
    standard_error,
    tune,
)
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.plan.index_recipe import IndexRecipe
from galsearch.index.search.modality_index import ModalityIndex
from galsearch.index.search.search_result import SearchResult
from galsearch.index.search.search_settings import RareSettings, SearchSettings
from galsearch.index.storage.manifest import DirectionManifest, RareManifest
from galsearch.index.vectors.stored_vectors import StoredVectors

_N_MEASURED = 65_536
"""Number of galaxies among which the rarest queries of the other modality are found."""
_RARE_SHARE = 0.01
"""Fraction of the queries of the other modality that count as rare."""


def measure_directions(
    opened: dict[Modality, ModalityIndex],
    recipe: IndexRecipe,
    progress: StageProgress,
    originals: dict[Modality, StoredVectors] | None = None,
) -> tuple[DirectionManifest, ...]:
    """Tune every direction of search of an index, and measure its recall and speed.

    Parameters
    ----------
    opened
        The index over each modality, ready for search.
    recipe
        Recipe of the index.
    progress
        Receives the number of directions that have been measured.
    originals
        Vectors as they were embedded, against which recall is measured; default: those that the
        index keeps, or the stored ones where it keeps none.

    Returns
    -------
    tuple of DirectionManifest
        Settings, recall and speed of each direction between the modalities in `opened`.
    """
    pairs = [(using, among) for using, among in DIRECTIONS if {using, among} <= set(opened)]
    found = []
    for using, among in pairs:
        found.append(measure_direction(using, among, opened, recipe, originals))
        progress(len(found), len(pairs))
    return tuple(found)


def measure_direction(
    using: Modality,
    among: Modality,
    opened: dict[Modality, ModalityIndex],
    recipe: IndexRecipe,
    originals: dict[Modality, StoredVectors] | None = None,
) -> DirectionManifest:
    """Tune one direction of search, and return its settings, recall and speed.

    Parameters
    ----------
    using, among
        Modality of the queries, and modality that is searched.
    opened, recipe, originals
        Index over each modality, recipe and original vectors, as in `measure_directions`.
    """
    stored = {kind: modality.stored for kind, modality in opened.items()}
    kept = {kind: each.originals or each for kind, each in stored.items()}
    direction = _Direction(using, among, opened, recipe, {**kept, **(originals or {})})
    return direction.measure()


@dataclass(frozen=True)
class _Direction:
    """One direction of search of an index that is measured."""

    using: Modality
    among: Modality
    opened: dict[Modality, ModalityIndex]
    recipe: IndexRecipe
    truth: dict[Modality, StoredVectors]
    """Vectors against which recall is measured."""

    def measure(self) -> DirectionManifest:
        """Tune the direction, and return its settings, recall and speed."""
        lists, (ids, rare_ids, above) = self._lists, self._query_ids()
        tuning_ids, measuring_ids = self._sample(ids)
        queries = search_exactly(self.truth[self.using], self.truth[self.among], measuring_ids)
        settings = SearchSettings(1, 1)
        if lists is not None:
            tuning = search_exactly(self._stored(self.using), self._stored(self.among), tuning_ids)
            settings = tune(lists, self._stored(self.among), tuning, self.recipe)
        rare, nearest, measures = None, [], []
        if above is not None:
            rare, rare_nearest, measure = self._measure_rare(rare_ids, above, settings)
            settings = replace(settings, rare=RareSettings(above, rare.n_probe, rare.rerank))
            nearest, measures = [rare_nearest], [measure]
        searches = {k: self._search(queries, k, settings) for k in RECALL_KS}
        recalls = {k: self._recalls(search.found, queries, k) for k, search in searches.items()}
        at_10 = searches[10]
        nearest.append(_nearest(at_10.found))
        measures.append(self._most_outside(queries.vectors))
        return DirectionManifest(
            using=self.using,
            among=self.among,
            n_probe=0 if lists is None else settings.n_probe,
            rerank=0 if lists is None else settings.rerank,
            n_queries=len(queries),
            held_out=tuning_ids is not measuring_ids,
            recall_at_1=_mean(recalls[1]),
            recall_at_10=_mean(recalls[10]),
            recall_at_100=_mean(recalls[100]),
            exact_share=float(at_10.found.exact.mean()),
            queries_per_second=round(len(queries) / at_10.seconds, 1),
            missed_by=max(0.0, round(self.recipe.recall_target - _mean(recalls[10]), 6)),
            error=standard_error(recalls[10]),
            rare=rare,
            least_similarity=min((each for each in nearest if each is not None), default=None),
            most_outside=max((each for each in measures if each is not None), default=None),
        )

    @property
    def _lists(self) -> InvertedLists | None:
        return self.opened[self.among].lists_for(cross_modal=self.using != self.among)

    def _stored(self, kind: Modality) -> StoredVectors:
        return self.opened[kind].stored

    def _sample(self, ids: TargetIds) -> tuple[TargetIds, TargetIds]:
        return sample_query_ids(ids, n=self.recipe.n_tuning_queries, seed=self.recipe.seed)

    def _most_outside(self, vectors: Vectors) -> float | None:
        """Largest part of query vectors outside of the common axes; None without such axes."""
        outside = self.opened[self.among].outside
        return None if outside is None else float(outside.axes.measure(vectors).max())

    def _query_ids(self) -> tuple[TargetIds, TargetIds, float | None]:
        """TARGETIDs of common and of rare queries, and the measure from which one is rare.

        Queries of the searched modality are rare where they lie outside of its common axes. Of
        queries of the other modality, which all lie outside to some extent, the rarest per cent.
        """
        stored, outside = self._stored(self.using), self.opened[self.among].outside
        if outside is None or self._lists is None:
            return stored.ids, stored.ids[:0], None
        if self.using == self.among:
            rare = np.sort(stored.ids_at(outside.rows))
            common = stored.ids[find_rows(rare, stored.ids) < 0]
            return common if len(common) else stored.ids, rare, outside.axes.limit
        generator = np.random.default_rng(self.recipe.seed)
        ids = np.sort(generator.permutation(stored.ids)[:_N_MEASURED])
        measures = outside.axes.measure(self.truth[self.using].take(stored.rows_of(ids)))
        above = max(outside.axes.limit, float(np.quantile(measures, 1 - _RARE_SHARE)))
        rare = ids[measures > above]
        return stored.ids[find_rows(rare, stored.ids) < 0], rare, above

    def _measure_rare(
        self, ids: TargetIds, above: float, common: SearchSettings
    ) -> tuple[RareManifest, float | None, float | None]:
        """Tune and measure rare queries; without any, they have the settings of common ones.

        The result is their entry in the manifest, the smallest similarity of a nearest neighbour,
        and the largest part of a query outside of the common axes.
        """
        searched, lists = self.opened[self.among], self._lists
        if not len(ids) or lists is None or searched.outside is None:
            return RareManifest(above, common.n_probe, common.rerank, 0, 1.0, 0.0), None, None
        tuning_ids, measuring_ids = self._sample(ids)
        tuning = search_exactly(self._stored(self.using), searched.stored, tuning_ids)
        tuning = replace(tuning, outside=searched.outside.rows)
        tuned = tune(lists, searched.stored, tuning, self.recipe)
        n_probe, rerank = tuned.n_probe, tuned.rerank
        settings = SearchSettings(n_probe, rerank, RareSettings(above, n_probe, rerank))
        queries = search_exactly(self.truth[self.using], self.truth[self.among], measuring_ids)
        found = self._search(queries, 10, settings).found
        recalls = self._recalls(found, queries, 10)
        mean, error = _mean(recalls), standard_error(recalls)
        rare = RareManifest(above, n_probe, rerank, len(queries), mean, error)
        return rare, _nearest(found), self._most_outside(queries.vectors)

    def _recalls(self, found: SearchResult, queries: QuerySample, k: int) -> Float64Array:
        return recall_of_each(found, queries, self.truth[self.among], k=k)

    def _search(self, queries: QuerySample, k: int, settings: SearchSettings) -> "_Timed":
        start = time.perf_counter()
        found = self.opened[self.among].search(
            queries.vectors,
            k=k,
            exclude_rows=self._stored(self.among).rows_of(queries.target_ids),
            settings=settings,
            cross_modal=self.using != self.among,
        )
        return _Timed(found, time.perf_counter() - start)


class _Timed(NamedTuple):
    """The result of a search, and the seconds that it took."""

    found: SearchResult
    seconds: float


def _mean(recalls: Float64Array) -> float:
    """Mean recall; 1 where there are no queries with neighbours."""
    return float(recalls.mean()) if len(recalls) else 1.0


def _nearest(found: SearchResult) -> float | None:
    """Smallest similarity of a query to its nearest neighbour; None where none was found."""
    nearest = found.similarity[:, 0] if found.similarity.shape[1] else np.empty(0, np.float32)
    nearest = nearest[np.isfinite(nearest)]
    return float(nearest.min()) if len(nearest) else None
