"""Notes on queries that lie where the recall of an index was not measured.

A query is such where it lies farther outside of the common axes of the searched vectors than all
queries that measured recall, or where its nearest neighbour is less similar than theirs were. Both
cost next to nothing.
"""

import numpy as np

from galsearch.core.arrays import BoolArray
from galsearch.core.modality import Modality
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.index.search.search_result import SearchResult
from galsearch.query.query import Query
from galsearch.query.resolved_query import ResolvedQuery


def notes_on_recall(
    index: GalaxyIndex, query: Query, resolved: ResolvedQuery, found: SearchResult
) -> tuple[str, ...]:
    """A sentence on the queries that lie where recall was not measured; empty if none does.

    Exact results need none. Of results with a filter, only the position of the query is judged.
    """
    unmeasured = _unmeasured(index, query, resolved, found)
    count = int(np.count_nonzero(unmeasured))
    if not count:
        return ()
    subject = "The query lies"
    if len(unmeasured) > 1:
        subject = f"{count:,} of {len(unmeasured):,} queries lie"
    return (
        f"{subject} where the recall of index '{index.manifest.recipe.name}' was not measured, "
        "unlike its galaxies; exact search finds all neighbours.",
    )


def _unmeasured(
    index: GalaxyIndex, query: Query, resolved: ResolvedQuery, found: SearchResult
) -> BoolArray:
    """True for queries that lie where recall was not measured, shape (q,)."""
    none = np.zeros(len(found), bool)
    if found.exact.all() or not isinstance(query.among, Modality) or len(resolved.vectors) != 1:
        return none
    ((using, vectors),) = resolved.vectors.items()
    entry = index.manifest.direction(using, query.among)
    if entry is None or len(vectors) != len(found):
        return none
    unmeasured = none
    outside = index.outside(query.among)
    if entry.most_outside is not None and outside is not None:
        unmeasured = unmeasured | (outside.axes.measure(vectors) > entry.most_outside)
    is_filtered = query.where is not None or query.within is not None or query.ids is not None
    if entry.least_similarity is not None and found.similarity.shape[1] and not is_filtered:
        unmeasured = unmeasured | (found.similarity[:, 0] < entry.least_similarity)
    return np.asarray(unmeasured & ~found.exact)
