"""How well a build answers in each direction: tuned on some galaxies, measured on others."""

import time
from collections.abc import Callable

from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.index.build.tuning import RECALL_KS, ask, draw_ids, recall, tune
from galsearch.index.plan.index_recipe import IndexRecipe
from galsearch.index.search.modality_index import OpenModality, SearchSettings
from galsearch.index.storage.manifest import DirectionManifest
from galsearch.index.vectors.stored_vectors import StoredVectors


def measure_directions(
    opened: dict[Modality, OpenModality],
    recipe: IndexRecipe,
    report: Callable[[int, int], None],
    originals: dict[Modality, StoredVectors] | None = None,
) -> tuple[DirectionManifest, ...]:
    """How each direction is best answered, and how well against exact search of `originals`.

    Where vectors are stored in fewer bytes than they came in, `originals` are those they came in;
    by default what is stored is the truth. Tuning looks at what is stored alone, so that parts
    that are merged, whose originals are gone, are asked as a build made at once.
    """
    asked = [(using, among) for using, among in DIRECTIONS if {using, among} <= set(opened)]
    found = []
    for using, among in asked:
        found.append(measure_direction(using, among, opened, recipe, originals))
        report(len(found), len(asked))
    return tuple(found)


def measure_direction(
    using: Modality,
    among: Modality,
    opened: dict[Modality, OpenModality],
    recipe: IndexRecipe,
    originals: dict[Modality, StoredVectors] | None = None,
) -> DirectionManifest:
    """As `measure_directions`, one of them."""
    stored = {kind: modality.stored for kind, modality in opened.items()}
    truth = {**stored, **(originals or {})}
    ids, held_out_ids = draw_ids(stored[using], n=recipe.n_tuning_queries, seed=recipe.seed)
    held_out = ask(truth[using], truth[among], held_out_ids)
    searched, crossing = opened[among], using != among
    settings = SearchSettings(1, 1)
    lists = searched.lists_for(crossing=crossing)
    flat = lists is None
    if lists is not None:
        tuning = ask(stored[using], stored[among], ids)
        settings = tune(lists, stored[among], tuning, recipe)
    recalls, exact_share, seconds = {}, 0.0, 0.0
    query_rows = stored[among].rows_of(held_out.target_ids)
    for k in RECALL_KS:
        start = time.perf_counter()
        found = searched.search(
            held_out.vectors,
            k=k,
            exclude_rows=query_rows,
            settings=settings,
            crossing=crossing,
        )
        elapsed = time.perf_counter() - start
        recalls[k] = recall(found, held_out, truth[among], k=k)
        if k == 10:
            exact_share = float(found.exact.mean())
            seconds = elapsed
    return DirectionManifest(
        using=using,
        among=among,
        n_probe=0 if flat else settings.n_probe,
        rerank=0 if flat else settings.rerank,
        n_queries=len(held_out),
        held_out=ids is not held_out_ids,
        recall_at_1=recalls[1],
        recall_at_10=recalls[10],
        recall_at_100=recalls[100],
        exact_share=exact_share,
        queries_per_second=round(len(held_out) / seconds, 1),
        missed_by=max(0.0, round(recipe.recall_target - recalls[10], 6)),
    )
