"""Cross lists: inverted lists over one modality, made for questions of the other.

An image tells roughly what a spectrum shows and nothing of the fourth digit of its redshift.
What it is near to is then scattered over lists that were made by all that tells spectra apart, and
many must be read. Cross lists look at vectors as questions do: along the axes in which questions
spread, each stretched by how far. There the squared distance of a vector from what a centroid or a
code makes of it is the mean square error, over questions, of the inner product with it
(E[(q.(x - c))^2] = (x - c) E[q q] (x - c)), so both err least where a question would notice.
Inner products rank, not distances: nothing is near 1, and one table of products serves all lists.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from galsearch.core.arrays import Vectors
from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.index.build.measure_recall import measure_direction
from galsearch.index.build.quantisers import Quantisers
from galsearch.index.build.tuning import cost_of
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.ivf.lists_file import write_lists
from galsearch.index.ivf.train_lists import (
    PCA_SAMPLE_SIZE,
    fill_lists,
    sample_vectors,
    train_rotated_lists,
)
from galsearch.index.plan.index_plan import IndexPlan, allowed_n_subvectors, list_bytes
from galsearch.index.plan.index_recipe import IndexRecipe, size_bytes
from galsearch.index.search.modality_index import OpenModality
from galsearch.index.storage.manifest import CROSS_LISTS_NAME, DirectionManifest
from galsearch.index.vectors.pca import MAX_UNEXPLAINED, PrincipalAxes
from galsearch.index.vectors.stored_vectors import StoredVectors

FROM_PROBE = 32
WIDER = 4
"""Cross lists are tried where a question reads so many lists, and so many times as many as one of
the modality that is searched."""
_SAVED = 0.2
"""Of the cost of a question, at least: what cross lists take in memory wants a reason."""
_LEAST_STRETCH = 1e-3
"""Of the widest axis: the directions that questions do not know are not blown up when asked."""


def worth_trying(directions: Sequence[DirectionManifest]) -> Iterator[tuple[Modality, Modality]]:
    """The (using, among) whose questions read far more lists than those of `among` itself."""
    probes = {(entry.using, entry.among): entry.n_probe for entry in directions}
    for using, among in DIRECTIONS:
        own, cross = probes.get((among, among), 0), probes.get((using, among), 0)
        if own and cross >= FROM_PROBE and cross > WIDER * own:
            yield using, among


@dataclass(frozen=True)
class UnfinishedBuild:
    """What a build has made of both modalities so far."""

    recipe: IndexRecipe
    made: dict[Modality, Quantisers]
    opened: dict[Modality, OpenModality]
    originals: dict[Modality, StoredVectors]
    folder: Path
    """Of the modality that is searched."""


def add_cross_lists(
    unfinished: UnfinishedBuild,
    using: Modality,
    among: Modality,
    directions: tuple[DirectionManifest, ...],
    report: Callable[[int, int], None],
) -> tuple[DirectionManifest, ...]:
    """The directions, the one from `using` among `among` by cross lists where these are better.

    Then the lists are in `unfinished` and in a file of its folder. They are not made where they
    would exceed the memory budget, and not kept where a question is not cheaper by a fifth.
    """
    before = next(entry for entry in directions if (entry.using, entry.among) == (using, among))
    lists = _trained(unfinished, using, among)
    if lists is None:
        return directions
    fill_lists(lists, unfinished.originals[among], report)
    opened = dataclasses.replace(unfinished.opened[among], cross=lists)
    tried = {**unfinished.opened, among: opened}
    found = measure_direction(using, among, tried, unfinished.recipe, unfinished.originals)
    own_cost = cost_of(unfinished.made[among].plan, before.n_probe, before.rerank)
    cost = cost_of(lists.plan, found.n_probe, found.rerank)
    if found.missed_by > before.missed_by or cost > (1 - _SAVED) * own_cost:
        return directions
    write_lists(lists, unfinished.folder / CROSS_LISTS_NAME)
    unfinished.opened[among], unfinished.made[among].cross = opened, lists
    return tuple(found if entry is before else entry for entry in directions)


def _trained(unfinished: UnfinishedBuild, using: Modality, among: Modality) -> InvertedLists | None:
    """Empty cross lists, None where they would not fit the memory."""
    recipe, stored = unfinished.recipe, unfinished.originals[among]
    pca = PrincipalAxes.fit(
        sample_vectors(unfinished.originals[using], PCA_SAMPLE_SIZE, recipe.seed)
    )
    plan = plan_cross_lists(unfinished.made[among].plan, pca.n_components_for(MAX_UNEXPLAINED))
    if not _fits_memory(plan, unfinished):
        return None
    sample = sample_vectors(stored, plan.n_training, recipe.seed)
    return train_rotated_lists(plan, stretched_axes(pca, plan.n_components), sample, recipe.seed)


def plan_cross_lists(own: IndexPlan, n_components: int) -> IndexPlan:
    """Half as many lists as the modality's own, since many are read; short 4-bit codes.

    Examples
    --------
    >>> from galsearch.index.plan.index_plan import plan_index
    >>> own = plan_index(IndexRecipe(), n_vectors=1_000_000, dim=128)
    >>> plan = plan_cross_lists(own, 32)
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


def _fits_memory(plan: IndexPlan, unfinished: UnfinishedBuild) -> bool:
    if unfinished.recipe.memory_budget is None:
        return True
    plans = [plan, *(made.plan for made in unfinished.made.values())]
    plans += [made.cross.plan for made in unfinished.made.values() if made.cross is not None]
    return sum(map(list_bytes, plans)) <= (size_bytes(unfinished.recipe.memory_budget) or 0)


def stretched_axes(pca: PrincipalAxes, n: int) -> Vectors:
    """(n, d) float32, the widest axes of a pca, each as long as vectors reach along it (rms)."""
    reach = np.sqrt(
        np.maximum(
            pca.explained_variance_ratio[:n], _LEAST_STRETCH**2 * pca.explained_variance_ratio[0]
        )
    )
    return np.asarray(pca.axes[:n] * reach[:, None], np.float32)
