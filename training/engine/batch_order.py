"""The order in which training galaxies are visited: a new permutation in every epoch.

The order is part of the saved state of a run, so a continued run sees the same batches.
"""

from typing import Any

import torch
from torch import Tensor

from galsearch.core.errors import ConfigError


class BatchOrder:
    """An endless sequence of batches of row numbers of training galaxies, in a new random order in
    each epoch.

    An epoch is a permutation of all rows, cut into complete batches. The rows that do not fill a
    batch are the last ones of the permutation, so other galaxies are left out in each epoch.

    Parameters
    ----------
    n_rows
        Number of galaxies in the training split.
    batch_size
        Galaxies in a batch, summed over all processes.
    seed
        Seed that, together with the number of an epoch, determines the permutation of that epoch.

    Raises
    ------
    ConfigError
        Where a batch is larger than the training split.
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
        """Number of complete batches in one pass over the training galaxies."""
        return self.n_rows // self.batch_size

    def next(self) -> Tensor:
        """(batch_size,) int64 row numbers of the training galaxies in the next batch."""
        if self.position == self.batches_per_epoch:
            self.epoch, self.position = self.epoch + 1, 0
            self.rows = self._permutation()
        start = self.position * self.batch_size
        self.position += 1
        return self.rows[start : start + self.batch_size]

    def state_dict(self) -> dict[str, Any]:
        """The number of the epoch, the position in the epoch and its permutation, for the saved
        state of a run.
        """
        return {"epoch": self.epoch, "position": self.position, "rows": self.rows}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue the order of the galaxies from a state that `state_dict` returned."""
        self.epoch, self.position = int(state["epoch"]), int(state["position"])
        self.rows = state["rows"]

    def _permutation(self) -> Tensor:
        generator = torch.Generator().manual_seed(self.seed * 100_003 + self.epoch)
        return torch.randperm(self.n_rows, generator=generator)
