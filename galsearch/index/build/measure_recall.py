"""Measurement of recall and speed in each direction, with galaxies that did not tune the index."""

import time

from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.core.progress import StageProgress
from galsearch.index.build.tuning import (
    RECALL_KS,
    recall,
    sample_query_ids,
    search_exactly,
    tune,
)
from galsearch.index.plan.index_recipe import IndexRecipe
from galsearch.index.search.modality_index import ModalityIndex
from galsearch.index.search.search_settings import SearchSettings
from galsearch.index.storage.manifest import DirectionManifest
from galsearch.index.vectors.stored_vectors import StoredVectors


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
    truth = {**kept, **(originals or {})}
    tuning_ids, measuring_ids = sample_query_ids(
        stored[using], n=recipe.n_tuning_queries, seed=recipe.seed
    )
    queries = search_exactly(truth[using], truth[among], measuring_ids)
    searched, cross_modal = opened[among], using != among
    settings = SearchSettings(1, 1)
    lists = searched.lists_for(cross_modal=cross_modal)
    if lists is not None:
        tuning = search_exactly(stored[using], stored[among], tuning_ids)
        settings = tune(lists, stored[among], tuning, recipe)
    recalls, exact_share, seconds = {}, 0.0, 0.0
    query_rows = stored[among].rows_of(queries.target_ids)
    for k in RECALL_KS:
        start = time.perf_counter()
        found = searched.search(
            queries.vectors,
            k=k,
            exclude_rows=query_rows,
            settings=settings,
            cross_modal=cross_modal,
        )
        elapsed = time.perf_counter() - start
        recalls[k] = recall(found, queries, truth[among], k=k)
        if k == 10:
            exact_share = float(found.exact.mean())
            seconds = elapsed
    return DirectionManifest(
        using=using,
        among=among,
        n_probe=0 if lists is None else settings.n_probe,
        rerank=0 if lists is None else settings.rerank,
        n_queries=len(queries),
        held_out=tuning_ids is not measuring_ids,
        recall_at_1=recalls[1],
        recall_at_10=recalls[10],
        recall_at_100=recalls[100],
        exact_share=exact_share,
        queries_per_second=round(len(queries) / seconds, 1),
        missed_by=max(0.0, round(recipe.recall_target - recalls[10], 6)),
    )
