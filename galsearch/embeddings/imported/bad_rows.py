"""Rows of a table of embeddings that cannot be used: an error, or counted and left out."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from galsearch.core.arrays import BoolArray
from galsearch.core.errors import EmbeddingTableError


@dataclass
class BadRows:
    """The rows that were left out, counted by reason."""

    skip: bool
    """True to leave out bad rows; otherwise the first one is an error."""
    n_by_reason: dict[str, int] = field(default_factory=dict)
    """Number of rows that were left out, by reason."""
    among: BoolArray | None = None
    """(n,) True for the rows of a batch that may be counted; None for all."""

    def of(self, good: BoolArray) -> "BadRows":
        """The same counts, for the rows of a batch that are good so far."""
        return BadRows(self.skip, self.n_by_reason, good)

    def note(
        self,
        bad: BoolArray,
        reason: str,
        place: Callable[[int], str],
        detail: Callable[[int], str] | str,
    ) -> None:
        """Count some rows as bad.

        Parameters
        ----------
        bad : (n,) bool
            True for the rows that are bad.
        reason
            Reason, for the counts.
        place
            File and row of a row number of `bad`, for the message.
        detail
            What is wrong with a row, as the end of a sentence, for the message.

        Raises
        ------
        EmbeddingTableError
            Where a row is bad and bad rows are not to be left out.
        """
        bad = bad if self.among is None else bad & self.among
        n = int(np.count_nonzero(bad))
        if not n:
            return
        if not self.skip:
            row = int(np.argmax(bad))
            text = detail if isinstance(detail, str) else detail(row)
            raise EmbeddingTableError(f"{place(row)}: {text}.")
        self.n_by_reason[reason] = self.n_by_reason.get(reason, 0) + n

    @property
    def n_rows(self) -> int:
        """Number of all rows that were left out."""
        return sum(self.n_by_reason.values())
