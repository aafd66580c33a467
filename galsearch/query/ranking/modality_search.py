"""Search of one modality, or of both, by the vectors of one modality, or of both.

The similarity of two galaxies in both modalities is the mean of the cosines of their images and of
their spectra. That is the cosine of both embeddings joined to one vector, and needs no cosine
between an image and a spectrum, which carries less. Where one side has one modality only, it is
compared with each modality of the other side.
"""

import functools
from collections.abc import Mapping

import numpy as np

from galsearch.core.arrays import Float32Array, TargetIds, Vectors
from galsearch.core.modality import Modality, QueryModality, modalities_of
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.index.search.row_filter import RowFilter
from galsearch.index.search.search_result import SearchResult
from galsearch.query.query import Query
from galsearch.query.resolved_query import ResolvedQuery

_FEWEST_CANDIDATES = 500
"""Number of candidates of each modality with which a search of both begins."""
_EXACT_FROM_SHARE = 0.1
"""Share of all galaxies from which comparing all of them is cheaper than ranking candidates."""


def search_modalities(
    index: GalaxyIndex,
    query: Query,
    resolved: ResolvedQuery,
    filters: Mapping[Modality, RowFilter] | None,
    *,
    k: int,
    rows: slice = slice(None),
) -> SearchResult:
    """The `k` nearest galaxies of some of the vectors of a query, whatever modalities it names.

    Parameters
    ----------
    filters
        The vectors of each modality that is searched which may be found; None for all.
    k
        Number of neighbours of each vector.
    rows
        Which of the vectors of the query are searched.

    Returns
    -------
    SearchResult
        Its `rows` are those of the first modality that is searched.
    """
    vectors = {modality: found[rows] for modality, found in resolved.vectors.items()}
    own_rows = None if resolved.rows is None else resolved.rows[rows]
    if not isinstance(query.among, Modality):
        own_ids = None if resolved.target_ids is None else resolved.target_ids[rows]
        return _search_both(index, query, vectors, own_ids, filters, k)
    length = None
    if len(vectors) == 1:
        ((using, given),) = vectors.items()
    else:
        # The mean of two cosines with one vector is a cosine with the mean of two vectors.
        using, mean = query.among, sum(vectors.values()) / 2
        length = np.linalg.norm(mean, axis=1, keepdims=True).astype(np.float32)
        given = (mean / np.maximum(length, 1e-12)).astype(np.float32)
    found = index.search(
        given,
        using=using,
        among=query.among,
        k=k,
        exclude_rows=own_rows,
        n_probe=query.n_probe,
        exact=query.exact,
        row_filter=None if filters is None else filters[query.among],
    )
    if length is None:
        return found
    return SearchResult(found.rows, found.target_ids, found.similarity * length, found.exact)


def _search_both(
    index: GalaxyIndex,
    query: Query,
    vectors: dict[Modality, Vectors],
    own_ids: TargetIds | None,
    filters: Mapping[Modality, RowFilter] | None,
    k: int,
) -> SearchResult:
    """The `k` galaxies of largest mean cosine, among those that have both modalities."""
    n = len(next(iter(vectors.values())))
    parts = []
    for i in range(n):
        own = 0 if own_ids is None else int(own_ids[i])
        one = {modality: found[i] for modality, found in vectors.items()}
        parts.append(_search_both_once(index, query, one, own, filters, k))
    width = max((len(ids) for ids, _, _ in parts), default=0)
    target_ids = np.zeros((n, width), np.int64)
    similarity = np.full((n, width), np.nan, np.float32)
    for i, (ids, cosines, _) in enumerate(parts):
        target_ids[i, : len(ids)], similarity[i, : len(ids)] = ids, cosines
    found_rows = index.stored(Modality.IMAGE).rows_of(target_ids.reshape(-1))
    exact = np.array([is_exact for _, _, is_exact in parts], bool)
    return SearchResult(found_rows.reshape(target_ids.shape), target_ids, similarity, exact)


def _search_both_once(
    index: GalaxyIndex,
    query: Query,
    vectors: dict[Modality, Vectors],
    own: int,
    filters: Mapping[Modality, RowFilter] | None,
    k: int,
) -> tuple[TargetIds, Float32Array, bool]:
    """TARGETIDs and mean cosines of the best `k`, and whether all galaxies were compared.

    Candidates are the best of each modality alone. No other galaxy can have a larger mean than
    that of the cosines at which both lists end (the threshold algorithm of Fagin, Lotem and Naor
    2003), so the lists are made longer until the mean of the last result is not below it.
    """
    n_all = min(
        len(index.stored(m) if filters is None else filters[m]) for m in modalities_of(query.among)
    )
    depth = max(_FEWEST_CANDIDATES, 4 * (k + 1))
    while not query.exact and depth < _EXACT_FROM_SHARE * n_all:
        lists = [
            index.search(
                _vector_for(vectors, among)[None],
                using=_using_for(query.using, among),
                among=among,
                k=depth,
                n_probe=query.n_probe,
                row_filter=None if filters is None else filters[among],
            )
            for among in Modality
        ]
        candidates = np.union1d(*(found.target_ids[0, : found.counts[0]] for found in lists))
        threshold = np.mean([found.similarity[0, found.counts[0] - 1] for found in lists])
        ids, cosines = _best(index, vectors, candidates, own, k)
        if len(ids) == k and cosines[-1] >= threshold:
            return ids, cosines, bool(all(found.exact[0] for found in lists))
        depth *= 4
    everything = [
        index.stored(m).ids if filters is None else index.stored(m).ids_at(filters[m].rows)
        for m in modalities_of(query.among)
    ]
    ids, cosines = _best(index, vectors, functools.reduce(np.intersect1d, everything), own, k)
    return ids, cosines, True


def _best(
    index: GalaxyIndex, vectors: dict[Modality, Vectors], ids: TargetIds, own: int, k: int
) -> tuple[TargetIds, Float32Array]:
    """The best `k` of the galaxies that have both modalities, and their mean cosines."""
    ids = ids[ids != own]
    rows = {modality: index.stored(modality).rows_of(ids) for modality in Modality}
    complete = np.all([found >= 0 for found in rows.values()], axis=0)
    ids = ids[complete]
    mean = np.zeros(len(ids), np.float64)
    for modality, found in rows.items():
        query = _vector_for(vectors, modality)
        mean += index.stored(modality).cosines(found[complete], query) / 2
    cosines = mean.astype(np.float32)
    order = np.lexsort((ids, -cosines))[:k]
    return ids[order], cosines[order]


def _vector_for(vectors: dict[Modality, Vectors], among: Modality) -> Vectors:
    """The vector of a query that is compared with a modality: of the same one if there is one."""
    return vectors[among] if among in vectors else next(iter(vectors.values()))


def _using_for(using: QueryModality, among: Modality) -> Modality:
    return using if isinstance(using, Modality) else among
