"""How well a build answers in each direction: tuned on some galaxies, measured on others."""

import time
from collections.abc import Callable

import numpy as np

from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.index.manifest import DirectionManifest, ModalityManifest
from galsearch.index.modality import OpenModality, SearchSettings
from galsearch.index.plan import IndexPlan
from galsearch.index.recipe import IndexRecipe
from galsearch.index.stored import StoredVectors
from galsearch.index.tuning import RECALL_KS, ask, draw_ids, recall, tune


def measure_directions(
    opened: dict[Modality, OpenModality],
    entries: dict[Modality, ModalityManifest],
    recipe: IndexRecipe,
    report: Callable[[int, int], None],
    originals: dict[Modality, StoredVectors] | None = None,
) -> tuple[DirectionManifest, ...]:
    """How each direction is best answered, and how well against exact search of `originals`.

    Where vectors are stored in fewer bytes than they came in, `originals` are those they came in;
    by default what is stored is the truth. Tuning looks at what is stored alone, so that parts
    that are merged, whose originals are gone, are asked as a build made at once.
    """
    truth = {kind: modality.stored for kind, modality in opened.items()}
    truth.update(originals or {})
    asked = [(using, among) for using, among in DIRECTIONS if {using, among} <= set(opened)]
    found = []
    for using, among in asked:
        found.append(_direction(using, among, opened, truth, entries[among].plan, recipe))
        report(len(found), len(asked))
    return tuple(found)


def _direction(
    using: Modality,
    among: Modality,
    opened: dict[Modality, OpenModality],
    truth: dict[Modality, StoredVectors],
    plan: IndexPlan,
    recipe: IndexRecipe,
) -> DirectionManifest:
    stored = {kind: modality.stored for kind, modality in opened.items()}
    ids, held_out_ids = draw_ids(stored[using], n=recipe.n_tuning_queries, seed=recipe.seed)
    held_out = ask(truth[using], truth[among], held_out_ids)
    searched = opened[among]
    settings = SearchSettings(1, 1)
    flat = searched.lists is None
    if searched.lists is not None:
        tuning = ask(stored[using], stored[among], ids)
        settings = tune(searched.lists, stored[among], plan, tuning, recipe)
    recalls, exact_share, seconds = {}, 0.0, 0.0
    for k in RECALL_KS:
        start = time.perf_counter()
        answers = searched.search(
            held_out.vectors, k=k, exclude=held_out.target_ids, settings=settings
        )
        elapsed = time.perf_counter() - start
        recalls[k] = recall(answers, held_out, truth[among], k=k)
        if k == 10:
            exact_share = float(np.mean([hits.exact for hits in answers]))
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
