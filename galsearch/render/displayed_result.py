"""The parts of a result and of an index that pages and notebooks show.

Drawing lies below queries, so these are stated as protocols, which the results of queries fulfil.
"""

from typing import Protocol

from galsearch.core.arrays import BoolArray, Float32Array, Float64Array, TargetIds
from galsearch.core.target_id import TargetId
from galsearch.dataset import GalaxyBatch
from galsearch.index.storage.manifest import IndexManifest


class DisplayedResult(Protocol):
    """The neighbours of one query, the most similar first."""

    @property
    def target_ids(self) -> TargetIds:
        """(k,) TARGETIDs."""

    @property
    def similarity(self) -> Float32Array:
        """(k,) cosines."""

    @property
    def ra_deg(self) -> Float64Array:
        """(k,) right ascensions."""

    @property
    def dec_deg(self) -> Float64Array:
        """(k,) declinations."""

    @property
    def z(self) -> Float64Array:
        """(k,) redshifts, NaN where they are not known."""

    @property
    def using(self) -> str:
        """Modality of the query."""

    @property
    def among(self) -> str:
        """Modality that was searched."""

    @property
    def query_target_id(self) -> TargetId | None:
        """TARGETID of the query galaxy; None for another query."""

    @property
    def query_galaxy(self) -> GalaxyBatch | None:
        """The user's own image and spectrum; None for another query."""

    def __len__(self) -> int:
        """Number of neighbours."""


class DisplayedBatch(Protocol):
    """The neighbours of many queries."""

    @property
    def target_ids(self) -> TargetIds:
        """(n, k) TARGETIDs, 0 in padding."""

    @property
    def similarity(self) -> Float32Array:
        """(n, k) cosines."""

    @property
    def exact(self) -> BoolArray:
        """(n,) True where every stored vector was compared."""

    @property
    def using(self) -> str:
        """Modality of the queries."""

    @property
    def among(self) -> str:
        """Modality that was searched."""

    @property
    def query_target_ids(self) -> TargetIds | None:
        """(n,) TARGETIDs of the query galaxies; None for other queries."""

    def __len__(self) -> int:
        """Number of queries."""


class DisplayedIndex(Protocol):
    """An open index."""

    @property
    def manifest(self) -> IndexManifest:
        """The record of what was built."""
