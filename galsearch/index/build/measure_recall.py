"""Measurement of recall and speed in each direction, with galaxies that did not tune the index."""

import time
from dataclasses import dataclass, replace

import numpy as np

from galsearch.core.arrays import Float32Array, TargetIds, Vectors
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
        searched, lists = self.opened[self.among], self._lists
        ids, rare_ids, above = self._query_ids()
        tuning_ids, measuring_ids = self._sample(ids)
        queries = search_exactly(self.truth[self.using], self.truth[self.among], measuring_ids)
        settings = SearchSettings(1, 1)
        if lists is not None:
            tuning = search_exactly(self._stored(self.using), searched.stored, tuning_ids)
            settings = tune(lists, searched.stored, tuning, self.recipe)
        rare = None if above is None else self._measure_rare(rare_ids, above, settings)
        if rare is not None:
            settings = replace(settings, rare=RareSettings(rare.above, rare.n_probe, rare.rerank))
        recalls, exact_share, seconds, error = {}, 0.0, 0.0, 0.0
        nearest = np.empty(0, np.float32)
        for k in RECALL_KS:
            start = time.perf_counter()
            found = self._search(queries, k, settings)
            elapsed = time.perf_counter() - start
            fractions = recall_of_each(found, queries, self.truth[self.among], k=k)
            recalls[k] = float(fractions.mean()) if len(fractions) else 1.0
            if k == 10:
                exact_share = float(found.exact.mean())
                seconds, error = elapsed, standard_error(fractions)
                nearest = found.similarity[:, 0][np.isfinite(found.similarity[:, 0])]
        measures = self._measures(queries.vectors)
        return DirectionManifest(
            using=self.using,
            among=self.among,
            n_probe=0 if lists is None else settings.n_probe,
            rerank=0 if lists is None else settings.rerank,
            n_queries=len(queries),
            held_out=tuning_ids is not measuring_ids,
            recall_at_1=recalls[1],
            recall_at_10=recalls[10],
            recall_at_100=recalls[100],
            exact_share=exact_share,
            queries_per_second=round(len(queries) / seconds, 1),
            missed_by=max(0.0, round(self.recipe.recall_target - recalls[10], 6)),
            error=error,
            rare=rare,
            least_similarity=float(nearest.min()) if len(nearest) else None,
            most_outside=None if measures is None else float(measures.max()),
        )

    @property
    def _lists(self) -> InvertedLists | None:
        return self.opened[self.among].lists_for(cross_modal=self.using != self.among)

    def _stored(self, kind: Modality) -> StoredVectors:
        return self.opened[kind].stored

    def _sample(self, ids: TargetIds) -> tuple[TargetIds, TargetIds]:
        return sample_query_ids(ids, n=self.recipe.n_tuning_queries, seed=self.recipe.seed)

    def _measures(self, vectors: Vectors) -> Float32Array | None:
        """Part of query vectors outside of the common axes; None where there are no such axes."""
        outside = self.opened[self.among].outside
        return None if outside is None else outside.axes.measure(vectors)

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

    def _measure_rare(self, ids: TargetIds, above: float, common: SearchSettings) -> RareManifest:
        """Tune and measure rare queries; without any, they have the settings of common ones."""
        searched, lists = self.opened[self.among], self._lists
        if not len(ids) or lists is None or searched.outside is None:
            return RareManifest(above, common.n_probe, common.rerank, 0, 1.0, 0.0)
        tuning_ids, measuring_ids = self._sample(ids)
        tuning = search_exactly(self._stored(self.using), searched.stored, tuning_ids)
        tuning = replace(tuning, outside=searched.outside.rows)
        tuned = tune(lists, searched.stored, tuning, self.recipe)
        rare = RareSettings(above, tuned.n_probe, tuned.rerank)
        queries = search_exactly(self.truth[self.using], self.truth[self.among], measuring_ids)
        found = self._search(queries, 10, SearchSettings(tuned.n_probe, tuned.rerank, rare))
        fractions = recall_of_each(found, queries, self.truth[self.among], k=10)
        mean = float(fractions.mean()) if len(fractions) else 1.0
        return RareManifest(
            above, tuned.n_probe, tuned.rerank, len(queries), mean, standard_error(fractions)
        )

    def _search(self, queries: QuerySample, k: int, settings: SearchSettings) -> SearchResult:
        return self.opened[self.among].search(
            queries.vectors,
            k=k,
            exclude_rows=self._stored(self.among).rows_of(queries.target_ids),
            settings=settings,
            cross_modal=self.using != self.among,
        )
