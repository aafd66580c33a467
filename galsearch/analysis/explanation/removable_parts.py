"""The interface of an image or a spectrum in parts that can be removed."""

from typing import Any, Protocol, TypeAlias

import numpy.typing as npt

from galsearch.core.arrays import BoolArray, Vectors
from galsearch.core.modality import Modality

PartColumns: TypeAlias = dict[str, npt.NDArray[Any]]
"""Arrays that say where each part is, by the name of the column."""


class RemovableParts(Protocol):
    """An image or a spectrum in n parts, any of which can be removed before it is embedded."""

    @property
    def modality(self) -> Modality:
        """Modality of what is embedded."""

    @property
    def removed_share(self) -> float:
        """Share of the parts that a random group holds; see `removal_effects.contributions`."""

    def __len__(self) -> int:
        """Number of parts."""

    def embed(self, removed: BoolArray) -> Vectors:
        """(m, d) unit vectors of the image or spectrum without the parts where (m, n) is True."""

    def columns(self) -> PartColumns:
        """(n,) arrays that say where each part is."""
