"""Query-aware inverted lists over one modality, for queries of the other modality.

Image embeddings carry only part of the information in spectra (no precise redshift, for example),
so the nearest spectra of an image are spread over many inverted lists that were built from spectra
alone: the queries are out of the distribution of the searched vectors. Query-aware lists are
trained in the subspace spanned by such queries. Each axis is scaled by the spread (rms) of the
queries along it; then the squared distance of a vector x from its code c is the mean squared error
of the inner product over queries q, E[(q.(x - c))^2] = (x - c) E[q q] (x - c), and k-means and
product quantisation minimise it. Candidates are ordered by inner product: no inner product is near
1 between the modalities, and one lookup table of a query serves all lists.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TypeAlias

import numpy as np

from galsearch.core.arrays import Float32Array
from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.core.progress import StageProgress
from galsearch.index.build.measure_recall import measure_direction
from galsearch.index.build.modality_build import ModalityBuild
from galsearch.index.build.tuning import search_cost
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.ivf.train_lists import (
    PCA_SAMPLE_SIZE,
    fill_lists,
    sample_vectors,
    train_rotated_lists,
)
from galsearch.index.plan.choose_plan import allowed_n_subvectors
from galsearch.index.plan.index_plan import IndexPlan, list_bytes
from galsearch.index.plan.index_recipe import IndexRecipe, size_bytes
from galsearch.index.storage.manifest import DirectionManifest
from galsearch.index.vectors.pca import MAX_UNEXPLAINED, PrincipalAxes

Stage: TypeAlias = Callable[[str], AbstractContextManager[StageProgress]]
"""A function that returns a context manager of the progress of a stage with a given name."""
MIN_N_PROBE = 32
"""Smallest number of lists that cross-modal queries probe for query-aware lists to be tried."""
MIN_PROBE_RATIO = 4
"""Ratio of the lists that cross-modal queries probe to those that queries of the searched modality
probe, above which query-aware lists are tried."""
_MIN_SAVED_COST = 0.2
"""Fraction of the cost of a query that query-aware lists must save, because they need memory."""
_MIN_RELATIVE_SPREAD = 1e-3
"""Lower bound on the scale of an axis, relative to the largest, to avoid dividing queries by values
near zero."""


def add_query_aware_lists(
    builds: dict[Modality, ModalityBuild],
    recipe: IndexRecipe,
    directions: Sequence[DirectionManifest],
    stage: Stage,
) -> tuple[DirectionManifest, ...]:
    """Add query-aware lists for directions of search that they make cheaper.

    Parameters
    ----------
    builds
        Both modalities of an index that is being built; lists are added to them.
    recipe
        Recipe of the index.
    directions
        Settings and recall of each direction without such lists.
    stage
        Returns a context manager of the progress of a stage with a given name.

    Returns
    -------
    tuple of DirectionManifest
        The entry of every direction, measured again where lists were added.
    """
    measured = {(entry.using, entry.among): entry for entry in directions}
    for using, among in directions_to_try(directions):
        with stage(f"query-aware lists, {using} to {among}") as progress:
            before = measured[using, among]
            trial = try_query_aware_lists(builds, recipe, before, progress)
            if trial is not None:
                lists, measured[using, among] = trial
                builds[among].add_query_aware_lists(lists)
    return tuple(measured.values())


def directions_to_try(
    directions: Sequence[DirectionManifest],
) -> Iterator[tuple[Modality, Modality]]:
    """Iterate over the cross-modal directions for which query-aware lists may be worthwhile.

    In these directions, a query probes far more lists than a query of the searched modality does.
    Each item is a pair of the query modality and the searched modality.
    """
    n_probe = {(entry.using, entry.among): entry.n_probe for entry in directions}
    for using, among in DIRECTIONS:
        own, cross_modal = n_probe.get((among, among), 0), n_probe.get((using, among), 0)
        if own and cross_modal >= MIN_N_PROBE and cross_modal > MIN_PROBE_RATIO * own:
            yield using, among


def try_query_aware_lists(
    builds: dict[Modality, ModalityBuild],
    recipe: IndexRecipe,
    before: DirectionManifest,
    progress: StageProgress,
) -> tuple[InvertedLists, DirectionManifest] | None:
    """Train and measure query-aware lists for one direction of search.

    Parameters
    ----------
    builds
        Both modalities of an index that is being built; they are not changed.
    recipe
        Recipe of the index.
    before
        Settings and recall of the direction without query-aware lists.
    progress
        Receives the number of vectors added to the lists.

    Returns
    -------
    tuple or None
        The filled lists, and the settings and recall of the direction with them. None where the
        lists would exceed the memory budget, save less than a fifth of the cost of a query, or miss
        the recall target by more than before.
    """
    using, among = before.using, before.among
    lists = _train(builds, recipe, using, among)
    if lists is None:
        return None
    fill_lists(lists, builds[among].originals, progress)
    opened = {kind: build.opened for kind, build in builds.items()}
    opened[among] = dataclasses.replace(opened[among], query_aware_lists=lists)
    originals = {kind: build.originals for kind, build in builds.items()}
    measured = measure_direction(using, among, opened, recipe, originals)
    cost_before = search_cost(builds[among].quantisers.plan, before.n_probe, before.rerank)
    cost = search_cost(lists.plan, measured.n_probe, measured.rerank)
    if measured.missed_by > before.missed_by or cost > (1 - _MIN_SAVED_COST) * cost_before:
        return None
    return lists, measured


def _train(
    builds: dict[Modality, ModalityBuild],
    recipe: IndexRecipe,
    using: Modality,
    among: Modality,
) -> InvertedLists | None:
    """Trained query-aware lists without vectors; None where they would exceed the memory budget."""
    queries = sample_vectors(builds[using].originals, PCA_SAMPLE_SIZE, recipe.seed)
    pca = PrincipalAxes.fit(queries)
    own_plan = builds[among].quantisers.plan
    plan = plan_query_aware_lists(own_plan, pca.n_components_for(MAX_UNEXPLAINED))
    if not _fits_memory(plan, builds, recipe):
        return None
    sample = sample_vectors(builds[among].originals, plan.n_training, recipe.seed)
    return train_rotated_lists(plan, scaled_axes(pca, plan.n_components), sample, recipe.seed)


def plan_query_aware_lists(own: IndexPlan, n_components: int) -> IndexPlan:
    """The plan of query-aware lists, which have 4-bit codes and are ranked by inner product.

    There are half as many lists as for queries of the searched modality, because queries of the
    other modality probe many of them.

    Parameters
    ----------
    own
        Plan of the lists for queries of the searched modality.
    n_components
        Number of PCA components of the queries.

    Examples
    --------
    >>> from galsearch.index.plan.choose_plan import plan_index
    >>> own = plan_index(IndexRecipe(), n_vectors=1_000_000, dim=128)
    >>> plan = plan_query_aware_lists(own, 32)
    >>> plan.n_lists, plan.n_subvectors, plan.code_bytes, plan.metric
    (2048, 32, 16.0, 'ip')
    """
    return dataclasses.replace(
        own,
        kind="fastscan",
        n_lists=max(1, own.n_lists // 2),
        n_components=n_components,
        n_subvectors=allowed_n_subvectors("fastscan", n_components)[-1],
        n_bits=4,
        metric="ip",
    )


def _fits_memory(
    plan: IndexPlan, builds: dict[Modality, ModalityBuild], recipe: IndexRecipe
) -> bool:
    """True where all lists together, with additional lists of `plan`, fit the memory budget."""
    if recipe.memory_budget is None:
        return True
    plans = [plan, *(build.quantisers.plan for build in builds.values())]
    query_aware = [build.opened.query_aware_lists for build in builds.values()]
    plans += [lists.plan for lists in query_aware if lists is not None]
    return sum(map(list_bytes, plans)) <= (size_bytes(recipe.memory_budget) or 0)


def scaled_axes(pca: PrincipalAxes, n: int) -> Float32Array:
    """The `n` widest principal axes of queries, scaled by the spread (rms) of queries along them.

    The float32 array has shape (n, d), one axis in each row.
    """
    ratio = pca.explained_variance_ratio
    spread = np.sqrt(np.maximum(ratio[:n], _MIN_RELATIVE_SPREAD**2 * ratio[0]))
    return np.asarray(pca.axes[:n] * spread[:, None], np.float32)
