"""The nearest neighbours of many queries, as arrays."""

import dataclasses
import operator
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, overload

import numpy as np

from galsearch.core.arrays import BoolArray, Float32Array, Float64Array, Int64Array, TargetIds
from galsearch.core.errors import QueryError
from galsearch.core.modality import QueryModality
from galsearch.core.target_id import TargetId
from galsearch.query.results.catalogue_source import CatalogueSource
from galsearch.query.results.neighbours import Neighbours, require_valid_rows
from galsearch.query.results.tabular_result import TabularResult

if TYPE_CHECKING:
    # Arrow is loaded when a table is made, not by a query.
    from galsearch.query.results.result_rows import ResultRows

_ARRAYS = (
    *("target_ids", "similarity", "ra_deg", "dec_deg", "z", "exact"),
    *("query_target_ids", "separation_arcsec"),
)
"""Names of the attributes with one row for each query."""


@dataclass(frozen=True, eq=False)
class NeighboursBatch(TabularResult):
    """Neighbours of n queries in arrays of n rows; indexing and iteration give `Neighbours`.

    Each row holds the neighbours of one query by descending similarity, equal ones by ascending
    TARGETID, never the query galaxy. Where fewer than `k` were found, the rest of the row is
    padding: TARGETID 0, and NaN in the other arrays. `counts` has the length of each row.
    The arrays are read-only, and the `Neighbours` of a query are created only when its row is read.

    `k` is the number of neighbours wanted, or the number of galaxies searched where that is less.

    Raises
    ------
    QueryError
        Where the arrays contradict this description.

    Examples
    --------
    >>> from galsearch.core.modality import Modality
    >>> batch = NeighboursBatch(
    ...     target_ids=np.array([[8, 3], [3, 0]]),
    ...     similarity=np.array([[0.9, 0.5], [0.7, np.nan]], np.float32),
    ...     ra_deg=np.array([[150.1, 150.2], [150.2, np.nan]]),
    ...     dec_deg=np.array([[2.0, 2.1], [2.1, np.nan]]), z=np.full((2, 2), np.nan),
    ...     exact=np.array([True, True]), using=Modality.IMAGE, among=Modality.IMAGE,
    ...     query_target_ids=np.array([5, 8]))
    >>> len(batch), batch.counts
    (2, array([2, 1]))
    >>> batch[1]
    Neighbours(1 by image of the image of TARGETID 8: 3 (0.7000))
    """

    target_ids: TargetIds
    """(n, k)"""
    similarity: Float32Array
    """(n, k) true cosine in -1 .. 1, computed from stored vectors."""
    ra_deg: Float64Array
    """(n, k)"""
    dec_deg: Float64Array
    """(n, k)"""
    z: Float64Array
    """(n, k) NaN also where the redshift of a neighbour is not known."""
    exact: BoolArray
    """(n,) True where every stored vector was compared."""
    using: QueryModality
    """Modality of the queries."""
    among: QueryModality
    """Modality that was searched."""
    query_target_ids: TargetIds | None
    """(n,) TARGETIDs of the query galaxies; None where the query was a vector."""
    notes: tuple[str, ...] = ()
    """Sentences on the query: which galaxy a position is, what differs in a file of one's own."""
    separation_arcsec: Float64Array | None = None
    """(n,) distances of the query galaxies from the positions that were given; None without."""
    catalogue: CatalogueSource | None = field(default=None, repr=False)
    """Reads the other catalogue columns for tables; None for a result that no engine made."""

    def __post_init__(self) -> None:
        shape = self.target_ids.shape
        for name in ("similarity", "ra_deg", "dec_deg", "z"):
            if getattr(self, name).shape != shape:
                found = getattr(self, name).shape
                raise QueryError(f"{name} has shape {found}, target_ids {shape}.")
        for name in ("exact", "query_target_ids", "separation_arcsec"):
            array = getattr(self, name)
            if array is not None and array.shape != shape[:1]:
                raise QueryError(f"{name} has shape {array.shape}, target_ids {shape}.")
        require_valid_rows(self.target_ids, self.similarity, self.query_target_ids)
        for name in _ARRAYS:
            array = getattr(self, name)
            if array is not None:
                # A view, so that the array of the caller stays writeable.
                view = array.view()
                view.flags.writeable = False
                object.__setattr__(self, name, view)

    @property
    def counts(self) -> Int64Array:
        """(n,) number of neighbours found for each query."""
        counts: Int64Array = np.count_nonzero(self.target_ids, axis=1)
        return counts

    def __len__(self) -> int:
        """Number of queries."""
        return len(self.target_ids)

    def __iter__(self) -> Iterator[Neighbours]:
        """The neighbours of each query in turn."""
        return (self[row] for row in range(len(self)))

    @overload
    def __getitem__(self, row: int) -> Neighbours: ...

    @overload
    def __getitem__(self, row: slice) -> "NeighboursBatch": ...

    def __getitem__(self, row: int | slice) -> "Neighbours | NeighboursBatch":
        """The neighbours of one query, without padding; for a slice, a batch of its queries.

        Raises
        ------
        TypeError
            Where `row` is neither an integer nor a slice.
        """
        if isinstance(row, slice):
            arrays = {name: getattr(self, name) for name in _ARRAYS}
            rows = {name: array[row] for name, array in arrays.items() if array is not None}
            return dataclasses.replace(self, **rows)
        row = operator.index(row)
        n = int(np.count_nonzero(self.target_ids[row]))
        ids, separations = self.query_target_ids, self.separation_arcsec
        return Neighbours.of_valid_row(
            target_ids=self.target_ids[row, :n],
            similarity=self.similarity[row, :n],
            ra_deg=self.ra_deg[row, :n],
            dec_deg=self.dec_deg[row, :n],
            z=self.z[row, :n],
            using=self.using,
            among=self.among,
            query_target_id=None if ids is None else TargetId(ids[row]),
            exact=bool(self.exact[row]),
            notes=self.notes,
            separation_arcsec=None if separations is None else float(separations[row]),
            catalogue=self.catalogue,
        )

    def rows(self) -> "ResultRows":
        """The neighbours in arrays of one row for each, those of the first query first."""
        from galsearch.query.results.result_rows import ResultRows

        query, rank = np.nonzero(self.target_ids)
        ids = self.query_target_ids
        return ResultRows(
            None if ids is None else ids[query],
            rank + 1,
            self.target_ids[query, rank],
            self.similarity[query, rank],
            self.ra_deg[query, rank],
            self.dec_deg[query, rank],
            self.z[query, rank],
            self.using,
            self.among,
            self.catalogue,
        )

    def title(self) -> str:
        """A title of the result in a few words, for a program that shows it."""
        return f"neighbours of {len(self)} queries ({self.using}, {self.among})"

    def _repr_html_(self) -> str:
        """A table for notebooks, with a line for each query."""
        from galsearch.render.notebook_table import batch_html

        return batch_html(self)
