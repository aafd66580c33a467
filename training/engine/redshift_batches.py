"""Batches of which a part are galaxies of nearly equal redshift.

In a random batch the redshift alone tells most galaxies apart. Where others of the same redshift
are in the batch, an encoder has to learn more than redshift.
"""

import torch
from torch import Tensor

from galsearch.core.arrays import Float64Array

_WINDOW = 4
"""Number of galaxies next in redshift from which a group is drawn, in units of its size. The group
then differs from visit to visit."""


class RedshiftGroups:
    """Groups of galaxies of nearly equal redshift.

    Parameters
    ----------
    z : (n,)
        Redshift of every galaxy; NaN where unknown, and then the galaxy is in no group.
    """

    def __init__(self, z: Float64Array) -> None:
        values = torch.from_numpy(z)
        order = torch.argsort(values)
        self.order = order[torch.isfinite(values[order])]

    def with_group(self, rows: Tensor, size: int, generator: torch.Generator) -> Tensor:
        """(B,) rows of a batch of which the last `size` are replaced by a group.

        No galaxy occurs twice. Where too few galaxies of known redshift are left, the batch stays
        as it is.

        Parameters
        ----------
        rows : (B,)
            Distinct row numbers of galaxies.
        size
            Number of galaxies in the group.
        generator
            Source of the random numbers.
        """
        if not size:
            return rows
        kept = rows[: len(rows) - size]
        window = min(len(self.order), _WINDOW * size)
        last = len(self.order) - window
        start = int(torch.randint(last + 1, (1,), generator=generator))
        near = self.order[start : start + window]
        free = near[~torch.isin(near, kept)]
        if len(free) < size:
            return rows
        chosen = free[torch.randperm(len(free), generator=generator)[:size]]
        return torch.cat([kept, chosen])
