"""The nearest neighbours of one query galaxy or query vector."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from galsearch.core.arrays import Float32Array, Float64Array, Int64Array, TargetIds
from galsearch.core.errors import QueryError
from galsearch.core.modality import QueryModality
from galsearch.core.target_id import TargetId, as_target_ids
from galsearch.query.results.catalogue_source import CatalogueSource
from galsearch.query.results.tabular_result import TabularResult

if TYPE_CHECKING:
    # Arrow is loaded when a table is made, not by a query.
    from galsearch.dataset import GalaxyBatch
    from galsearch.query.results.result_rows import ResultRows


@dataclass(frozen=True, eq=False)
class Neighbours(TabularResult):
    """Galaxies by descending similarity, equal ones by ascending TARGETID; never the query galaxy.

    Immutable: the arrays are read-only copies. There is one row for each neighbour that was found,
    and no padding.

    Raises
    ------
    QueryError
        Where the arrays contradict this description.

    Examples
    --------
    >>> from galsearch.core.modality import Modality
    >>> neighbours = Neighbours(
    ...     target_ids=np.array([8, 3]), similarity=np.array([0.9, 0.5], np.float32),
    ...     ra_deg=np.array([150.1, 150.2]), dec_deg=np.array([2.0, 2.1]),
    ...     z=np.array([0.1, np.nan]), using=Modality.IMAGE, among=Modality.SPECTRUM,
    ...     query_target_id=TargetId(5), exact=True)
    >>> neighbours
    Neighbours(2 by spectrum of the image of TARGETID 5: 8 (0.9000), 3 (0.5000))
    """

    target_ids: TargetIds
    """(k,)"""
    similarity: Float32Array
    """(k,) true cosine in -1 .. 1, computed from stored vectors: comparable across builds."""
    ra_deg: Float64Array
    dec_deg: Float64Array
    z: Float64Array
    """NaN where the redshift is not known."""
    using: QueryModality
    """Modality of the query."""
    among: QueryModality
    """Modality that was searched."""
    query_target_id: TargetId | None
    """TARGETID of the query galaxy; None where the query was a vector."""
    exact: bool
    """True where every stored vector was compared, rather than candidates of inverted lists."""
    notes: tuple[str, ...] = ()
    """Sentences on the query: which galaxy a position is, what differs in a file of one's own."""
    separation_arcsec: float | None = None
    """Distance of the query galaxy from the position that was given; None without a position."""
    catalogue: CatalogueSource | None = field(default=None, repr=False)
    """Reads the other catalogue columns for tables; None for a result that no engine made."""
    query_galaxy: "GalaxyBatch | None" = field(default=None, repr=False)
    """The user's own image and spectrum, as they were compared; None for another query."""

    def __post_init__(self) -> None:
        ids = as_target_ids(self.target_ids)
        arrays: dict[str, Any] = {
            "target_ids": ids,
            "similarity": np.array(self.similarity, dtype=np.float32),
            "ra_deg": np.array(self.ra_deg, dtype=np.float64),
            "dec_deg": np.array(self.dec_deg, dtype=np.float64),
            "z": np.array(self.z, dtype=np.float64),
        }
        for name, array in arrays.items():
            if array.shape != ids.shape:
                raise QueryError(f"{name} has shape {array.shape}, target_ids {ids.shape}.")
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        query_id = self.query_target_id
        query_ids = None if query_id is None else np.array([query_id], np.int64)
        require_valid_rows(ids[None], arrays["similarity"][None], query_ids)

    @classmethod
    def of_valid_row(cls, **values: Any) -> "Neighbours":
        """The neighbours of one query from read-only arrays that have been checked already.

        `NeighboursBatch` checks all its rows at once, which costs much less than one by one.
        """
        neighbours = object.__new__(cls)
        for name, value in values.items():
            object.__setattr__(neighbours, name, value)
        return neighbours

    def __len__(self) -> int:
        return len(self.target_ids)

    def __iter__(self) -> Iterator[TargetId]:
        """TARGETIDs of the neighbours, nearest first."""
        return (TargetId(target_id) for target_id in self.target_ids)

    def rows(self) -> "ResultRows":
        """The neighbours in arrays of one row for each."""
        from galsearch.query.results.result_rows import ResultRows

        ids = None
        if self.query_target_id is not None:
            ids = np.full(len(self), self.query_target_id, np.int64)
        return ResultRows(
            ids,
            np.arange(1, len(self) + 1),
            self.target_ids,
            self.similarity,
            self.ra_deg,
            self.dec_deg,
            self.z,
            self.using,
            self.among,
            self.catalogue,
        )

    def title(self) -> str:
        """A title of the result in a few words, for a program that shows it."""
        query = "a query" if self.query_target_id is None else f"{self.query_target_id}"
        return f"{len(self)} like {query} ({self.using}, {self.among})"

    def _repr_html_(self) -> str:
        """A table for notebooks, with images and spectra where the dataset can be read."""
        from galsearch.render.notebook_table import neighbours_html

        return neighbours_html(self, dataset=self._dataset_at_hand())

    def __repr__(self) -> str:
        query = "a vector" if self.query_target_id is None else f"TARGETID {self.query_target_id}"
        first = zip(self.target_ids[:3], self.similarity[:3], strict=True)
        shown = ", ".join(f"{target_id} ({cosine:.4f})" for target_id, cosine in first)
        more = ", ..." if len(self) > 3 else ""
        return (
            f"Neighbours({len(self)} by {self.among} of the {self.using} of {query}"
            f"{': ' if shown else ''}{shown}{more})"
        )


def require_valid_rows(
    target_ids: TargetIds, similarity: Float32Array, query_ids: Int64Array | None
) -> None:
    """Check that every row holds neighbours in order, each once, and not the query galaxy.

    Parameters
    ----------
    target_ids, similarity : (n, k)
        One row for each query; the padding at its end has TARGETID 0.
    query_ids : (n,) or None
        TARGETIDs of the query galaxies.

    Raises
    ------
    QueryError
        Where a row is otherwise; it names the galaxies.
    """
    if query_ids is not None and (own := target_ids == query_ids[:, None]).any():
        query_id = query_ids[own.any(axis=1)][0]
        raise QueryError(f"the query galaxy, TARGETID {query_id}, is among its neighbours.")
    padding = target_ids == 0
    if not ((np.abs(similarity) <= 1) | padding).all():
        raise QueryError("a similarity is not within -1 .. 1.")
    before, after = similarity[:, :-1], similarity[:, 1:]
    ascending = target_ids[:, 1:] > target_ids[:, :-1]
    in_order = (after < before) | ((after == before) & ascending) | padding[:, 1:]
    if not in_order.all():
        _refuse_order(target_ids, similarity, in_order)
    by_id = np.sort(target_ids, axis=1)
    if ((by_id[:, 1:] == by_id[:, :-1]) & (by_id[:, 1:] > 0)).any():
        raise QueryError("a TARGETID is among the neighbours twice.")


def _refuse_order(target_ids: TargetIds, similarity: Float32Array, in_order: Any) -> None:
    row, i = np.argwhere(~in_order)[0]
    raise QueryError(
        f"TARGETID {target_ids[row, i + 1]} ({similarity[row, i + 1]}) follows "
        f"{target_ids[row, i]} ({similarity[row, i]}): similarity must fall, and ids ascend where "
        "it is equal."
    )
