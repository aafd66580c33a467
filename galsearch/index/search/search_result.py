"""The neighbours of many queries in one modality, as arrays."""

from dataclasses import dataclass

import numpy as np

from galsearch.core.arrays import BoolArray, Float32Array, Int64Array, Rows, TargetIds
from galsearch.core.errors import ManifestError
from galsearch.index.vectors.stored_vectors import StoredVectors


def not_finite(stored: StoredVectors, rows: Rows) -> ManifestError:
    """The error about stored vectors in some rows that cannot be compared with a query."""
    target_id = int(stored.ids_at(rows[:1])[0])
    return ManifestError(
        f"the stored vector of TARGETID {target_id} cannot be compared with the query, because one "
        f"of them is not finite ({len(rows):,} such vectors).",
        target_id=target_id,
    )


@dataclass(frozen=True, eq=False)
class SearchResult:
    """Neighbours of q queries: descending true cosines, equal ones by ascending TARGETID.

    Where fewer than `k` were found, the rest of a row is padding: row -1, TARGETID 0 and
    similarity NaN.
    """

    rows: Rows
    """(q, k) rows of the stored vectors of the modality searched."""
    target_ids: TargetIds
    """(q, k)"""
    similarity: Float32Array
    """(q, k)"""
    exact: BoolArray
    """(q,) True where every vector that was allowed has been compared as it was embedded."""

    @classmethod
    def of_rows(
        cls, stored: StoredVectors, rows: Rows, similarity: Float32Array, exact: BoolArray
    ) -> "SearchResult":
        """The result with the TARGETIDs of the rows found in `stored`.

        Raises
        ------
        ManifestError
            Where a similarity is NaN, because a stored vector is not finite.
        """
        if not rows.size:
            return cls(rows, rows, similarity, exact)
        padding = rows < 0
        wrong = ~(np.isfinite(similarity) | padding)
        if wrong.any():
            raise not_finite(stored, rows[wrong])
        if not padding.any():
            return cls(rows, stored.ids_at(rows), similarity, exact)
        target_ids = np.where(padding, 0, stored.ids_at(np.where(padding, 0, rows)))
        return cls(rows, target_ids, similarity, exact)

    def __len__(self) -> int:
        """Number of queries."""
        return len(self.rows)

    @property
    def counts(self) -> Int64Array:
        """(q,) number of neighbours found for each query."""
        counts: Int64Array = np.count_nonzero(self.rows >= 0, axis=1)
        return counts
