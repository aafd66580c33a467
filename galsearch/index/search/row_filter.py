"""The stored vectors of one modality that a filtered query may find."""

from functools import cached_property

import numpy as np

from galsearch.core.arrays import Rows, TargetIds, UInt8Array, Vectors
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.search.exact_search import Blocks
from galsearch.index.search.filtered_lists import FilteredLists
from galsearch.index.vectors.stored_vectors import StoredVectors

_MAX_CACHED_COMPONENTS = 1 << 24
"""The vectors of a filter are cached in memory up to this number of components (64 MB)."""
_BLOCK_ROWS = 32_768


class RowFilter:
    """A set of rows of one modality, made once for a filter and used by any number of queries.

    Galaxies that have no vector of the modality, or were removed from the index, are left out.

    Parameters
    ----------
    stored
        The vectors of the modality.
    target_ids : (n,)
        Galaxies that may be found.
    """

    def __init__(self, stored: StoredVectors, target_ids: TargetIds) -> None:
        rows = stored.rows_of(target_ids)
        self._select(stored, np.sort(rows[rows >= 0]))

    @classmethod
    def of_rows(cls, stored: StoredVectors, rows: Rows) -> "RowFilter":
        """The filter that selects the given rows, which must ascend."""
        row_filter = cls.__new__(cls)
        row_filter._select(stored, rows)
        return row_filter

    def _select(self, stored: StoredVectors, rows: Rows) -> None:
        self.rows: Rows = rows
        self._stored = stored
        self._compared = stored.originals or stored
        self._by_lists: dict[int, FilteredLists] = {}
        self._narrowed: dict[int, RowFilter] = {}

    def __len__(self) -> int:
        """Number of selected vectors."""
        return len(self.rows)

    @property
    def is_cached(self) -> bool:
        """True where the vectors are few enough to be kept in memory between queries."""
        return len(self) * self._stored.dim <= _MAX_CACHED_COMPONENTS

    def blocks(self) -> Blocks:
        """The selected rows and their vectors as they were embedded, in blocks."""
        if self.is_cached:
            return self._cached_block
        parts = np.array_split(self.rows, -(-len(self) // _BLOCK_ROWS))
        return ((rows, self._compared.take(rows)) for rows in parts)

    @cached_property
    def _cached_block(self) -> tuple[tuple[Rows, Vectors], ...]:
        return ((self.rows, self._compared.take(self.rows)),)

    @cached_property
    def bitmap(self) -> UInt8Array:
        """(ceil(n_rows / 8),) one bit for each stored row, least significant bit first."""
        allowed = np.zeros(self._stored.n_rows, bool)
        allowed[self.rows] = True
        return np.packbits(allowed, bitorder="little")

    def narrowed(self, other: "RowFilter") -> "RowFilter":
        """The filter that selects the rows which both select; created at the first call."""
        if id(other) not in self._narrowed:
            rows = np.intersect1d(self.rows, other.rows, assume_unique=True)
            self._narrowed[id(other)] = RowFilter.of_rows(self._stored, rows)
        return self._narrowed[id(other)]

    def in_lists(self, lists: InvertedLists) -> FilteredLists:
        """The selected vectors in the given inverted lists; created at the first call."""
        if id(lists) not in self._by_lists:
            self._by_lists[id(lists)] = FilteredLists(lists, self._stored, self.rows, self.bitmap)
        return self._by_lists[id(lists)]
