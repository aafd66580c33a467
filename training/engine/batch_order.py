"""Which galaxies a step sees: every pass in a new order, and the order is part of the state."""

from typing import Any

import torch
from torch import Tensor

from galsearch.core.errors import ConfigError


class DataOrder:
    """Batches of row numbers, pass after pass.

    A pass (epoch) is a permutation of all rows, cut into whole batches. The rows that are over
    are those at the end of a random order: other ones in every pass.

    Parameters
    ----------
    n_rows, batch_size
        Rows of the training split; rows a batch, of all processes together.
    seed
        The order of pass e follows from (seed, e).
    """

    def __init__(self, n_rows: int, batch_size: int, seed: int) -> None:
        if batch_size > n_rows:
            raise ConfigError(
                f"batch_size = {batch_size} is more than the {n_rows} galaxies of the training "
                f"split: set it to {n_rows} at most, or ingest more galaxies."
            )
        self.n_rows, self.batch_size, self.seed = n_rows, batch_size, seed
        self.epoch, self.position = 0, 0
        self.rows = self._permutation()

    @property
    def batches_per_epoch(self) -> int:
        """Whole batches of a pass."""
        return self.n_rows // self.batch_size

    def next(self) -> Tensor:
        """(batch_size,) int64: the rows of the next batch."""
        if self.position == self.batches_per_epoch:
            self.epoch, self.position = self.epoch + 1, 0
            self.rows = self._permutation()
        start = self.position * self.batch_size
        self.position += 1
        return self.rows[start : start + self.batch_size]

    def state_dict(self) -> dict[str, Any]:
        """What continues it."""
        return {"epoch": self.epoch, "position": self.position, "rows": self.rows}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where another one was."""
        self.epoch, self.position = int(state["epoch"]), int(state["position"])
        self.rows = state["rows"]

    def _permutation(self) -> Tensor:
        generator = torch.Generator().manual_seed(self.seed * 100_003 + self.epoch)
        return torch.randperm(self.n_rows, generator=generator)
