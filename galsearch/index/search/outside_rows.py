"""Stored vectors outside of the common axes, with which rare queries are compared directly.

Inverted lists cannot distinguish such vectors. There are few of them, 1 to 2 per cent when an index
is trained, so queries that lie outside themselves are compared with all of them. Other queries have
their neighbours inside.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from galsearch.core.arrays import Rows, Vectors
from galsearch.files.atomic import write_array
from galsearch.index.search.exact_search import exact_search
from galsearch.index.search.rerank import Ranked, rerank
from galsearch.index.search.row_filter import RowFilter
from galsearch.index.vectors.array_files import OUTSIDE_ROWS_NAME
from galsearch.index.vectors.common_axes import CommonAxes
from galsearch.index.vectors.stored_vectors import StoredVectors


@dataclass(frozen=True, eq=False)
class OutsideRows:
    """The stored vectors of one modality that lie outside of the common axes."""

    axes: CommonAxes
    stored: StoredVectors
    selected: RowFilter
    """The rows of the vectors."""

    @classmethod
    def of_rows(cls, axes: CommonAxes, stored: StoredVectors, rows: Rows) -> "OutsideRows":
        """The vectors in the given rows, of which deleted ones are left out."""
        return cls(axes, stored, RowFilter.of_rows(stored, np.setdiff1d(rows, stored.deleted_rows)))

    @classmethod
    def find(cls, axes: CommonAxes, stored: StoredVectors) -> "OutsideRows":
        """All stored vectors that lie outside of the common axes."""
        found = [rows[axes.measure(block) > axes.limit] for rows, block in stored.blocks()]
        return cls.of_rows(axes, stored, np.concatenate(found))

    def __len__(self) -> int:
        """Number of vectors outside."""
        return len(self.selected)

    @property
    def rows(self) -> Rows:
        """Rows of the vectors, ascending."""
        return self.selected.rows

    def write(self, directory: Path) -> None:
        """Write the axes and the rows to the directory of a segment."""
        self.axes.write(directory)
        write_array(directory / OUTSIDE_ROWS_NAME, np.asarray(self.rows, "<i8"))

    def add_neighbours(
        self,
        found: Rows,
        queries: Vectors,
        *,
        k: int,
        exclude_rows: Rows | None,
        row_filter: RowFilter | None,
    ) -> Ranked:
        """The best `k` of rows that a search found for each query and of the rows outside.

        Parameters
        ----------
        found : (q, k)
            Rows that a search found, -1 for none.
        queries : (q, d) unit rows
        exclude_rows : (q,)
            Row of each query galaxy itself, -1 for none.
        row_filter
            The vectors that may be found; None for all.
        """
        outside = self.selected if row_filter is None else row_filter.narrowed(self.selected)
        if not len(outside):
            return rerank(self.stored, found, queries, k=k)
        own, _ = exact_search(
            self.stored, queries, k=k, exclude_rows=exclude_rows, blocks=outside.blocks
        )
        repeated = np.array([np.isin(*pair) for pair in zip(own, found, strict=True)])
        candidates = np.concatenate([found, np.where(repeated, -1, own)], axis=1)
        # Padding must be at the end of a row.
        return rerank(self.stored, -np.sort(-candidates, axis=1), queries, k=k)
