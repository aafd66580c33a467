"""A bank of labelled galaxies: the neighbours of any galaxy among them, without its repeats."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from galsearch.analysis.bank.property_labels import Labels
from galsearch.core.arrays import BoolArray, Float32Array, Float64Array, Rows, TargetIds, Vectors
from galsearch.core.errors import QueryError
from galsearch.core.ids import find_rows
from galsearch.core.modality import Modality
from galsearch.dataset.ingest.sky_match import separation_arcsec
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.index.search.row_filter import RowFilter

REPEAT_ARCSEC = 1.0
"""Galaxies of the bank within this distance of a galaxy are the same one under another TARGETID."""
FEWEST_LABELS = 20
"""Smallest number of labelled galaxies in a bank."""
_N_EXTRA = 8
"""Neighbours beyond k that are searched, to replace the galaxy itself and its repeats."""


@dataclass(frozen=True, eq=False)
class QueryGalaxies:
    """Some galaxies whose properties are wanted: their vectors of one modality, and positions."""

    target_ids: TargetIds
    """(n,)"""
    vectors: Vectors
    """(n, d) unit vectors."""
    ra_deg: Float64Array
    dec_deg: Float64Array
    """(n,) positions in degrees, NaN where unknown."""

    def __len__(self) -> int:
        return len(self.target_ids)

    def part(self, rows: slice) -> "QueryGalaxies":
        """Some of the galaxies."""
        return QueryGalaxies(
            self.target_ids[rows], self.vectors[rows], self.ra_deg[rows], self.dec_deg[rows]
        )


@dataclass(frozen=True, eq=False)
class BankNeighbours:
    """The labelled neighbours of some galaxies, most similar first."""

    similarity: Float32Array
    """(n, k) cosines; NaN where a galaxy has fewer neighbours."""
    label_rows: Rows
    """(n, k) rows of the labels; -1 where a galaxy has fewer neighbours."""

    @property
    def distance(self) -> Float64Array:
        """(n,) mean of 1 - cosine over the neighbours of each galaxy."""
        return np.asarray(1 - np.nanmean(self.similarity.astype(np.float64), axis=1))

    def nearest(self, k: int) -> "BankNeighbours":
        """The `k` most similar neighbours of each galaxy."""
        return BankNeighbours(self.similarity[:, :k], self.label_rows[:, :k])

    def part(self, rows: slice) -> "BankNeighbours":
        """The neighbours of some of the galaxies."""
        return BankNeighbours(self.similarity[rows], self.label_rows[rows])

    def values(self, labels: Labels) -> Float64Array:
        """(n, k) labels of the neighbours, NaN where a galaxy has fewer."""
        found = labels.values[np.maximum(self.label_rows, 0)]
        return np.where(self.label_rows < 0, np.nan, found)


class LabelledBank:
    """The galaxies of an index that have labels and vectors of one modality; read-only.

    Parameters
    ----------
    index
        The index that holds the bank.
    target_ids
        Galaxies with labels, ascending.
    among
        Modality of the neighbours.
    what
        The labels in words, for messages.

    Raises
    ------
    MissingModalityError
        Where the index has no vectors of the modality.
    QueryError
        Where fewer than `FEWEST_LABELS` labelled galaxies have such vectors.
    """

    def __init__(
        self, index: GalaxyIndex, target_ids: TargetIds, among: Modality, what: str
    ) -> None:
        self.index, self.target_ids, self.among = index, target_ids, among
        self.rows: RowFilter = index.row_filter(target_ids, among)
        if len(self.rows) < FEWEST_LABELS:
            raise QueryError(
                f"{what}: {len(self.rows):,} galaxies of index '{index.manifest.recipe.name}' have "
                f"both a value and a vector of the modality {among}; expected at least "
                f"{FEWEST_LABELS}."
            )

    def __len__(self) -> int:
        return len(self.rows)

    def neighbours(self, galaxies: QueryGalaxies, using: Modality, k: int) -> BankNeighbours:
        """The `k` most similar labelled galaxies, without the galaxies themselves and repeats.

        Parameters
        ----------
        galaxies
            Their vectors, of the modality `using`.
        using
            Modality of the vectors.
        k
            Number of neighbours.
        """
        found = self.index.search(
            galaxies.vectors,
            using=using,
            among=self.among,
            k=k + _N_EXTRA,
            row_filter=self.rows,
        )
        records = self.index.records_of(found, self.among)
        kept = (found.rows >= 0) & ~_same_galaxy(galaxies, records)
        order = np.argsort(~kept, axis=1, kind="stable")[:, :k]
        similarity = np.where(kept, found.similarity, np.nan)
        rows = np.where(kept, find_rows(self.target_ids, found.target_ids.ravel()).reshape(
            found.target_ids.shape), -1)  # fmt: skip
        return BankNeighbours(
            np.take_along_axis(similarity, order, axis=1).astype(np.float32),
            np.take_along_axis(rows, order, axis=1),
        )


def _same_galaxy(galaxies: QueryGalaxies, records: npt.NDArray[np.void]) -> BoolArray:
    """(n, k) True where a neighbour is the query galaxy, or lies at its position."""
    same = records["target_id"] == galaxies.target_ids[:, None]
    shape = records.shape
    separation = separation_arcsec(
        np.repeat(galaxies.ra_deg, shape[1]),
        np.repeat(galaxies.dec_deg, shape[1]),
        records["ra_deg"].ravel(),
        records["dec_deg"].ravel(),
    ).reshape(shape)
    return np.asarray(same | (separation <= REPEAT_ARCSEC))


def stored_galaxies(index: GalaxyIndex, target_ids: TargetIds, using: Modality) -> QueryGalaxies:
    """Galaxies of an index, all of which have a vector of the modality `using`."""
    stored = index.stored(using)
    records = index.catalogue_records(target_ids)
    return QueryGalaxies(
        target_ids, stored.take(stored.rows_of(target_ids)), records["ra_deg"], records["dec_deg"]
    )


def joined_neighbours(parts: Sequence[BankNeighbours]) -> BankNeighbours:
    """The neighbours of several batches of galaxies, in order."""
    return BankNeighbours(
        np.concatenate([part.similarity for part in parts]),
        np.concatenate([part.label_rows for part in parts]),
    )
